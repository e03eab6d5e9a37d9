//! Every statement of the pool on the control database.

use hotelhub_core::{
    ids::{DatabaseId, DbHostId},
    sql::Query as _,
};
use tokio_postgres::Error;

use crate::{
    copies,
    hosts::{self, DbHost, usable},
    locks::Lock,
    session::Session,
};

/// How many may be made at once on one server, by all provisioners together: two keep its disk and
/// its processors busy, more only make each other slower.
const MOST_AT_ONCE: u32 = 2;
/// Of one server. Dropping a database takes a tenth of a second and more; the rest waits for the
/// next look.
const MOST_DISCARDS: i64 = 40;

/// A server, its room, and what it has ready of it.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) host: DbHost,
    /// Copies that it could have ready: those it has, and its free room.
    pub(super) free: u32,
    /// Copies that are ready or being made.
    pub(super) ready: u32,
}

/// Takes the row of a new copy for this session, before it is written.
pub(super) async fn hold(control: &Session, id: DatabaseId) -> Result<(), Error> {
    control.query_one("SELECT pg_advisory_lock($1)", &[&copies::lock_key(id)]).await.map(drop)
}

/// Lets go of a row.
pub(super) async fn release(control: &Session, id: DatabaseId) -> Result<(), Error> {
    control.query_one("SELECT pg_advisory_unlock($1)", &[&copies::lock_key(id)]).await.map(drop)
}

/// Writes the row of a new copy, which is then on disk, unless there is a reason not to make one;
/// answers the template that it is to be made from.
///
/// Counted and written under the lock of all who take room, so two provisioners never make more
/// than one of them would. Real signups come first: while one is being made on the server without
/// a warm copy, or more wait than there are warm copies, none is begun.
pub(super) async fn insert_making(
    control: &Session,
    id: DatabaseId,
    host: DbHostId,
    share: u32,
) -> Result<Option<String>, Error> {
    let (usable, lock) = (usable!(), Lock::Room.key());
    let insert = format!(
        "SELECT pg_advisory_xact_lock({lock});
         INSERT INTO databases (id, db_host_id, generation, schema_version, state, template)
         SELECT '{id}', h.id, 1, t.schema_version, 'making', t.name
         FROM db_hosts h JOIN templates t ON t.db_host_id = h.id AND t.is_current
         CROSS JOIN LATERAL (
           SELECT count(*) AS all_copies, count(*) FILTER (WHERE state = 'making') AS making,
             count(*) FILTER (WHERE state IN ('making', 'warm') AND template = t.name) AS ready
           FROM databases d WHERE d.db_host_id = h.id
         ) AS has
         WHERE h.id = '{host}' AND {usable} AND has.making < {MOST_AT_ONCE}
           AND has.ready < {share} AND has.all_copies < h.max_databases
           AND NOT EXISTS (
             SELECT FROM databases d
             JOIN operations o ON o.id = d.operation_id AND o.kind = 'create_tenant'
             JOIN operation_runs r ON r.operation_id = o.id
               AND r.state = 'forward' AND r.retry_at IS NULL
             WHERE d.db_host_id = h.id AND d.state = 'claimed' AND d.template IS NULL)
           AND (SELECT count(*) FROM databases WHERE state = 'warm') >= (
             SELECT count(*) FROM operations o
             LEFT JOIN operation_runs r ON r.operation_id = o.id
             WHERE o.settled_at IS NULL AND o.kind = 'create_tenant'
               AND coalesce(r.state, 'forward') = 'forward' AND r.retry_at IS NULL
               AND NOT EXISTS (SELECT FROM databases d
                               WHERE d.operation_id = o.id AND d.state = 'claimed'))"
    );
    control.run(&insert).await?;
    let template = "SELECT template FROM databases WHERE id = $1";
    let row = control.query_opt(template, &[&id]).await?;
    row.map(|it| it.try_get(0)).transpose()
}

/// Says that a copy is ready, with the schema of its template; unless it was discarded meanwhile.
pub(super) async fn mark_warm(control: &Session, id: DatabaseId) -> Result<(), Error> {
    let sql = "UPDATE databases SET state = 'warm' WHERE id = $1 AND state = 'making'";
    control.execute(sql, &[&id]).await.map(drop)
}

/// Gives up a copy that could not be made.
pub(super) async fn give_up(control: &Session, id: DatabaseId) -> Result<(), Error> {
    let sql = "UPDATE databases SET state = 'discarding' WHERE id = $1 AND state = 'making'";
    control.execute(sql, &[&id]).await.map(drop)
}

