//! The new database: made closed, opened for its owner, emptied; and dropped when all is undone.
//!
//! Names are made of a prefix and hexadecimal digits, so they need no quoting.

use hotelhub_core::{errors::Chain, sql::Query as _};
use postgres_protocol::password::scram_sha_256;
use secrecy::ExposeSecret as _;
use tokio_postgres::{Error, error::SqlState};

use super::{
    Work,
    tables::{self, quoted},
    work::missing,
};
use crate::{engine::StepError, session::Session};

/// More than the processes that serve a tenant may open together, see the pools' own limits.
const CONNECTION_LIMIT: u32 = 16;

/// Makes the database and its login role, which may not enter yet.
pub(super) async fn create(work: &mut Work, control: &Session) -> Result<(), StepError> {
    register(work, control).await?;
    copy_template(work, control).await?;
    create_role(work, control).await?;
    empty(work.target(control).await?).await
}

/// The new copy is on record before it exists.
async fn register(work: &Work, control: &Session) -> Result<(), StepError> {
    let generation = work.facts.from_generation.ok_or_else(|| missing("the generation"))? + 1;
    control
        .execute(
            "INSERT INTO databases
               (id, tenant_id, db_host_id, generation, schema_version, state, operation_id)
             VALUES ($1, $2, $3, $4, $5, 'claimed', $6)
             ON CONFLICT (id) DO NOTHING",
            &[
                &work.facts.database_id,
                &work.operation.tenant,
                &work.facts.db_host_id,
                &generation,
                &work.schema_version()?,
                &work.operation.id,
            ],
        )
        .await?;
    Ok(())
}

/// Copies the template, closed to everybody but the owner: its access list is not copied, and an
/// empty one lets all in.
async fn copy_template(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let name = work.new_name();
    let template = work.facts.template.clone().ok_or_else(|| missing("the template"))?;
    let session = &work.target_site(control).await?.session;
    let create = format!(
        "CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log OWNER hotel_owner
           ALLOW_CONNECTIONS false"
    );
    match session.run(&create).await {
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_DATABASE) => {
            // Which template is the right one was decided for good; a new move chooses anew.
            return Err(StepError::Never(format!("the template {template} is gone")));
        }
        made => unless(made, &SqlState::DUPLICATE_DATABASE)?,
    }
    let open = format!(
        "REVOKE ALL ON DATABASE {name} FROM PUBLIC;
         ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true"
    );
    Ok(session.run(&open).await?)
}

/// Makes the login role like that of every tenant. PostgreSQL only ever gets the verifier of the
/// password.
async fn create_role(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let name = work.new_name();
    let (id, tools) = (work.facts.database_id, work.tools.clone());
    let site = work.target_site(control).await?;
    let key_id = &site.host.key_id;
    let password = tools
        .db_host_keys
        .database_password(key_id, id)
        .ok_or_else(|| StepError::NotYet(format!("DB_HOST_KEYS has no key `{key_id}`")))?;
    let make = move || scram_sha_256(password.expose_secret().as_bytes());
    let verifier = tokio::task::spawn_blocking(make)
        .await
        .map_err(|error| StepError::NotYet(format!("make the verifier: {}", Chain(&error))))?;
    let create = format!(
        "CREATE ROLE {name} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
           CONNECTION LIMIT {CONNECTION_LIMIT} PASSWORD '{verifier}' IN ROLE hotel_app;
         ALTER ROLE {name} SET statement_timeout = '15s';
         ALTER ROLE {name} SET idle_in_transaction_session_timeout = '20s';
         ALTER ROLE {name} SET lock_timeout = '5s'"
    );
    unless(site.session.run(&create).await, &SqlState::DUPLICATE_OBJECT)
}

/// Takes out the seeds, and for the time of the copy whatever acts on rows by itself: foreign
/// keys, since tables come one after the other, and triggers, which have fired on the source.
async fn empty(target: &Session) -> Result<(), StepError> {
    drop_foreign_keys(target).await?;
    let mut sql = "TRUNCATE tenant_identity".to_owned();
    for table in tables::list(target).await? {
        sql.push_str(", ");
        sql.push_str(&table.sql_name());
    }
    for trigger in list_triggers(target, "O").await? {
        sql.push_str(&format!("; ALTER TABLE {} DISABLE TRIGGER {}", trigger.0, trigger.1));
    }
    Ok(target.run(&sql).await?)
}

/// Drops the foreign keys of the new copy. The switch takes them over from the old one.
pub(super) async fn drop_foreign_keys(target: &Session) -> Result<(), StepError> {
    let drops: String = list_foreign_keys(target)
        .await?
        .iter()
        .map(|it| format!("ALTER TABLE {} DROP CONSTRAINT {};", it.table, it.name))
        .collect();
    Ok(target.run(&drops).await?)
}

/// A foreign key, its names quoted.
pub(super) struct ForeignKey {
    pub(super) table: String,
    pub(super) name: String,
    pub(super) definition: String,
    pub(super) is_validated: bool,
}

/// All foreign keys of a database.
pub(super) async fn list_foreign_keys(inside: &Session) -> Result<Vec<ForeignKey>, StepError> {
    let rows = inside
        .query(
            "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid),
               convalidated
             FROM pg_constraint
             WHERE contype = 'f' AND connamespace = 'public'::regnamespace
             ORDER BY 1, 2",
            &[],
        )
        .await?;
    let key = |row: &tokio_postgres::Row| {
        Ok(ForeignKey {
            table: row.try_get(0)?,
            name: row.try_get(1)?,
            definition: row.try_get(2)?,
            is_validated: row.try_get(3)?,
        })
    };
    rows.iter().map(key).collect()
}

/// The triggers of the schema itself in this state of `tgenabled`, with their tables, quoted.
pub(super) async fn list_triggers(
    inside: &Session,
    state: &str,
) -> Result<Vec<(String, String)>, StepError> {
    let rows = inside
        .query(
            "SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger
             WHERE NOT tgisinternal AND tgenabled::text = $1 AND tgname <> $2
             ORDER BY 1, 2",
            &[&state, &super::capture::TRIGGER],
        )
        .await?;
    rows.iter().map(|it| Ok((it.try_get(0)?, it.try_get(1)?))).collect()
}

/// Lets the login role of the new copy in.
pub(super) async fn let_in(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let name = work.new_name();
    let grant = format!("GRANT CONNECT ON DATABASE {name} TO {name}");
    Ok(work.target_site(control).await?.session.run(&grant).await?)
}

/// Drops the new copy, whoever is in it, and its role, and forgets it.
pub(super) async fn drop_all(work: &mut Work, control: &Session) -> Result<(), StepError> {
    // The place is flushed to disk before anything is made.
    if work.facts.db_host_id.is_none() {
        return Ok(());
    }
    if super::switch::has_committed(work, control).await? {
        return Err(StepError::NotYet("the new copy serves and is not dropped".to_owned()));
    }
    let name = quoted(&work.new_name());
    work.hang_up();
    let session = &work.target_site(control).await?.session;
    session.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
    session.run(&format!("DROP ROLE IF EXISTS {name}")).await?;
    control.execute("DELETE FROM databases WHERE id = $1", &[&work.facts.database_id]).await?;
    Ok(())
}

/// What exists already was made by an earlier try.
fn unless(made: Result<(), Error>, exists: &SqlState) -> Result<(), StepError> {
    match made {
        Err(error) if error.code() == Some(exists) => Ok(()),
        made => Ok(made?),
    }
}
