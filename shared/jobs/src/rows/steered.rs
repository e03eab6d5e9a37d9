//! What a person may do about a job: have it tried again, cancel it.
//!
//! A job that starts again gets a new epoch: tickets of before say nothing any more. Its earlier
//! tries may have had their effect outside; its id, and with it its key there, stays the same.

use hotelhub_core::{ids::JobId, sql::Query};
use tokio_postgres::Error;

/// What is set on a job that starts again; its `run_at` says when.
pub const STARTED_AGAIN: &str = "state = 'ready', epoch = epoch + 1, attempt = 0, crash_count = 0, \
     held_for = NULL, queued_at = NULL, finished_at = NULL, cancel_requested_at = NULL";

/// Has a job that is over or waits for its next try done again at once, for `who`; whether it is one.
///
/// # Errors
/// Fails if the database does, and if a newer job with the same key is open.
pub async fn start_again(db: &impl Query, job: JobId, who: &str) -> Result<bool, Error> {
    let sql = format!(
        "UPDATE jobs SET {STARTED_AGAIN}, run_at = now(), requested_by = $2 \
         WHERE id = $1 AND state IN ('dead', 'cancelled', 'retry_wait')"
    );
    Ok(db.execute(&sql, &[&job, &who]).await? == 1)
}

/// Cancels a job: at once, or, if it runs, as soon as its worker sees it; whether it was open and
/// nobody had cancelled it.
///
/// # Errors
/// Fails if the database does.
pub async fn cancel(db: &impl Query, job: JobId) -> Result<bool, Error> {
    let sql = "UPDATE jobs SET cancel_requested_at = now(), \
                 state = CASE state WHEN 'running' THEN state ELSE 'cancelled' END, \
                 finished_at = CASE state WHEN 'running' THEN NULL ELSE now() END, \
                 held_for = NULL \
               WHERE id = $1 AND cancel_requested_at IS NULL \
                 AND state IN ('ready', 'queued', 'retry_wait', 'held', 'running')";
    Ok(db.execute(sql, &[&job]).await? == 1)
}
