//! The copy that an operation has claimed: found, claimed warm or cold, left behind, given up.
//!
//! A row of `databases` in the state `claimed` says where the operation's database is, or is about
//! to be, from before anything exists until it is published. It holds for a warm copy and for one
//! that is yet to be made alike, so undoing, counting the room of a server and finding strays look
//! at one table. One operation has one such row at most (`databases_claimed`).

use hotelhub_core::{
    ids::{DatabaseId, DbHostId},
    sql::Query as _,
};
use tokio_postgres::{Error, Row};

use crate::{
    engine::Operation,
    hosts::{self, DbHost, usable},
    locks::Lock,
    session::Session,
};

/// What an operation has claimed.
#[derive(Clone, Debug)]
pub(super) struct TenantCopy {
    /// Names the database and its login role.
    pub(super) id: DatabaseId,
    /// Where it is.
    pub(super) host: DbHost,
    /// It was made before anybody asked: database, login role and the right to enter are there.
    pub(super) is_warm: bool,
    /// It is the tenant's.
    pub(super) is_assigned: bool,
}

impl TenantCopy {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("database_id")?,
            host: DbHost::from_row(row)?,
            is_warm: row.try_get("is_warm")?,
            is_assigned: row.try_get("is_assigned")?,
        })
    }
}

/// The copy that the operation has claimed, or published.
pub(super) async fn find(
    control: &Session,
    operation: Operation,
) -> Result<Option<TenantCopy>, Error> {
    let sql = "SELECT d.id AS database_id, d.is_assigned, d.template IS NOT NULL AS is_warm,
           h.id, h.name, h.key_id, h.sealed_admin_url
         FROM (
           SELECT id, db_host_id, template, false AS is_assigned FROM databases
           WHERE operation_id = $1 AND state = 'claimed'
           UNION ALL
           SELECT id, db_host_id, template, true FROM databases
           WHERE operation_id = $1 AND tenant_id = $2 AND state = 'assigned'
         ) AS d JOIN db_hosts h ON h.id = d.db_host_id";
    let found = control.query_opt(sql, &[&operation.id, &operation.tenant]).await?;
    found.as_ref().map(TenantCopy::from_row).transpose()
}

/// Claims a warm copy of a server that takes tenants, if possible one of those that a session is
/// kept in; `None` if there is none left.
///
/// The commit is not waited for: the engine's next line takes it to the disk, and nothing is done
/// to the copy before. A crash that loses the claim gives the copy back untouched.
pub(super) async fn claim_warm(
    control: &Session,
    operation: Operation,
    kept: &[DatabaseId],
) -> Result<Option<TenantCopy>, Error> {
    let sql = concat!(
        "UPDATE databases d SET state = 'claimed', tenant_id = $2, operation_id = $1
         FROM db_hosts h, (
           SELECT d.id FROM databases d
           JOIN db_hosts h ON h.id = d.db_host_id AND ",
        usable!(),
        " JOIN templates t ON t.db_host_id = h.id AND t.is_current AND t.name = d.template
           WHERE d.state = 'warm'
           ORDER BY d.id = ANY ($3) DESC, d.created_at LIMIT 1 FOR UPDATE OF d SKIP LOCKED
         ) AS pick, set_config('synchronous_commit', 'off', true)
         WHERE d.id = pick.id AND h.id = d.db_host_id
         RETURNING d.id AS database_id, false AS is_assigned, true AS is_warm,
           h.id, h.name, h.key_id, h.sealed_admin_url"
    );
    let claimed = control.query_opt(sql, &[&operation.id, &operation.tenant, &kept]).await?;
    claimed.as_ref().map(TenantCopy::from_row).transpose()
}

/// Claims room for a new copy on the server with the most of it; `None` if no server has any.
///
/// Under the lock of all who take room, so that no server gets more than its `max_databases`. As
/// with a warm one the commit is not waited for.
pub(super) async fn claim_room(
    control: &Session,
    operation: Operation,
) -> Result<Option<TenantCopy>, Error> {
    let (id, by, tenant) = (DatabaseId::generate(), operation.id, operation.tenant);
    let roomiest = hosts::ROOMIEST;
    let lock = Lock::Room.key();
    let claim = format!(
        "SELECT set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock({lock});
         INSERT INTO databases
           (id, tenant_id, operation_id, db_host_id, generation, schema_version, state)
         SELECT '{id}', '{tenant}', '{by}', host.id, 1, host.schema_version, 'claimed'
         FROM ({roomiest}) AS host"
    );
    control.run(&claim).await?;
    find(control, operation).await
}

/// Leaves a server that is away, if another one could take the tenant; `true` if it was left.
///
/// Whatever was half made there is dropped when the server is back, since the row stays behind as
/// one to be discarded. Killed on the next line, the operation has no copy, and claims one.
pub(super) async fn leave(control: &Session, copy: &TenantCopy) -> Result<bool, Error> {
    let sql = concat!(
        "UPDATE databases d SET state = 'discarding', tenant_id = NULL, operation_id = NULL
         WHERE d.id = $1 AND d.state = 'claimed'
           AND EXISTS (SELECT FROM db_host_reports r
                       WHERE r.db_host_id = d.db_host_id AND NOT r.is_reachable)
           AND EXISTS (
             SELECT FROM db_hosts h JOIN templates t ON t.db_host_id = h.id AND t.is_current
             WHERE h.id <> $2 AND ",
        usable!(),
        " AND (EXISTS (SELECT FROM databases w WHERE w.db_host_id = h.id AND w.state = 'warm'
                              AND w.template = t.name)
                 OR (SELECT count(*) FROM databases o
                     WHERE o.db_host_id = h.id) < h.max_databases)
           )"
    );
    let away: DbHostId = copy.host.id;
    Ok(control.execute(sql, &[&copy.id, &away]).await? > 0)
}

/// Forgets the claim, once nothing of the copy is left.
pub(super) async fn forget(control: &Session, operation: Operation) -> Result<(), Error> {
    let sql = "DELETE FROM databases WHERE operation_id = $1 AND state = 'claimed'";
    control.execute(sql, &[&operation.id]).await.map(drop)
}
