//! The rows of `jobs`: enqueue, take, finish. Times are the database's own.

use std::time::Duration;

use hotelhub_core::{ids::JobId, sql::Query};
use serde_json::Value;
use tokio_postgres::{Error, Row};

use crate::{
    kind::{Class, Kind},
    outcome::JobError,
};

/// How many tickets of one database and class may be outstanding; the rest wait in the table, so
/// that one busy hotel does not fill the queue before the others.
pub const WINDOW: i64 = 8;
/// Claims that ended in silence before a job counts as poison.
const CRASHES: i32 = 3;

/// A row that a ticket should be published for.
#[derive(Clone, Debug)]
pub struct Due {
    /// The job.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// Its class.
    pub class: String,
    /// The issue of tickets that counts.
    pub epoch: i32,
    /// Trace context of the request that caused it.
    pub trace: Option<String>,
}

/// A job that is ours until its lease ends.
#[derive(Clone, Debug)]
pub struct RunningJob {
    /// The job.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// What it needs to know.
    pub payload: Value,
    /// The form of the payload.
    pub schema_version: i32,
    /// Which try this is, from 1.
    pub attempt: i32,
    /// How many there may be.
    pub max_attempts: i32,
    /// Whether too many tries ended without a word.
    pub poisoned: bool,
    /// What must still stand when the outcome is written.
    pub fence: i64,
    /// Trace context of the request that caused it.
    pub trace: Option<String>,
}

/// Writes a job, as part of the caller's transaction.
///
/// Returns `None` if a job of this kind with the same `dedupe_key` is still open.
///
/// # Errors
/// Fails if the database does.
pub async fn enqueue(
    db: &impl Query,
    kind: &Kind,
    payload: &Value,
    dedupe_key: Option<&str>,
    trace: Option<&str>,
) -> Result<Option<JobId>, Error> {
    let sql = "INSERT INTO jobs (id, kind, class, max_attempts, payload, dedupe_key, trace) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let id = JobId::generate();
    let written = db
        .execute(
            sql,
            &[&id, &kind.name, &kind.class.name(), &kind.tries, payload, &dedupe_key, &trace],
        )
        .await?;
    Ok((written == 1).then_some(id))
}

pub(crate) const CLAIMED: &str =
    "id, kind, payload, schema_version, attempt, max_attempts, crash_count, fence, trace";
pub(crate) const TAKE: &str = "state = 'running', fence = fence + 1, lease_owner = $1, \
     lease_until = now() + $2 * interval '1 second', \
     attempt = attempt + CASE WHEN state = 'running' THEN 0 ELSE 1 END, \
     crash_count = crash_count + CASE WHEN state = 'running' THEN 1 ELSE 0 END";
pub(crate) const CLAIMABLE: &str = "((state IN ('ready', 'queued', 'retry_wait') AND run_at <= now()) \
     OR (state = 'running' AND lease_until < now()))";

/// Claims whatever is due, for databases that are polled rather than served by tickets.
///
/// # Errors
/// Fails if the database does.
pub async fn claim_next(
    db: &impl Query,
    worker: &str,
    lease: Duration,
) -> Result<Option<RunningJob>, Error> {
    let sql = format!(
        "UPDATE jobs SET {TAKE} WHERE id = (\
           SELECT id FROM jobs WHERE {CLAIMABLE} \
           ORDER BY priority DESC, run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) \
         RETURNING {CLAIMED}"
    );
    let row = db.query_opt(&sql, &[&worker, &lease.as_secs_f64()]).await?;
    Ok(row.as_ref().map(running))
}

pub(crate) fn running(row: &Row) -> RunningJob {
    RunningJob {
        id: row.get(0),
        kind: row.get(1),
        payload: row.get(2),
        schema_version: row.get(3),
        attempt: row.get(4),
        max_attempts: row.get(5),
        poisoned: row.get::<_, i32>(6) >= CRASHES,
        fence: row.get(7),
        trace: row.get(8),
    }
}

/// Writes down that the job is done. `false`: the lease was lost, somebody else has it.
///
/// # Errors
/// Fails if the database does.
pub async fn finish_done(db: &impl Query, job: &RunningJob, result: &Value) -> Result<bool, Error> {
    let sql = "UPDATE jobs SET state = 'done', result = $3, lease_owner = NULL, lease_until = NULL, \
               finished_at = now() WHERE id = $1 AND fence = $2 AND state = 'running'";
    Ok(db.execute(sql, &[&job.id, &job.fence, result]).await? == 1)
}

/// Writes down that the job is to be tried again after `wait`. `false`: the lease was lost.
///
/// # Errors
/// Fails if the database does.
pub async fn finish_retry(
    db: &impl Query,
    job: &RunningJob,
    error: &JobError,
    wait: Duration,
) -> Result<bool, Error> {
    let sql = "UPDATE jobs SET state = 'retry_wait', run_at = now() + $3 * interval '1 second', \
               last_error_code = $4, last_error_text = $5, lease_owner = NULL, lease_until = NULL \
               WHERE id = $1 AND fence = $2 AND state = 'running'";
    let seconds = wait.as_secs_f64();
    let (code, text) = (error.code(), error.text());
    Ok(db.execute(sql, &[&job.id, &job.fence, &seconds, &code, &text]).await? == 1)
}

