//! How each tenant of a run fares: every statement on `fleet_run_tenants`.

use hotelhub_core::{
    ids::{DatabaseId, DbHostId, TenantId},
    sql::Query as _,
};
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::rings::ALL_OTHERS;
use crate::session::Session;

/// A tenant whose turn it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) tenant: TenantId,
    /// Tries that failed.
    pub(super) attempts: i32,
    /// The copy of its data that counts, and its server; `None` if the tenant is gone.
    pub(super) place: Option<(DatabaseId, DbHostId)>,
    /// Something else is being done to it.
    pub(super) is_busy: bool,
    /// Its server did not answer when it was last looked at.
    pub(super) is_away: bool,
}

/// What decides how a run goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// Failures, without those that were set aside.
    pub(super) failed: i64,
    /// Those of them in the ring of canaries.
    pub(super) failed_canaries: i64,
    /// The first ring in which somebody waits.
    pub(super) next_ring: Option<i32>,
}

/// Why a try failed.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) sqlstate: Option<String>,
    pub(super) error: String,
}

/// The tenants below `version`, in an order that has nothing to do with them.
pub(super) async fn list_behind(control: &Session, version: i32) -> Result<Vec<TenantId>, Error> {
    let sql = "SELECT t.id FROM tenants t JOIN databases d ON d.tenant_id = t.id
         WHERE t.provisioning = 'ready' AND d.state = 'assigned' AND d.schema_version < $1
         ORDER BY md5(t.id::text)";
    control.query(sql, &[&version]).await?.iter().map(|it| it.try_get(0)).collect()
}

/// Puts tenants into the run, if nobody is in it yet.
pub(super) async fn insert_first(
    control: &Session,
    run: Uuid,
    rings: &[(TenantId, i32)],
) -> Result<(), Error> {
    let (tenants, rings): (Vec<TenantId>, Vec<i32>) = rings.iter().copied().unzip();
    let sql = "INSERT INTO fleet_run_tenants (fleet_migration_id, tenant_id, ring, state)
         SELECT $1::uuid, tenant, ring, 'pending' FROM unnest($2::uuid[], $3::int[]) AS it (tenant, ring)
         WHERE NOT EXISTS (SELECT FROM fleet_run_tenants WHERE fleet_migration_id = $1)";
    control.execute(sql, &[&run, &tenants, &rings]).await.map(drop)
}

/// Puts those who came to be with an older schema meanwhile into the last ring; says how many.
pub(super) async fn insert_late(control: &Session, run: Uuid, version: i32) -> Result<u64, Error> {
    let sql = "INSERT INTO fleet_run_tenants (fleet_migration_id, tenant_id, ring, state)
         SELECT $1, t.id, $3, 'pending' FROM tenants t JOIN databases d ON d.tenant_id = t.id
         WHERE t.provisioning = 'ready' AND d.state = 'assigned' AND d.schema_version < $2
         ON CONFLICT DO NOTHING";
    control.execute(sql, &[&run, &version, &ALL_OTHERS]).await
}

/// Whether something is on its way to become a tenant's database with a schema below `version`.
pub(super) async fn is_one_coming(control: &Session, version: i32) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (
             SELECT FROM databases WHERE state = 'claimed' AND schema_version < $1)
           OR EXISTS (
             SELECT FROM operation_runs
             WHERE state = 'forward' AND (facts ->> 'schema_version')::int < $1)";
    control.query_one(sql, &[&version]).await?.try_get(0)
}

/// Puts those whom the vendor set aside into quarantine, in every run that has not ended.
pub(super) async fn set_aside(control: &Session) -> Result<(), Error> {
    let sql = "UPDATE fleet_run_tenants it
         SET state = 'quarantined', error = 'set aside', sqlstate = NULL, retry_at = NULL,
           finished_at = clock_timestamp()
         FROM fleet_runs r JOIN fleet_migrations m ON m.id = r.fleet_migration_id
         WHERE it.fleet_migration_id = r.fleet_migration_id AND it.state = 'pending'
           AND r.state IN ('preparing', 'running', 'halted')
           AND cardinality(m.set_aside) > 0 AND it.tenant_id = ANY (m.set_aside)";
    control.execute(sql, &[]).await.map(drop)
}

/// How the run stands.
pub(super) async fn stand(
    control: &Session,
    run: Uuid,
    set_aside: &[TenantId],
) -> Result<Standing, Error> {
    let sql = "SELECT count(*), count(*) FILTER (WHERE ring = 0),
           (SELECT min(ring) FROM fleet_run_tenants
            WHERE fleet_migration_id = $1 AND state = 'pending')
         FROM fleet_run_tenants
         WHERE fleet_migration_id = $1 AND state = 'quarantined' AND tenant_id <> ALL ($2)";
    let row = control.query_one(sql, &[&run, &set_aside]).await?;
    Ok(Standing {
        failed: row.try_get(0)?,
        failed_canaries: row.try_get(1)?,
        next_ring: row.try_get(2)?,
    })
}

/// Says which tenant failed last, canaries first, and how.
pub(super) async fn tell_last_failure(
    control: &Session,
    run: Uuid,
) -> Result<Option<String>, Error> {
    let sql = "SELECT concat(t.slug, ': ', it.sqlstate || ' ', it.error)
         FROM fleet_run_tenants it JOIN tenants t ON t.id = it.tenant_id
         JOIN fleet_migrations m ON m.id = it.fleet_migration_id
         WHERE it.fleet_migration_id = $1 AND it.state = 'quarantined'
           AND it.tenant_id <> ALL (m.set_aside)
         ORDER BY it.ring, it.finished_at DESC LIMIT 1";
    let row = control.query_opt(sql, &[&run]).await?;
    row.map(|it| it.try_get(0)).transpose()
}

