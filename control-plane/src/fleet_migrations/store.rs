//! Asks for fleet migrations, and reads what the provisioner recorded of them.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::{FleetMigrationId, TenantId};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, Statement, Value,
};
use serde_json::json;
use uuid::Uuid;

use super::model::{FleetMigration, FleetTenant, NewFleetMigration, Place, TenantPlace};
use crate::database::damaged;

/// A fleet migration could not be asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum InsertFleetMigrationError {
    #[error("another fleet migration is not over")]
    InProgress(FleetMigrationId),
    #[error("write the fleet migration")]
    Database(#[from] DbErr),
}

/// Writes a fleet migration. The provisioner wakes when the transaction commits.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    new: NewFleetMigration,
) -> Result<FleetMigrationId, InsertFleetMigrationError> {
    // Of two at once the second sees the first. Readers and the provisioner are not held up.
    let alone = "LOCK TABLE fleet_migrations IN SHARE ROW EXCLUSIVE MODE";
    tx.execute_raw(statement(alone, [])).await?;
    if let Some(open) = find_open(tx).await? {
        return Err(InsertFleetMigrationError::InProgress(open));
    }
    let id = FleetMigrationId::generate();
    let sql = "INSERT INTO fleet_migrations \
                 (id, schema_version, canaries, workers, max_failures, requested_by) \
               SELECT $1, $2, ARRAY(SELECT c::uuid FROM jsonb_array_elements_text($3) c), \
                 $4, $5, $6";
    let values = [
        id.as_uuid().into(),
        new.schema_version.into(),
        json!(new.canaries).into(),
        new.workers.into(),
        new.max_failures.into(),
        new.requested_by.as_uuid().into(),
    ];
    tx.execute_raw(statement(sql, values)).await?;
    Ok(id)
}

async fn find_open(tx: &DatabaseTransaction) -> Result<Option<FleetMigrationId>, DbErr> {
    let sql = "SELECT m.id FROM fleet_migrations m \
               LEFT JOIN fleet_runs r ON r.fleet_migration_id = m.id \
               WHERE r.state IN ('preparing', 'running', 'halted') \
                 OR (r.state IS NULL AND m.cancelled_at IS NULL) LIMIT 1";
    let row = tx.query_one_raw(statement(sql, [])).await?;
    row.map(|it| it.try_get::<Uuid>("", "id").map(FleetMigrationId::from)).transpose()
}

/// Fleet migrations, each with its run and its rings. One that was cancelled before a provisioner
/// began it never has a run.
const MIGRATIONS: &str = "\
    SELECT m.id, coalesce(r.schema_version, m.schema_version) AS schema_version, r.ring, \
           coalesce(r.state, CASE WHEN m.cancelled_at IS NULL THEN 'pending' ELSE 'cancelled' END) \
             AS state, \
           r.halt_reason, m.workers, m.max_failures, to_jsonb(m.canaries) AS canaries, \
           to_jsonb(m.set_aside) AS set_aside, m.cancelled_at, m.requested_by, m.requested_at, \
           r.started_at, r.finished_at, \
           (SELECT count(*) FROM fleet_run_tenants t WHERE t.fleet_migration_id = m.id \
              AND t.state = 'done' AND t.finished_at > now() - interval '1 minute') \
             AS done_last_minute, \
           coalesce((SELECT jsonb_agg(to_jsonb(rings) ORDER BY rings.ring) FROM ( \
               SELECT t.ring, count(*) FILTER (WHERE t.state <> 'gone') AS total, \
                      count(*) FILTER (WHERE t.state = 'done') AS done, \
                      count(*) FILTER (WHERE t.state = 'quarantined') AS quarantined, \
                      count(*) FILTER (WHERE t.state = 'pending') AS pending \
               FROM fleet_run_tenants t WHERE t.fleet_migration_id = m.id GROUP BY t.ring \
             ) rings), '[]') AS rings \
    FROM fleet_migrations m LEFT JOIN fleet_runs r ON r.fleet_migration_id = m.id";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    schema_version: Option<i32>,
    ring: Option<i32>,
    state: String,
    halt_reason: Option<String>,
    workers: i32,
    max_failures: i32,
    canaries: serde_json::Value,
    set_aside: serde_json::Value,
    cancelled_at: Option<DateTime<Utc>>,
    requested_by: Option<Uuid>,
    requested_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    done_last_minute: i64,
    rings: serde_json::Value,
}

/// Finds a fleet migration.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    id: FleetMigrationId,
) -> Result<Option<FleetMigration>, DbErr> {
    one(db, "WHERE m.id = $1", id).await
}

/// Finds a fleet migration, and holds it until the transaction ends.
pub(super) async fn find_for_update(
    tx: &DatabaseTransaction,
    id: FleetMigrationId,
) -> Result<Option<FleetMigration>, DbErr> {
    one(tx, "WHERE m.id = $1 FOR NO KEY UPDATE OF m", id).await
}

