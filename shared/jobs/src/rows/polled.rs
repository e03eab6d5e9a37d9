//! Claims in a database that is polled rather than served by tickets: the control plane's own.

use std::time::Duration;

use hotelhub_core::sql::Query;
use tokio_postgres::Error;

use super::{CLAIMED, RunningJob, running};

/// Claims whatever is due and not paused: the vendor's pauses stand in the same database, and a job
/// that concerns a tenant names it in its payload as `tenant_id`.
///
/// # Errors
/// Fails if the database does.
pub async fn claim_next(
    db: &impl Query,
    worker: &str,
    lease: Duration,
) -> Result<Option<RunningJob>, Error> {
    let sql = format!(
        "UPDATE jobs SET state = 'running', fence = fence + 1, lease_owner = $1, \
           lease_until = now() + $2 * interval '1 second', \
           attempt = attempt + CASE WHEN state = 'running' THEN 0 ELSE 1 END, \
           crash_count = crash_count + CASE WHEN state = 'running' THEN 1 ELSE 0 END \
         WHERE id = (SELECT id FROM jobs \
           WHERE ((state IN ('ready', 'queued', 'retry_wait') AND run_at <= now()) \
               OR (state = 'running' AND lease_until < now())) \
             AND NOT EXISTS (SELECT FROM job_pauses p WHERE p.lifted_at IS NULL \
               AND coalesce(p.kind = jobs.kind, true) AND coalesce(p.class = jobs.class, true) \
               AND coalesce(p.tenant_id::text = jobs.payload ->> 'tenant_id', true)) \
           ORDER BY priority DESC, run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) \
         RETURNING {CLAIMED}"
    );
    let row = db.query_opt(&sql, &[&worker, &lease.as_secs_f64()]).await?;
    Ok(row.as_ref().map(running))
}
