//! What a person may do about jobs: try again, cancel. Part of the caller's transaction.

use std::time::Duration;

use hotelhub_core::{
    ids::JobId,
    sql::{Query, violates},
};
use hotelhub_jobs::rows::{self, STARTED_AGAIN};
use tokio_postgres::Error;

use super::reading::{MATCHES, Wanted};
use crate::jobs::model::JobFilter;

/// So many in one go; whoever has more asks again.
const MOST: i64 = 10_000;

/// Why a job was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SteerError {
    #[error("there is no such job")]
    NoSuchJob,
    /// It runs, waits, or is done.
    #[error("the job is not one that can be tried again")]
    NotOver,
    /// It is over, or being cancelled.
    #[error("the job cannot be cancelled any more")]
    Over,
    #[error("a newer job of the same sort is open")]
    Replaced,
    #[error("change the job")]
    Database(#[source] Error),
}

/// Has one job tried again at once.
pub(crate) async fn retry_one(tx: &impl Query, id: JobId, who: &str) -> Result<(), SteerError> {
    match rows::start_again(tx, id, who).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(missing_or(tx, id, SteerError::NotOver).await),
        Err(error) if violates(&error, "jobs_once") => Err(SteerError::Replaced),
        Err(error) => Err(SteerError::Database(error)),
    }
}

/// Has dead or cancelled jobs tried again, `per_minute` of them a minute or all at once; how many.
/// Those of which a newer one is open are left as they are.
pub(crate) async fn retry_some(
    tx: &impl Query,
    filter: &JobFilter,
    per_minute: Option<i32>,
    who: &str,
) -> Result<i64, Error> {
    let Wanted { states, kind, peer, error, older_than } = Wanted::of(filter);
    let pause = per_minute.map_or(Duration::ZERO, pause_of).as_secs_f64();
    let sql = format!(
        "WITH chosen AS (SELECT DISTINCT ON (kind, coalesce(dedupe_key, id::text)) id FROM jobs \
           WHERE {MATCHES} AND state IN ('dead', 'cancelled') \
             AND (dedupe_key IS NULL OR NOT EXISTS (SELECT FROM jobs open \
               WHERE open.kind = jobs.kind AND open.dedupe_key = jobs.dedupe_key \
                 AND open.state IN ('ready', 'queued', 'running', 'retry_wait', 'held'))) \
           ORDER BY kind, coalesce(dedupe_key, id::text), id DESC LIMIT {MOST}), \
         placed AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM chosen) \
         UPDATE jobs SET {STARTED_AGAIN}, requested_by = $6, \
           run_at = now() + placed.place * $7::float8 * interval '1 second' \
         FROM placed WHERE jobs.id = placed.id AND jobs.state IN ('dead', 'cancelled')"
    );
    let params: &[&(dyn tokio_postgres::types::ToSql + Sync)] =
        &[&states, &kind, &peer, &error, &older_than, &who, &pause];
    let retried = tx.execute(&sql, params).await?;
    Ok(i64::try_from(retried).unwrap_or(i64::MAX))
}

/// The time between two jobs at so many a minute.
pub(crate) fn pause_of(per_minute: i32) -> Duration {
    Duration::from_secs(60) / per_minute.max(1).unsigned_abs()
}

/// Cancels a job: at once, or, if it runs, within seconds.
pub(crate) async fn cancel(tx: &impl Query, id: JobId) -> Result<(), SteerError> {
    match rows::cancel(tx, id).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(missing_or(tx, id, SteerError::Over).await),
        Err(error) => Err(SteerError::Database(error)),
    }
}

async fn missing_or(tx: &impl Query, id: JobId, otherwise: SteerError) -> SteerError {
    match tx.query_opt("SELECT FROM jobs WHERE id = $1", &[&id]).await {
        Ok(Some(_)) => otherwise,
        Ok(None) => SteerError::NoSuchJob,
        Err(error) => SteerError::Database(error),
    }
}
