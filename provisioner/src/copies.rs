//! One physical copy of a tenant's data on its server: the database and the login role of its name.
//!
//! Both bear the name of the copy's id, which is on record before either exists. So whatever has
//! that name is this copy's and nobody else's, and "it exists already" means that an earlier try
//! made it. Names are made of a prefix and hexadecimal digits, so they need no quoting.

use hotelhub_core::{ids::DatabaseId, keys::Keyring, sql::Query as _};
use postgres_protocol::password::scram_sha_256;
use secrecy::ExposeSecret as _;
use tokio::task::JoinHandle;
use tokio_postgres::{Config as Login, Error, error::SqlState};

use crate::{
    engine::StepError,
    hosts::DbHost,
    session::{self, Session},
};

/// More than the processes that serve a tenant may open together, see the pools' own limits.
const CONNECTION_LIMIT: u32 = 16;

/// Sets the locks on database servers apart from those on the control database, which may be the
/// same database.
const HOST_LOCKS: i64 = 0x5a5a_5a5a_5a5a_5a5a;

/// The number of the lock that stands for a copy, on the control database.
pub(crate) fn lock_key(id: DatabaseId) -> i64 {
    // The low half of the id is random; its high half is mostly the time.
    let (_, low) = id.as_uuid().as_u64_pair();
    low.cast_signed()
}

/// Takes the copy's lock on its server. Whoever makes or drops it holds this lock with the session
/// that does: should that process be killed, the next one waits until the server has finished with
/// the statement that was under way.
pub(crate) async fn lock(server: &Session, id: DatabaseId) -> Result<(), Error> {
    let key = lock_key(id) ^ HOST_LOCKS;
    server.query_one("SELECT pg_advisory_lock($1)", &[&key]).await.map(drop)
}

/// Lets go of the copy's lock on its server.
pub(crate) async fn unlock(server: &Session, id: DatabaseId) -> Result<(), Error> {
    let key = lock_key(id) ^ HOST_LOCKS;
    server.query_one("SELECT pg_advisory_unlock($1)", &[&key]).await.map(drop)
}

/// Copies the template.
///
/// The copy is closed: unlike the template's its access list is empty, and an empty list lets
/// everybody in. `wal_log` because the other strategy forces a checkpoint, which can take
/// seconds on a server with many databases.
pub(crate) async fn create_database(
    server: &Session,
    id: DatabaseId,
    template: &str,
) -> Result<(), StepError> {
    let name = id.name();
    let create = format!(
        "CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log OWNER hotel_owner
           ALLOW_CONNECTIONS false"
    );
    match server.run(&create).await {
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_DATABASE) => {
            Err(StepError::NotYet("the template is being replaced".to_owned()))
        }
        made => unless(made, &SqlState::DUPLICATE_DATABASE),
    }
}

/// Takes everybody's right to enter away, and then opens the database. Its owner remains.
pub(crate) fn open_database(id: DatabaseId) -> String {
    let name = id.name();
    format!(
        "REVOKE ALL ON DATABASE {name} FROM PUBLIC;
         ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true;"
    )
}

/// Makes the login role, which may not enter yet.
///
/// PostgreSQL only ever gets the verifier of the password: a plain one would show up in its log.
/// Roles belong to a whole server, so the limits are set here and not in the template.
pub(crate) fn create_role(id: DatabaseId, verifier: &str) -> String {
    let name = id.name();
    format!(
        "CREATE ROLE {name} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
           CONNECTION LIMIT {CONNECTION_LIMIT} PASSWORD '{verifier}' IN ROLE hotel_app;
         ALTER ROLE {name} SET statement_timeout = '15s';
         ALTER ROLE {name} SET idle_in_transaction_session_timeout = '20s';
         ALTER ROLE {name} SET lock_timeout = '5s';"
    )
}

/// Lets the role in.
pub(crate) fn grant_access(id: DatabaseId) -> String {
    let name = id.name();
    format!("GRANT CONNECT ON DATABASE {name} TO {name};")
}

/// Drops the database, whoever is in it, also one that an interrupted drop has left invalid; and
/// then the role, which cannot go while the database lets it in. Also where nothing was made.
pub(crate) async fn drop_all(server: &Session, id: DatabaseId) -> Result<(), Error> {
    let name = id.name();
    server.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
    server.run(&format!("DROP ROLE IF EXISTS {name}")).await
}

/// Leaves a copy that no route points at to whoever discards copies, if its server is away: it may
/// stay so. `true` if it was left.
pub(crate) async fn leave(control: &Session, id: DatabaseId) -> Result<bool, Error> {
    let sql = "UPDATE databases d SET state = 'discarding', tenant_id = NULL, operation_id = NULL
         FROM db_host_reports r
         WHERE d.id = $1 AND d.state IN ('claimed', 'retired')
           AND r.db_host_id = d.db_host_id AND NOT r.is_reachable";
    Ok(control.execute(sql, &[&id]).await? > 0)
}

/// The login to a copy's database as the role that owns everything there. It leaves its commits to
/// be flushed by a later one, unless a statement says otherwise.
pub(crate) fn owner_login(admin: &Login, id: DatabaseId) -> Login {
    let mut login = session::owner_login(admin, &id.name());
    let options = login.get_options().unwrap_or_default();
    let options = format!("{options} -c synchronous_commit=off");
    login.options(options);
    login
}

/// Begins to make the verifier of the login's password: thousands of hashes, so aside.
pub(crate) fn begin_verifier(
    keys: &Keyring,
    host: &DbHost,
    id: DatabaseId,
) -> Result<JoinHandle<String>, StepError> {
    let password = keys
        .database_password(&host.key_id, id)
        .ok_or_else(|| StepError::NotYet(format!("DB_HOST_KEYS has no key `{}`", host.key_id)))?;
    let make = move || scram_sha_256(password.expose_secret().as_bytes());
    Ok(tokio::task::spawn_blocking(make))
}

/// What exists already was made by an earlier try.
pub(crate) fn unless(made: Result<(), Error>, exists: &SqlState) -> Result<(), StepError> {
    match made {
        Err(error) if error.code() == Some(exists) => Ok(()),
        made => Ok(made?),
    }
}
