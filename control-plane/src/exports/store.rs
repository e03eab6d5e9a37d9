//! Reads the exports that a hotel's owner asked for.

use hotelhub_core::ids::{OperationId, TenantId};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};

use super::model::{Export, LastDay};
use crate::database::damaged;

/// More than can be kept at a time.
const MOST: i64 = 200;

/// Those that are there or on their way, and those that failed within a month.
const EXPORTS: &str = "\
    SELECT o.id, o.requested_at, b.sha256, b.taken_at, b.keep_until, b.id AS backup_id, \
           coalesce(b.rows, (r.figures ->> 'rows')::bigint) AS rows, \
           coalesce(b.bytes, (r.figures ->> 'bytes')::bigint) AS bytes, \
           CASE WHEN b.state = 'kept' THEN 'ready' \
                WHEN r.state IN ('undoing', 'undone') THEN 'failed' \
                WHEN r.state IS NULL THEN 'waiting' ELSE 'running' END AS state \
    FROM operations o LEFT JOIN operation_runs r ON r.operation_id = o.id \
    LEFT JOIN backups b ON b.operation_id = o.id AND b.kind = 'manual' \
    WHERE o.tenant_id = $1 AND o.kind = 'backup_tenant' AND o.wish ->> 'hotel_user' IS NOT NULL \
      AND (r.state IS DISTINCT FROM 'done' OR b.state = 'kept') \
      AND (r.state IS DISTINCT FROM 'undone' OR o.requested_at > now() - interval '30 days')";

/// A hotel's exports, the newest first.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Vec<Export>, DbErr> {
    let sql = format!("{EXPORTS} ORDER BY o.requested_at DESC, o.id DESC LIMIT $2");
    let values = [tenant.as_uuid().into(), MOST.into()];
    Export::find_by_statement(statement(&sql, values)).all(db).await
}

/// One of a hotel's exports.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    id: OperationId,
) -> Result<Option<Export>, DbErr> {
    let sql = format!("{EXPORTS} AND o.id = $2");
    let values = [tenant.as_uuid().into(), id.as_uuid().into()];
    Export::find_by_statement(statement(&sql, values)).one(db).await
}

/// The exports of the last day, without those that failed.
pub(super) async fn count_last_day(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<LastDay, DbErr> {
    let sql = "SELECT count(*) AS count, coalesce(ceil(extract(epoch FROM \
                 min(o.requested_at) + interval '1 day' - now())), 0)::bigint AS seconds_left \
               FROM operations o LEFT JOIN operation_runs r ON r.operation_id = o.id \
               WHERE o.tenant_id = $1 AND o.kind = 'backup_tenant' \
                 AND o.wish ->> 'hotel_user' IS NOT NULL AND r.state IS DISTINCT FROM 'undone' \
                 AND o.requested_at > now() - interval '1 day'";
    let found =
        LastDay::find_by_statement(statement(sql, [tenant.as_uuid().into()])).one(db).await?;
    found.ok_or_else(|| damaged("a count has no row"))
}

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