/// Gives up what dead makers have left. A maker that ends in this very moment has changed the row
/// before it let go, and the row is looked at again then.
pub(super) async fn discard_of_dead_makers(control: &Session) -> Result<(), Error> {
    let making = "SELECT id FROM databases WHERE state = 'making'";
    for row in control.query(making, &[]).await? {
        let id: DatabaseId = row.try_get(0)?;
        let give_up = "UPDATE databases SET state = 'discarding'
             WHERE id = $1 AND state = 'making' AND pg_try_advisory_xact_lock($2)";
        control.execute(give_up, &[&id, &copies::lock_key(id)]).await?;
    }
    Ok(())
}

/// Gives up warm copies of a template that was replaced, and those on servers that take no new
/// tenants any more. A server that is only away keeps its own. One that is being claimed right now
/// is the claimer's.
pub(super) async fn discard_unfit(control: &Session) -> Result<(), Error> {
    let sql = "UPDATE databases SET state = 'discarding' WHERE id IN (
           SELECT d.id FROM databases d JOIN db_hosts h ON h.id = d.db_host_id
           WHERE d.state = 'warm' AND (h.state <> 'active' OR EXISTS (
             SELECT FROM templates t
             WHERE t.db_host_id = h.id AND t.is_current AND t.name <> d.template))
           FOR UPDATE OF d SKIP LOCKED)";
    control.execute(sql, &[]).await.map(drop)
}

/// All that is warm, with its server; the oldest first.
pub(super) async fn list_warm(control: &Session) -> Result<Vec<(DatabaseId, DbHostId)>, Error> {
    let sql = "SELECT id, db_host_id FROM databases WHERE state = 'warm' ORDER BY created_at";
    let rows = control.query(sql, &[]).await?;
    rows.iter().map(|it| Ok((it.try_get(0)?, it.try_get(1)?))).collect()
}

/// What is to be dropped, by server; none of a server that was seen to be away.
pub(super) async fn list_discarding(
    control: &Session,
) -> Result<Vec<(DbHost, Vec<DatabaseId>)>, Error> {
    let sql = "SELECT h.id, array_agg(d.id ORDER BY d.created_at)
         FROM db_hosts h CROSS JOIN LATERAL (
           SELECT id, created_at FROM databases WHERE db_host_id = h.id AND state = 'discarding'
           ORDER BY created_at LIMIT $1) AS d
         WHERE NOT EXISTS (SELECT FROM db_host_reports r
                           WHERE r.db_host_id = h.id AND NOT r.is_reachable)
         GROUP BY h.id";
    let mut found = Vec::new();
    for row in control.query(sql, &[&MOST_DISCARDS]).await? {
        if let Some(host) = hosts::find(control, row.try_get(0)?).await? {
            found.push((host, row.try_get(1)?));
        }
    }
    Ok(found)
}

/// Deletes the row of a copy of which nothing is left. If it had the data of a tenant that is being
/// deleted, that is part of the proof.
pub(super) async fn delete_discarded(control: &Session, id: DatabaseId) -> Result<(), Error> {
    let sql = "WITH gone AS (
           DELETE FROM databases WHERE id = $1 AND state = 'discarding'
           RETURNING data_of, db_host_id
         )
         UPDATE deletions SET destroyed = destroyed || jsonb_build_array(jsonb_build_object(
           'database', $2::text, 'db_host', h.name, 'at', clock_timestamp()))
         FROM gone JOIN db_hosts h ON h.id = gone.db_host_id
         WHERE deletions.tenant_id = gone.data_of AND deletions.deleted_at IS NULL";
    control.execute(sql, &[&id, &id.name()]).await.map(drop)
}

/// How many signed up in the last five minutes, and the servers that take tenants.
pub(super) async fn read_demand(control: &Session) -> Result<(u32, Vec<Room>), Error> {
    let demand = "SELECT count(*) FROM operations
         WHERE kind = 'create_tenant'
           AND requested_at > clock_timestamp() - interval '5 minutes'";
    let demand = control.query_one(demand, &[]).await?.try_get::<_, i64>(0)?;
    let sql = concat!(
        "SELECT h.id, h.name, h.key_id, h.sealed_admin_url, has.ready,
           greatest(h.max_databases - has.others, 0) AS free
         FROM db_hosts h JOIN templates t ON t.db_host_id = h.id AND t.is_current
         CROSS JOIN LATERAL (
           SELECT count(*) FILTER (WHERE state IN ('making', 'warm') AND template = t.name) AS ready,
             count(*) FILTER (WHERE state NOT IN ('making', 'warm')) AS others
           FROM databases d WHERE d.db_host_id = h.id
         ) AS has
         WHERE ",
        usable!(),
        " ORDER BY h.name"
    );
    let count = |it: i64| u32::try_from(it).unwrap_or(u32::MAX);
    let mut hosts = Vec::new();
    for row in control.query(sql, &[]).await? {
        let (free, ready) = (count(row.try_get("free")?), count(row.try_get("ready")?));
        hosts.push(Room { host: DbHost::from_row(&row)?, free, ready });
    }
    Ok((count(demand), hosts))
}