async fn one(
    db: &impl ConnectionTrait,
    which: &str,
    id: FleetMigrationId,
) -> Result<Option<FleetMigration>, DbErr> {
    let asked = statement(&format!("{MIGRATIONS} {which}"), [id.as_uuid().into()]);
    Row::find_by_statement(asked).one(db).await?.map(FleetMigration::try_from).transpose()
}

/// The newest fleet migration.
pub(crate) async fn find_latest(
    db: &impl ConnectionTrait,
) -> Result<Option<FleetMigration>, DbErr> {
    Ok(list(db, None, 1).await?.pop())
}

/// At most `limit` fleet migrations, the newest first, from `after` on.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    after: Option<Place>,
    limit: u64,
) -> Result<Vec<FleetMigration>, DbErr> {
    let sql = format!(
        "{MIGRATIONS} \
         WHERE ($1::timestamptz IS NULL OR (m.requested_at, m.id) < ($1, $2)) \
         ORDER BY m.requested_at DESC, m.id DESC LIMIT $3"
    );
    let values = [
        after.map(|it| it.requested_at).into(),
        after.map(|it| it.id).into(),
        i64::try_from(limit).map_err(damaged)?.into(),
    ];
    let rows = Row::find_by_statement(statement(&sql, values)).all(db).await?;
    rows.into_iter().map(FleetMigration::try_from).collect()
}

/// At most `limit` tenants of a run, ring by ring, from `after` on.
pub(super) async fn list_tenants(
    db: &impl ConnectionTrait,
    (id, state): (FleetMigrationId, Option<&str>),
    after: Option<TenantPlace>,
    limit: u64,
) -> Result<Vec<FleetTenant>, DbErr> {
    let sql = "SELECT f.tenant_id, t.slug, f.ring, f.state, f.attempts, f.retry_at, f.sqlstate, \
                 f.error, f.ms, f.finished_at \
               FROM fleet_run_tenants f JOIN tenants t ON t.id = f.tenant_id \
               WHERE f.fleet_migration_id = $1 AND ($2::text IS NULL OR f.state = $2) \
                 AND ($3::int IS NULL OR (f.ring, f.tenant_id) > ($3, $4)) \
               ORDER BY f.ring, f.tenant_id LIMIT $5";
    let values = [
        id.as_uuid().into(),
        state.map(str::to_owned).into(),
        after.map(|it| it.ring).into(),
        after.map(|it| it.tenant_id).into(),
        i64::try_from(limit).map_err(damaged)?.into(),
    ];
    FleetTenant::find_by_statement(statement(sql, values)).all(db).await
}

/// Lets the run go on, and try the quarantined again.
pub(super) async fn resume(tx: &DatabaseTransaction, id: FleetMigrationId) -> Result<(), DbErr> {
    let sql = "UPDATE fleet_migrations SET resumes = resumes + 1 WHERE id = $1";
    tx.execute_raw(statement(sql, [id.as_uuid().into()])).await.map(drop)
}

/// Stops the run where it is.
pub(super) async fn cancel(tx: &DatabaseTransaction, id: FleetMigrationId) -> Result<(), DbErr> {
    let sql = "UPDATE fleet_migrations SET cancelled_at = now() WHERE id = $1";
    tx.execute_raw(statement(sql, [id.as_uuid().into()])).await.map(drop)
}

/// Leaves a tenant on the schema that it has.
pub(super) async fn set_aside(
    tx: &DatabaseTransaction,
    id: FleetMigrationId,
    tenant: TenantId,
) -> Result<(), DbErr> {
    let sql = "UPDATE fleet_migrations SET set_aside = set_aside || $2::uuid \
               WHERE id = $1 AND $2::uuid <> ALL (set_aside)";
    let values = [id.as_uuid().into(), tenant.as_uuid().into()];
    tx.execute_raw(statement(sql, values)).await.map(drop)
}

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

impl TryFrom<Row> for FleetMigration {
    type Error = DbErr;

    fn try_from(row: Row) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            schema_version: row.schema_version,
            state: row.state.parse().map_err(damaged)?,
            ring: row.ring,
            halt_reason: row.halt_reason,
            done_last_minute: row.done_last_minute,
            rings: serde_json::from_value(row.rings).map_err(damaged)?,
            workers: row.workers,
            max_failures: row.max_failures,
            canaries: serde_json::from_value(row.canaries).map_err(damaged)?,
            set_aside: serde_json::from_value(row.set_aside).map_err(damaged)?,
            cancelled_at: row.cancelled_at,
            requested_by: row.requested_by,
            requested_at: row.requested_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        })
    }
}
