//! The database and its login role: made, opened to the one role, and dropped again.
//!
//! Names are made of a prefix and hexadecimal digits, so they need no quoting.

use hotelhub_core::sql::Query as _;
use tokio_postgres::{Error, error::SqlState};

use super::{Work, placement};
use crate::{engine::StepError, session::Session};

/// More than the processes that serve a tenant may open together, see the pools' own limits.
const CONNECTION_LIMIT: u32 = 16;

/// Copies the template.
///
/// The copy is closed: unlike the template's its access list is empty, and an empty list lets
/// everybody in. `wal_log` because the other strategy forces a checkpoint, which can take
/// seconds on a server with many databases.
///
/// Nothing takes longer, so what can be done meanwhile is: the tenant is announced, and the
/// verifier of the password is made.
pub(super) async fn create_database(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let template = find_template(work, control).await?;
    let (operation, name) = (work.operation, work.name());
    let host = work.site(control).await?.host.clone();
    work.begin_verifier(&host)?;
    let create = format!(
        "CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log OWNER hotel_owner
           ALLOW_CONNECTIONS false"
    );
    let session = &work.site(control).await?.session;
    let copy = async {
        match session.run(&create).await {
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_DATABASE) => {
                Err(StepError::NotYet("the template is being replaced".to_owned()))
            }
            made => unless(made, &SqlState::DUPLICATE_DATABASE),
        }
    };
    tokio::try_join!(copy, placement::announce(operation, control))?;
    Ok(())
}

async fn find_template(work: &mut Work, control: &Session) -> Result<String, StepError> {
    if let Some(template) = work.template.take() {
        return Ok(template);
    }
    let current = "SELECT name FROM templates WHERE db_host_id = $1 AND is_current";
    match control.query_opt(current, &[&work.facts.db_host_id]).await? {
        Some(row) => Ok(row.try_get(0)?),
        None => Err(StepError::NotYet("the template is being built".to_owned())),
    }
}

/// Drops the database, whoever is in it, also one that an interrupted drop has left invalid; and
/// then the role, which cannot go while the database lets it in.
pub(super) async fn drop_all(work: &mut Work, control: &Session) -> Result<(), StepError> {
    // The place is flushed to disk before anything is made.
    if work.facts.db_host_id.is_none() {
        return Ok(());
    }
    let name = work.name();
    let session = &work.site(control).await?.session;
    session.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
    Ok(session.run(&format!("DROP ROLE IF EXISTS {name}")).await?)
}

/// Takes everybody's right to enter away, and then opens the database, in one transaction. Its
/// owner remains.
pub(super) async fn open_database(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let name = work.name();
    let open = format!(
        "SELECT set_config('synchronous_commit', 'off', true);
         REVOKE ALL ON DATABASE {name} FROM PUBLIC;
         ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true"
    );
    Ok(work.site(control).await?.session.run(&open).await?)
}

/// Makes the login role, which may not enter yet, and meanwhile enters as the owner.
///
/// PostgreSQL only ever gets the verifier of the password: a plain one would show up in its log.
/// Roles belong to a whole server, so the limits are set here and not in the template.
pub(super) async fn create_role(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let name = work.name();
    let host = work.site(control).await?.host.clone();
    let verifier = work.verifier(&host).await?;
    let create = format!(
        "SELECT set_config('synchronous_commit', 'off', true);
         CREATE ROLE {name} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
           CONNECTION LIMIT {CONNECTION_LIMIT} PASSWORD '{verifier}' IN ROLE hotel_app;
         ALTER ROLE {name} SET statement_timeout = '15s';
         ALTER ROLE {name} SET idle_in_transaction_session_timeout = '20s';
         ALTER ROLE {name} SET lock_timeout = '5s'"
    );
    let (site, inside) = work.site_and_door(control).await?;
    let made = async { unless(site.session.run(&create).await, &SqlState::DUPLICATE_OBJECT) };
    let entered = async { Ok(inside.open().await?) };
    let ((), session) = tokio::try_join!(made, entered)?;
    work.keep_inside(session);
    Ok(())
}

/// Lets the role in. This commit is waited for, and takes with it to the disk what was made since
/// the copy.
pub(super) async fn grant_access(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let name = work.name();
    let grant = format!("GRANT CONNECT ON DATABASE {name} TO {name}");
    Ok(work.site(control).await?.session.run(&grant).await?)
}

/// What exists already was made by an earlier try.
fn unless(made: Result<(), Error>, exists: &SqlState) -> Result<(), StepError> {
    match made {
        Err(error) if error.code() == Some(exists) => Ok(()),
        made => Ok(made?),
    }
}
