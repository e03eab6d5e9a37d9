//! Asks for operations, and reads what the provisioner recorded of them.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::{OperationId, TenantId, UserId};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, Statement, Value,
};
use uuid::Uuid;

use super::{
    Progress,
    model::{Filter, NewOperation, Place, Wanted},
};
use crate::database::damaged;

/// An operation could not be asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InsertOperationError {
    /// One thing at a time happens to a tenant. Which one, unless it has just ended.
    #[error("another operation of the tenant is not over")]
    InProgress(Option<OperationId>),
    #[error("write the operation")]
    Database(#[from] DbErr),
}

/// Asks for an operation, unless another one of the tenant is not over. The provisioner wakes when
/// the transaction commits.
pub(crate) async fn insert(
    tx: &DatabaseTransaction,
    wanted: NewOperation,
) -> Result<OperationId, InsertOperationError> {
    let id = wanted.id;
    let sql = "INSERT INTO operations (id, tenant_id, kind, wish, requested_by) \
               VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (tenant_id) WHERE settled_at IS NULL DO NOTHING";
    let values = [
        id.as_uuid().into(),
        wanted.tenant.as_uuid().into(),
        wanted.kind.as_str().into(),
        wanted.wish.into(),
        wanted.requested_by.map(UserId::as_uuid).into(),
    ];
    let inserted = tx.execute_raw(statement(sql, values)).await?;
    if inserted.rows_affected() == 1 {
        return Ok(id);
    }
    Err(InsertOperationError::InProgress(find_open(tx, wanted.tenant).await?))
}

async fn find_open(
    tx: &DatabaseTransaction,
    tenant: TenantId,
) -> Result<Option<OperationId>, DbErr> {
    let sql = "SELECT id FROM operations WHERE tenant_id = $1 AND settled_at IS NULL";
    let row = tx.query_one_raw(statement(sql, [tenant.as_uuid().into()])).await?;
    row.map(|it| it.try_get::<Uuid>("", "id").map(OperationId::from)).transpose()
}

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// How far operations are: each with its run and its steps, if a provisioner has taken it.
const PROGRESS: &str = "\
    SELECT o.id, o.kind, o.tenant_id, t.slug, o.requested_by, o.requested_at, p.state, \
           r.last_error, r.retry_at, r.started_at, r.finished_at, coalesce(r.figures, '{}') AS figures, \
           coalesce((SELECT jsonb_agg(jsonb_build_object('name', s.name, 'state', s.state, \
               'ms', floor(extract(epoch FROM s.finished_at - s.started_at) * 1000)::bigint) \
               ORDER BY s.position) \
             FROM operation_steps s WHERE s.operation_id = o.id), '[]') AS steps \
    FROM operations o JOIN tenants t ON t.id = o.tenant_id \
    LEFT JOIN operation_runs r ON r.operation_id = o.id \
    CROSS JOIN LATERAL (SELECT CASE r.state WHEN 'forward' THEN 'running' \
                               ELSE coalesce(r.state, 'pending') END AS state) p";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    kind: String,
    tenant_id: Uuid,
    slug: String,
    requested_by: Option<Uuid>,
    requested_at: DateTime<Utc>,
    state: String,
    last_error: Option<String>,
    retry_at: Option<DateTime<Utc>>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    figures: serde_json::Value,
    steps: serde_json::Value,
}

/// Finds an operation.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    id: OperationId,
) -> Result<Option<Progress>, DbErr> {
    one(db, "WHERE o.id = $1", [id.as_uuid().into()]).await
}

/// The newest operation of a tenant.
pub(crate) async fn find_latest(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Option<Progress>, DbErr> {
    let newest = "WHERE o.tenant_id = $1 ORDER BY o.requested_at DESC, o.id DESC LIMIT 1";
    one(db, newest, [tenant.as_uuid().into()]).await
}

/// The operation that made a tenant, or is making it.
pub(crate) async fn find_creation(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Option<Progress>, DbErr> {
    let first = "WHERE o.tenant_id = $1 AND o.kind = 'create_tenant' \
                 ORDER BY o.requested_at, o.id LIMIT 1";
    one(db, first, [tenant.as_uuid().into()]).await
}

async fn one(
    db: &impl ConnectionTrait,
    which: &str,
    values: [Value; 1],
) -> Result<Option<Progress>, DbErr> {
    let sql = format!("{PROGRESS} {which}");
    let asked = statement(&sql, values);
    Row::find_by_statement(asked).one(db).await?.map(Progress::try_from).transpose()
}

/// At most `limit` operations, the newest first, from `after` on.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    filter: Filter,
    after: Option<Place>,
    limit: u64,
) -> Result<Vec<Progress>, DbErr> {
    let sql = format!(
        "{PROGRESS} WHERE ($1::uuid IS NULL OR o.tenant_id = $1) \
         AND ($2::text IS NULL OR o.kind = $2) AND ($3::text IS NULL OR p.state = $3) \
         AND (NOT $4 OR o.settled_at IS NULL) \
         AND ($5::timestamptz IS NULL OR (o.requested_at, o.id) < ($5, $6)) \
         ORDER BY o.requested_at DESC, o.id DESC LIMIT $7"
    );
    let state = match filter.state {
        Some(Wanted::Is(state)) => Some(state.as_str().to_owned()),
        Some(Wanted::Open) | None => None,
    };
    let values = [
        filter.tenant.map(TenantId::as_uuid).into(),
        filter.kind.map(|it| it.as_str().to_owned()).into(),
        state.into(),
        (filter.state == Some(Wanted::Open)).into(),
        after.map(|it| it.requested_at).into(),
        after.map(|it| it.id).into(),
        i64::try_from(limit).map_err(damaged)?.into(),
    ];
    let asked = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let rows = Row::find_by_statement(asked).all(db).await?;
    rows.into_iter().map(Progress::try_from).collect()
}

impl TryFrom<Row> for Progress {
    type Error = DbErr;

    fn try_from(row: Row) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            kind: row.kind,
            tenant_id: row.tenant_id,
            slug: row.slug,
            state: row.state.parse().map_err(damaged)?,
            last_error: row.last_error,
            retry_at: row.retry_at,
            figures: row.figures,
            requested_by: row.requested_by,
            requested_at: row.requested_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            steps: serde_json::from_value(row.steps).map_err(damaged)?,
        })
    }
}
