//! Counts the platform's own jobs.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use crate::database::damaged;

/// How many jobs wait, run or are to be tried again, and how many are dead.
pub(super) async fn count_jobs(db: &DatabaseConnection) -> Result<(i64, i64), DbErr> {
    let sql = "SELECT count(*) FILTER (WHERE state <> 'dead') AS pending, \
               count(*) FILTER (WHERE state = 'dead') AS failed FROM jobs \
               WHERE state IN ('ready', 'queued', 'running', 'retry_wait', 'held', 'dead')";
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let row = row.ok_or_else(|| damaged("a count without a row"))?;
    Ok((row.try_get("", "pending")?, row.try_get("", "failed")?))
}
