//! Retentions as requests see them, and whose time is over.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::{TenantId, UserId};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, Statement, Value,
};
use uuid::Uuid;

use super::super::{
    KEPT, NOTICE,
    model::{Retention, Row, UntoldOwner},
};
use crate::database::damaged;

/// Until when a churned tenant's data is kept.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    churned_at: DateTime<Utc>,
) -> Result<Retention, DbErr> {
    let sql = "SELECT told_at, hold_reason, held_by, held_at FROM retentions WHERE tenant_id = $1";
    let row = Row::find_by_statement(statement(sql, [tenant.as_uuid().into()])).one(db).await?;
    Ok(Retention::of(churned_at, row.unwrap_or_default()))
}

/// Holds the deletion back. Once that is taken back, the owner is told of it anew.
pub(in super::super) async fn hold(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    (reason, by, at): (&str, UserId, DateTime<Utc>),
) -> Result<(), DbErr> {
    let sql = "INSERT INTO retentions (tenant_id, hold_reason, held_by, held_at) \
               VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id) DO UPDATE SET noticed_at = NULL, \
                 told_at = NULL, \
                 hold_reason = excluded.hold_reason, held_by = excluded.held_by, \
                 held_at = excluded.held_at";
    let values = [tenant.as_uuid().into(), reason.into(), by.as_uuid().into(), at.into()];
    tx.execute_raw(statement(sql, values)).await.map(drop)
}

/// Lets the deletion take its course; `false` if nobody held it back.
pub(in super::super) async fn release(
    tx: &DatabaseTransaction,
    tenant: TenantId,
) -> Result<bool, DbErr> {
    let sql = "UPDATE retentions SET hold_reason = NULL, held_by = NULL, held_at = NULL \
               WHERE tenant_id = $1 AND held_at IS NOT NULL";
    let released = tx.execute_raw(statement(sql, [tenant.as_uuid().into()])).await?;
    Ok(released.rows_affected() == 1)
}

/// A tenant whose time is over at `now`, held until the transaction ends. After a deletion that came
/// to nothing it rests for an hour.
pub(in super::super) async fn find_due_for_update(
    tx: &DatabaseTransaction,
    now: DateTime<Utc>,
) -> Result<Option<TenantId>, DbErr> {
    let sql = "\
        SELECT t.id FROM tenants t JOIN retentions r ON r.tenant_id = t.id \
        WHERE t.status = 'churned' AND t.provisioning = 'ready' AND r.held_at IS NULL \
          AND t.churned_at <= $1 AND r.told_at <= $2 \
          AND NOT EXISTS (SELECT FROM operations o \
                          WHERE o.tenant_id = t.id AND o.settled_at IS NULL) \
          AND NOT EXISTS (SELECT FROM operations o JOIN operation_runs u ON u.operation_id = o.id \
                          WHERE o.tenant_id = t.id AND o.kind = 'delete_tenant' \
                            AND u.state = 'undone' AND u.finished_at > now() - interval '1 hour') \
        ORDER BY t.churned_at LIMIT 1 FOR NO KEY UPDATE OF t SKIP LOCKED";
    let values = [(now - KEPT).into(), (now - NOTICE).into()];
    let row = tx.query_one_raw(statement(sql, values)).await?;
    row.map(|it| it.try_get::<Uuid>("", "id").map(TenantId::from)).transpose()
}

/// At most `limit` tenants that have churned by `then` and whose owners no mail server has taken the
/// letter for, the longest gone first. What is held back is none of them.
pub(in super::super) async fn list_untold(
    db: &impl ConnectionTrait,
    then: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<UntoldOwner>, DbErr> {
    let sql = "SELECT t.id AS tenant_id, t.slug, t.company_name, t.owner_email, \
                 r.noticed_at AS asked_at \
               FROM tenants t LEFT JOIN retentions r ON r.tenant_id = t.id \
               WHERE t.status = 'churned' AND t.provisioning = 'ready' AND t.churned_at <= $1 \
                 AND num_nonnulls(r.told_at, r.held_at) = 0 \
               ORDER BY t.churned_at LIMIT $2";
    let values = [then.into(), i64::try_from(limit).map_err(damaged)?.into()];
    UntoldOwner::find_by_statement(statement(sql, values)).all(db).await
}

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
