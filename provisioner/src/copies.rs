//! One physical copy of a tenant's data on its server: the database and the login role of its name.
//!
//! Both bear the name of the copy's id, which is on record before either exists. So whatever has
//! that name is this copy's and nobody else's, and "it exists already" means that an earlier try
//! made it. Names are made of a prefix and hexadecimal digits, so they need no quoting.

use hotelhub_core::{
    errors::Chain,
    ids::{DatabaseId, DbHostId, OperationId, TenantId},
    keys::Keyring,
    sql::Query as _,
    tasks::Tasks,
};
use postgres_protocol::password::scram_sha_256;
use secrecy::ExposeSecret as _;
use tokio::task::JoinHandle;
use tokio_postgres::{Config as Login, Error, error::SqlState};

use crate::{
    engine::{Operation, StepError},
    hosts::{DbHost, Site, enter_database},
    locks::Lock,
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

/// A copy that is to be made for a tenant that has one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewCopy {
    /// Names it.
    pub(crate) id: DatabaseId,
    /// Where it will be.
    pub(crate) host: DbHostId,
    /// Which copy of the tenant's it is.
    pub(crate) generation: i32,
    /// The version of its schema.
    pub(crate) schema_version: i32,
}

/// Puts a copy on record before it exists, claimed by the operation. Under the lock of all who take
/// room, so that no server gets more than its `max_databases`.
pub(crate) async fn register(
    control: &Session,
    operation: Operation,
    copy: &NewCopy,
) -> Result<(), StepError> {
    let NewCopy { id, host, generation, schema_version } = copy;
    let (tenant, by, lock) = (operation.tenant, operation.id, Lock::Room.key());
    control
        .run(&format!(
            "SELECT pg_advisory_xact_lock({lock});
             INSERT INTO databases
               (id, tenant_id, db_host_id, generation, schema_version, state, operation_id)
             SELECT '{id}', '{tenant}', '{host}', {generation}, {schema_version}, 'claimed', '{by}'
             FROM db_hosts h WHERE h.id = '{host}' AND h.max_databases >
               (SELECT count(*) FROM databases d WHERE d.db_host_id = h.id)
             ON CONFLICT (id) DO NOTHING"
        ))
        .await?;
    let is_there = "SELECT 1 FROM databases WHERE id = $1";
    if control.query_opt(is_there, &[id]).await?.is_none() {
        // Somebody else took the last room; a new operation chooses anew.
        return Err(StepError::Never("the database server is full".to_owned()));
    }
    Ok(())
}

/// Makes the one copy the tenant's in place of the other, in one statement: the point of no return
/// of whoever does it.
pub(crate) async fn replace(
    control: &Session,
    old: DatabaseId,
    (new, state): (DatabaseId, &str),
    schema_version: i32,
    access: &str,
) -> Result<(), StepError> {
    let changed = control
        .execute(
            // The count makes the first update come first: two assigned ones are refused.
            "WITH old AS (
               UPDATE databases SET state = 'retired'
               WHERE id = $1 AND state = 'assigned'
                 AND EXISTS (SELECT FROM databases WHERE id = $2 AND state = $5)
               RETURNING 1
             ), shown AS (
               DELETE FROM previews WHERE database_id = $2 AND (SELECT count(*) FROM old) = 1
             )
             UPDATE databases SET state = 'assigned', schema_version = $3, access = $4
             WHERE id = $2 AND state = $5 AND (SELECT count(*) FROM old) = 1",
            &[&old, &new, &schema_version, &access, &state],
        )
        .await?;
    if changed != 1 {
        return Err(StepError::Never("the placement of the tenant was changed".to_owned()));
    }
    Ok(())
}

/// Nobody enters a copy any more, and whoever is in it leaves. Its identity is no route's.
pub(crate) async fn shut(site: &Site, id: DatabaseId) -> Result<(), StepError> {
    let name = id.name();
    let sql = "SELECT to_regrole($1) IS NOT NULL,
           EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datallowconn)";
    let row = site.session.query_one(sql, &[&name]).await?;
    let (has_role, has_database): (bool, bool) = (row.try_get(0)?, row.try_get(1)?);
    if has_role {
        site.session.run(&format!("ALTER ROLE {name} NOLOGIN")).await?;
    }
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = $1 AND usename = $1";
    site.session.query(end, &[&name]).await?;
    // A drop that was broken off leaves a database that nobody can enter.
    if has_database && let Ok(inside) = site.inside(&name).await {
        let raise = "UPDATE tenant_identity SET generation = generation + 1000000
             WHERE generation < 1000000";
        inside.run(raise).await?;
    }
    Ok(())
}

/// Makes the login role of a copy, which may not enter yet.
pub(crate) async fn make_role(
    site: &Site,
    keys: &Keyring,
    id: DatabaseId,
) -> Result<(), StepError> {
    // Only a runtime that shuts down gives it up.
    let verifier = begin_verifier(keys, &site.host, id)?
        .await
        .map_err(|error| StepError::NotYet(format!("make the verifier: {}", Chain(&error))))?;
    let created = site.session.run(&create_role(id, &verifier)).await;
    unless(created, &SqlState::DUPLICATE_OBJECT)
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

/// Makes a database anew with this version of the schema and nothing of a tenant's, whatever an
/// earlier try has left of it; a session inside.
pub(crate) async fn make_fresh(
    server: &Session,
    login: &Login,
    (id, schema_version): (DatabaseId, i32),
    tasks: &Tasks,
) -> Result<Session, StepError> {
    let name = id.name();
    server.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
    create_database(server, id, "template0").await?;
    server.run(&open_database(id)).await?;
    let mut inside = enter_database(login, &name, tasks).await?;
    let client = inside.client_mut();
    migrations::migrate_tenant(client, schema_version, session::LOCK_TIMEOUT).await?;
    Ok(inside)
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

/// Keeps a copy that was replaced, since no backup has what was written there last.
pub(crate) async fn keep_unsaved(
    control: &Session,
    id: DatabaseId,
    operation: OperationId,
) -> Result<(), Error> {
    let sql = "UPDATE databases SET state = 'unsaved', operation_id = $2
         WHERE id = $1 AND state = 'retired'";
    control.execute(sql, &[&id, &operation]).await.map(drop)
}

/// Leaves a tenant's copies that no backup has, or one of them, to whoever discards copies.
pub(crate) async fn give_up_unsaved(
    control: &Session,
    tenant: TenantId,
    id: Option<DatabaseId>,
) -> Result<(), Error> {
    let sql = "UPDATE databases SET state = 'discarding', tenant_id = NULL, operation_id = NULL
         WHERE tenant_id = $1 AND id = coalesce($2, id) AND state = 'unsaved'";
    control.execute(sql, &[&tenant, &id]).await.map(drop)
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