/// Writes down that the try did not count: its database was being moved. `false`: the lease was
/// lost.
///
/// # Errors
/// Fails if the database does.
pub async fn hand_back(db: &impl Query, job: &RunningJob, wait: Duration) -> Result<bool, Error> {
    let sql = "UPDATE jobs SET state = 'retry_wait', attempt = attempt - 1, \
               run_at = now() + $3 * interval '1 second', lease_owner = NULL, lease_until = NULL \
               WHERE id = $1 AND fence = $2 AND state = 'running'";
    Ok(db.execute(sql, &[&job.id, &job.fence, &wait.as_secs_f64()]).await? == 1)
}

/// Writes down that the job is dead: a person has to look. `false`: the lease was lost.
///
/// # Errors
/// Fails if the database does.
pub async fn finish_dead(
    db: &impl Query,
    job: &RunningJob,
    error: &JobError,
) -> Result<bool, Error> {
    let sql = "UPDATE jobs SET state = 'dead', last_error_code = $3, last_error_text = $4, \
               lease_owner = NULL, lease_until = NULL, finished_at = now() \
               WHERE id = $1 AND fence = $2 AND state = 'running'";
    let (code, text) = (error.code(), error.text());
    Ok(db.execute(sql, &[&job.id, &job.fence, &code, &text]).await? == 1)
}

/// The rows that are ready for a ticket, at most [`WINDOW`] outstanding in each class.
///
/// # Errors
/// Fails if the database does.
pub async fn ready(db: &impl Query) -> Result<Vec<Due>, Error> {
    let sql = "SELECT due.id, due.kind, due.class, due.epoch, due.trace \
               FROM (SELECT class, $2 - (SELECT count(*) FROM jobs \
                       WHERE jobs.class = classes.class AND state IN ('queued', 'running')) AS room \
                     FROM unnest($1::text[]) AS classes(class)) AS windows \
               CROSS JOIN LATERAL (SELECT id, kind, class, epoch, trace FROM jobs \
                     WHERE jobs.class = windows.class AND state = 'ready' AND run_at <= now() \
                     ORDER BY priority DESC, run_at, id LIMIT greatest(room, 0)) AS due";
    let classes: Vec<&str> = Class::ALL.iter().map(|it| it.name()).collect();
    Ok(db.query(sql, &[&classes, &WINDOW]).await?.iter().map(due).collect())
}

/// The rows whose ticket must have been lost: queued for ten minutes, past their wait, or held by a
/// worker that is gone.
///
/// A row that got a new ticket a moment ago is left alone: while the workers of a class are away,
/// nothing is gained by more of them.
///
/// # Errors
/// Fails if the database does.
pub async fn overdue(db: &impl Query) -> Result<Vec<Due>, Error> {
    let sql = "SELECT id, kind, class, epoch, trace FROM jobs \
               WHERE (state = 'queued' AND queued_at < now() - interval '10 minutes') \
                  OR ((queued_at IS NULL OR queued_at < now() - interval '1 minute') AND \
                      ((state = 'retry_wait' AND run_at < now() - interval '1 minute') \
                       OR (state = 'running' AND lease_until < now() - interval '30 seconds'))) \
               ORDER BY run_at LIMIT 100";
    Ok(db.query(sql, &[]).await?.iter().map(due).collect())
}

fn due(row: &Row) -> Due {
    Due {
        id: row.get(0),
        kind: row.get(1),
        class: row.get(2),
        epoch: row.get(3),
        trace: row.get(4),
    }
}

/// Notes that tickets for these rows are confirmed. The state of a row that waits for a retry, or
/// that a worker has meanwhile taken, stays as it is.
///
/// # Errors
/// Fails if the database does.
pub async fn mark_queued(db: &impl Query, jobs: &[JobId]) -> Result<(), Error> {
    let sql = "UPDATE jobs SET state = CASE state WHEN 'ready' THEN 'queued' ELSE state END, \
               queued_at = now() WHERE id = ANY($1) \
                 AND state IN ('ready', 'queued', 'retry_wait', 'running')";
    db.execute(sql, &[&jobs]).await.map(drop)
}

/// How many jobs wait, run or are to be tried again, and how many are dead.
///
/// # Errors
/// Fails if the database does.
pub async fn counts(db: &impl Query) -> Result<(i64, i64), Error> {
    let sql = "SELECT count(*) FILTER (WHERE state <> 'dead'), \
               count(*) FILTER (WHERE state = 'dead') FROM jobs \
               WHERE state IN ('ready', 'queued', 'running', 'retry_wait', 'held', 'dead')";
    let row = db.query_one(sql, &[]).await?;
    Ok((row.get(0), row.get(1)))
}
