//! Writes and reads pauses of jobs. The route feed tells of each change when it is committed.

use hotelhub_core::ids::{JobPauseId, UserId};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, Statement, Value,
};
use uuid::Uuid;

use super::model::{Filter, JobPause, NewJobPause, Place};
use crate::database::damaged;

/// Jobs could not be paused.
#[derive(Debug, thiserror::Error)]
pub(super) enum InsertJobPauseError {
    #[error("a pause of the same jobs stands already")]
    AlreadyPaused(JobPauseId),
    #[error("write the pause")]
    Database(#[from] DbErr),
}

/// Writes a pause, unless one of the same jobs stands.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    new: NewJobPause<'_>,
) -> Result<JobPauseId, InsertJobPauseError> {
    let NewJobPause { tenant, jobs, created_by } = new;
    let id = JobPauseId::generate();
    let target = [
        tenant.map(|it| it.as_uuid()).into(),
        jobs.class.map(|it| it.name().to_owned()).into(),
        jobs.kind.map(str::to_owned).into(),
    ];
    let [tenant, class, kind] = target.clone();
    let author = created_by.as_uuid().into();
    let values = [tenant, class, kind, id.as_uuid().into(), jobs.reason.into(), author];
    let write = "INSERT INTO job_pauses (tenant_id, class, kind, id, reason, created_by) \
                 VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (tenant_id, class, kind) WHERE lifted_at IS NULL DO NOTHING";
    let look = "SELECT id FROM job_pauses WHERE lifted_at IS NULL \
                  AND (tenant_id, class, kind) IS NOT DISTINCT FROM ($1, $2, $3)";
    loop {
        if tx.execute_raw(statement(write, values.clone())).await?.rows_affected() == 1 {
            return Ok(id);
        }
        // One that was lifted since is in nobody's way.
        if let Some(row) = tx.query_one_raw(statement(look, target.clone())).await? {
            let open: Uuid = row.try_get("", "id")?;
            return Err(InsertJobPauseError::AlreadyPaused(open.into()));
        }
    }
}

/// Pauses, each with its tenant's slug.
const PAUSES: &str = "\
    SELECT p.id, p.tenant_id, t.slug, p.class, p.kind, p.reason, p.created_by, p.created_at, \
           p.lifted_by, p.lifted_at \
    FROM job_pauses p LEFT JOIN tenants t ON t.id = p.tenant_id";

/// Finds a pause, whether it stands or was lifted.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    id: JobPauseId,
) -> Result<Option<JobPause>, DbErr> {
    let asked = statement(&format!("{PAUSES} WHERE p.id = $1"), [id.as_uuid().into()]);
    JobPause::find_by_statement(asked).one(db).await
}

/// Finds a pause that stands, and holds it until the transaction ends.
pub(super) async fn find_open_for_update(
    tx: &DatabaseTransaction,
    id: JobPauseId,
) -> Result<Option<JobPause>, DbErr> {
    let which = "WHERE p.id = $1 AND p.lifted_at IS NULL FOR NO KEY UPDATE OF p";
    let asked = statement(&format!("{PAUSES} {which}"), [id.as_uuid().into()]);
    JobPause::find_by_statement(asked).one(tx).await
}

/// At most `limit` pauses that stand, the newest first, from `after` on.
pub(super) async fn list_open(
    db: &impl ConnectionTrait,
    filter: &Filter,
    after: Option<Place>,
    limit: u64,
) -> Result<Vec<JobPause>, DbErr> {
    let sql = format!(
        "{PAUSES} WHERE p.lifted_at IS NULL \
           AND ($1::timestamptz IS NULL OR (p.created_at, p.id) < ($1, $2)) \
           AND ($4::uuid IS NULL OR p.tenant_id = $4) AND ($5::text IS NULL OR p.class = $5) \
           AND ($6::text IS NULL OR p.kind = $6) \
         ORDER BY p.created_at DESC, p.id DESC LIMIT $3"
    );
    let values = [
        after.map(|it| it.created_at).into(),
        after.map(|it| it.id.as_uuid()).into(),
        i64::try_from(limit).map_err(damaged)?.into(),
        filter.tenant.map(|it| it.as_uuid()).into(),
        filter.class.map(|it| it.name().to_owned()).into(),
        filter.kind.clone().into(),
    ];
    JobPause::find_by_statement(statement(&sql, values)).all(db).await
}

/// Lifts a pause.
pub(super) async fn lift(
    tx: &DatabaseTransaction,
    id: JobPauseId,
    by: UserId,
) -> Result<(), DbErr> {
    let sql = "UPDATE job_pauses SET lifted_at = now(), lifted_by = $2 WHERE id = $1";
    let values = [id.as_uuid().into(), by.as_uuid().into()];
    tx.execute_raw(statement(sql, values)).await.map(drop)
}

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