/// Those whose turn it is, up to `ring`; without those that are being worked on.
pub(super) async fn list_due(
    control: &Session,
    run: Uuid,
    ring: i32,
    at_work: &[TenantId],
    limit: i64,
) -> Result<Vec<Due>, Error> {
    let sql = "WITH due AS (
           SELECT tenant_id, attempts FROM fleet_run_tenants
           WHERE fleet_migration_id = $1 AND state = 'pending' AND ring <= $2
             AND (retry_at IS NULL OR retry_at <= clock_timestamp())
             AND tenant_id <> ALL ($3)
           ORDER BY retry_at NULLS FIRST LIMIT $4
         )
         SELECT due.tenant_id, due.attempts, t.provisioning = 'ready', d.id, d.db_host_id,
           EXISTS (SELECT FROM operations o
                   WHERE o.tenant_id = due.tenant_id AND o.settled_at IS NULL),
           EXISTS (SELECT FROM db_host_reports r
                   WHERE r.db_host_id = d.db_host_id AND NOT r.is_reachable)
         FROM due JOIN tenants t ON t.id = due.tenant_id
         LEFT JOIN databases d ON d.tenant_id = due.tenant_id AND d.state = 'assigned'";
    let rows = control.query(sql, &[&run, &ring, &at_work, &limit]).await?;
    let read = |row: &Row| {
        let is_ready: bool = row.try_get(2)?;
        let place: (Option<DatabaseId>, Option<DbHostId>) = (row.try_get(3)?, row.try_get(4)?);
        Ok(Due {
            tenant: row.try_get(0)?,
            attempts: row.try_get(1)?,
            place: place.0.zip(place.1).filter(|_| is_ready),
            is_busy: is_ready && row.try_get(5)?,
            is_away: row.try_get(6)?,
        })
    };
    rows.iter().map(read).collect()
}

/// A tenant's copy that has reached a version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reached {
    pub(super) tenant: TenantId,
    pub(super) database: DatabaseId,
    pub(super) version: i32,
    pub(super) ms: i32,
}

/// Records those who are done, and with them what the routes say of their schema. A tenant that
/// lives elsewhere by now is left to its next try.
pub(super) async fn finish(control: &Session, run: Uuid, all: &[Reached]) -> Result<(), Error> {
    let tenants: Vec<TenantId> = all.iter().map(|it| it.tenant).collect();
    let databases: Vec<DatabaseId> = all.iter().map(|it| it.database).collect();
    let versions: Vec<i32> = all.iter().map(|it| it.version).collect();
    let ms: Vec<i32> = all.iter().map(|it| it.ms).collect();
    let sql = "WITH reached AS (
           SELECT d.id, it.tenant, it.version, it.ms
           FROM unnest($2::uuid[], $3::uuid[], $4::int[], $5::int[])
             AS it (tenant, database, version, ms)
           JOIN databases d ON d.id = it.database AND d.state = 'assigned'
           FOR UPDATE OF d
         ), placed AS (
           UPDATE databases d SET schema_version = reached.version FROM reached
           WHERE d.id = reached.id AND d.schema_version < reached.version
         )
         UPDATE fleet_run_tenants it
         SET state = 'done', attempts = attempts + 1, retry_at = NULL, sqlstate = NULL,
           error = NULL, ms = reached.ms, finished_at = clock_timestamp()
         FROM reached WHERE it.fleet_migration_id = $1 AND it.tenant_id = reached.tenant";
    control.execute(sql, &[&run, &tenants, &databases, &versions, &ms]).await.map(drop)
}

/// Records that a tenant is no more.
pub(super) async fn forget(control: &Session, run: Uuid, tenant: TenantId) -> Result<(), Error> {
    let sql = "UPDATE fleet_run_tenants
         SET state = 'gone', retry_at = NULL, finished_at = clock_timestamp()
         WHERE fleet_migration_id = $1 AND tenant_id = $2";
    control.execute(sql, &[&run, &tenant]).await.map(drop)
}

/// Records a try that failed, or could not be made, and when to try again: after `pause` seconds, a
/// quarter more or less, so that those who failed together do not come again together.
pub(super) async fn postpone(
    control: &Session,
    run: Uuid,
    due: &Due,
    attempts: i32,
    (pause, failure): (f64, Option<&Failure>),
) -> Result<(), Error> {
    let sqlstate = failure.and_then(|it| it.sqlstate.as_deref());
    let error = failure.map(|it| it.error.as_str());
    let sql = "UPDATE fleet_run_tenants
         SET attempts = $3, sqlstate = coalesce($4, sqlstate), error = coalesce($5, error),
           retry_at = clock_timestamp() + $6 * (0.75 + random() / 2) * interval '1 second'
         WHERE fleet_migration_id = $1 AND tenant_id = $2 AND state = 'pending'";
    let params: hotelhub_core::sql::Params<'_> =
        &[&run, &due.tenant, &attempts, &sqlstate, &error, &pause];
    control.execute(sql, params).await.map(drop)
}

/// Records that a tenant cannot be migrated.
pub(super) async fn quarantine(
    control: &Session,
    run: Uuid,
    tenant: TenantId,
    failure: &Failure,
) -> Result<(), Error> {
    let sql = "UPDATE fleet_run_tenants
         SET state = 'quarantined', attempts = attempts + 1, retry_at = NULL, sqlstate = $3,
           error = $4, finished_at = clock_timestamp()
         WHERE fleet_migration_id = $1 AND tenant_id = $2 AND state = 'pending'";
    control.execute(sql, &[&run, &tenant, &failure.sqlstate, &failure.error]).await.map(drop)
}
