//! Reads what the provisioner recorded of backups.

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::ids::{BackupId, TenantId};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};

use super::model::{Backup, Deletion, Drill, Filter, Place, Preview, Summary};
use crate::database::damaged;

/// A night's backup and the spread of the nights, and a little.
const FRESH_HOURS: i64 = 26;
const DRILL_DAYS: i64 = 30;

const BACKUPS: &str = "SELECT b.id, b.tenant_id, t.slug, b.kind, b.object_name, b.night, b.state, \
       b.schema_version, b.taken_at, b.rows, b.bytes, b.sha256, b.keep_until, b.created_at \
     FROM backups b JOIN tenants t ON t.id = b.tenant_id";

/// At most `limit` backups, the newest first, from `after` on; not those that are on their way out.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    after: Option<Place>,
    limit: u64,
) -> Result<Vec<Backup>, DbErr> {
    let sql = format!(
        "{BACKUPS} WHERE b.state <> 'expiring' \
           AND ($1::uuid IS NULL OR b.tenant_id = $1) AND ($2::text IS NULL OR b.kind = $2) \
           AND ($3::timestamptz IS NULL OR (b.created_at, b.id) < ($3, $4)) \
         ORDER BY b.created_at DESC, b.id DESC LIMIT $5"
    );
    let values = [
        filter.tenant.map(TenantId::as_uuid).into(),
        filter.kind.clone().into(),
        after.map(|it| it.at).into(),
        after.map(|it| it.id).into(),
        i64::try_from(limit).map_err(damaged)?.into(),
    ];
    Backup::find_by_statement(statement(&sql, values)).all(db).await
}

/// A tenant's backup that can be restored.
pub(crate) async fn find_kept(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    id: BackupId,
) -> Result<Option<Backup>, DbErr> {
    let sql = format!("{BACKUPS} WHERE b.id = $1 AND b.tenant_id = $2 AND b.state = 'kept'");
    let values = [id.as_uuid().into(), tenant.as_uuid().into()];
    Backup::find_by_statement(statement(&sql, values)).one(db).await
}

/// At most `limit` drills, the newest first, from `after` on.
pub(crate) async fn list_drills(
    db: &impl ConnectionTrait,
    (tenant, state): (Option<TenantId>, Option<String>),
    after: Option<Place>,
    limit: u64,
) -> Result<Vec<Drill>, DbErr> {
    let sql = "SELECT d.id, d.tenant_id, t.slug, d.backup_id, d.state, d.error, d.figures, \
             d.started_at, d.finished_at \
         FROM restore_drills d JOIN tenants t ON t.id = d.tenant_id \
         WHERE ($1::uuid IS NULL OR d.tenant_id = $1) AND ($2::text IS NULL OR d.state = $2) \
           AND ($3::timestamptz IS NULL OR (d.started_at, d.id) < ($3, $4)) \
         ORDER BY d.started_at DESC, d.id DESC LIMIT $5";
    let values = [
        tenant.map(TenantId::as_uuid).into(),
        state.into(),
        after.map(|it| it.at).into(),
        after.map(|it| it.id).into(),
        i64::try_from(limit).map_err(damaged)?.into(),
    ];
    Drill::find_by_statement(statement(sql, values)).all(db).await
}

/// The preview that is shown beside a hotel.
pub(crate) async fn find_preview(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Option<Preview>, DbErr> {
    let sql = "SELECT hostname, backup_id, taken_at, created_at, expires_at FROM previews \
               WHERE tenant_id = $1";
    Preview::find_by_statement(statement(sql, [tenant.as_uuid().into()])).one(db).await
}

/// What is left of a tenant that was deleted.
pub(crate) async fn find_deletion(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Option<Deletion>, DbErr> {
    let sql = "SELECT tenant_id, operation_id, slug, company_name, requested_by, requested_at, \
                 deleted_at, destroyed, final_backup, final_backup_until, final_backup_gone_at \
               FROM deletions WHERE tenant_id = $1";
    Deletion::find_by_statement(statement(sql, [tenant.as_uuid().into()])).one(db).await
}

/// How the backups of the fleet stand at `now`.
pub(crate) async fn summarize(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<Summary, DbErr> {
    let sql = "SELECT count(*) AS tenants, \
             count(*) FILTER (WHERE EXISTS (SELECT FROM backups b WHERE b.tenant_id = t.id \
               AND b.state = 'kept' AND b.taken_at > $1)) AS fresh, \
             count(*) FILTER (WHERE coalesce(t.ready_at, t.created_at) <= $1 \
               AND NOT EXISTS (SELECT FROM backups b WHERE b.tenant_id = t.id \
                 AND b.state = 'kept' AND b.taken_at > $1)) AS overdue, \
             (SELECT count(*) FROM backup_turns u JOIN tenants r ON r.id = u.tenant_id \
              WHERE u.failures > 0 AND r.provisioning = 'ready') AS failing, \
             (SELECT coalesce(sum(bytes), 0)::bigint FROM backups WHERE state = 'kept') AS bytes, \
             (SELECT count(*) FROM restore_drills \
              WHERE state = 'passed' AND started_at > $2) AS drills_passed, \
             (SELECT count(*) FROM restore_drills \
              WHERE state = 'failed' AND started_at > $2) AS drills_failed, \
             (SELECT max(started_at) FROM restore_drills) AS last_drill_at \
         FROM tenants t WHERE t.provisioning = 'ready'";
    let values =
        [(now - TimeDelta::hours(FRESH_HOURS)).into(), (now - TimeDelta::days(DRILL_DAYS)).into()];
    let found = Summary::find_by_statement(statement(sql, values)).one(db).await?;
    found.ok_or_else(|| damaged("a count has no row"))
}

/// How many hotels there are whose last drill that came to its end failed.
pub(crate) async fn count_failed_drills(db: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let sql = "SELECT count(*) AS count FROM tenants t \
               CROSS JOIN LATERAL (SELECT d.state FROM restore_drills d \
                 WHERE d.tenant_id = t.id AND d.state IN ('passed', 'failed') \
                 ORDER BY d.started_at DESC LIMIT 1) AS last \
               WHERE t.provisioning = 'ready' AND last.state = 'failed'";
    let row = db.query_one_raw(statement(sql, [])).await?;
    row.ok_or_else(|| damaged("a count has no row"))?.try_get("", "count")
}

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
