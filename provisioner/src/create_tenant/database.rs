//! The login role and the database: made, opened to the one role, and dropped again.
//!
//! Names are made of a prefix and hexadecimal digits, so they need no quoting.

use hotelhub_core::sql::Query as _;
use postgres_protocol::password::scram_sha_256;
use secrecy::ExposeSecret as _;
use tokio_postgres::{Error, error::SqlState};

use super::Work;
use crate::{engine::StepError, session::Session};

/// More than the processes that serve a tenant may open together, see the pools' own limits.
const CONNECTION_LIMIT: u32 = 16;

/// Makes the login role.
///
/// PostgreSQL only ever gets the verifier of the password: a plain one would show up in its log.
/// Roles belong to a whole server, so the limits are set here and not in the template.
pub(super) async fn create_role(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let name = work.name();
    let host = work.site(control).await?.host.clone();
    let password = work
        .tools
        .db_host_keys
        .database_password(&host.key_id, work.facts.database_id)
        .ok_or_else(|| StepError::NotYet(format!("DB_HOST_KEYS has no key `{}`", host.key_id)))?;
    let verifier = scram_sha_256(password.expose_secret().as_bytes());
    let made = work
        .site(control)
        .await?
        .session
        .run(&format!(
            "CREATE ROLE {name} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
               CONNECTION LIMIT {CONNECTION_LIMIT} PASSWORD '{verifier}' IN ROLE hotel_app;
             ALTER ROLE {name} SET statement_timeout = '15s';
             ALTER ROLE {name} SET idle_in_transaction_session_timeout = '20s';
             ALTER ROLE {name} SET lock_timeout = '5s'"
        ))
        .await;
    unless(made, &SqlState::DUPLICATE_OBJECT)
}

/// Drops the login role.
pub(super) async fn drop_role(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let drop = format!("DROP ROLE IF EXISTS {}", work.name());
    Ok(work.site(control).await?.session.run(&drop).await?)
}

/// Copies the template.
///
/// The copy is closed: unlike the template's its access list is empty, and an empty list lets
/// everybody in. `wal_log` because the other strategy forces a checkpoint, which can take
/// seconds on a server with many databases.
pub(super) async fn create_database(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let host = work.facts.db_host_id;
    let current = "SELECT name FROM templates WHERE db_host_id = $1 AND is_current";
    let template: String = match control.query_opt(current, &[&host]).await? {
        Some(row) => row.try_get(0)?,
        None => return Err(StepError::NotYet("the template is being built".to_owned())),
    };
    let name = work.name();
    let made = work
        .site(control)
        .await?
        .session
        .run(&format!(
            "CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log OWNER hotel_owner
               ALLOW_CONNECTIONS false"
        ))
        .await;
    match made {
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_DATABASE) => {
            Err(StepError::NotYet("the template is being replaced".to_owned()))
        }
        made => unless(made, &SqlState::DUPLICATE_DATABASE),
    }
}

/// Drops the database, whoever is in it; also one that an interrupted drop has left invalid.
pub(super) async fn drop_database(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", work.name());
    Ok(work.site(control).await?.session.run(&drop).await?)
}

/// Lets the one role in, and then opens the database, in one transaction.
pub(super) async fn grant_access(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let name = work.name();
    let grant = format!(
        "REVOKE ALL ON DATABASE {name} FROM PUBLIC;
         GRANT CONNECT ON DATABASE {name} TO {name};
         ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true"
    );
    Ok(work.site(control).await?.session.run(&grant).await?)
}

/// What exists already was made by an earlier try.
fn unless(made: Result<(), Error>, exists: &SqlState) -> Result<(), StepError> {
    match made {
        Err(error) if error.code() == Some(exists) => Ok(()),
        made => Ok(made?),
    }
}
