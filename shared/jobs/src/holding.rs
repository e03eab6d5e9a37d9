//! Claims in a hotel's database, where the hotel's access says which kinds may run.
//!
//! The database's own `tenant_identity.access` decides, in the statement that claims. What it
//! forbids is held, without the loss of a try, and let go by the first tick that finds it allowed.
//! While it is `read_only` the data is being moved: nothing is written, and the ticket comes again.

use std::time::Duration;

use hotelhub_core::{ids::JobId, life::Access, sql::Query};
use tokio_postgres::Error;

use crate::rows::{CLAIMABLE, CLAIMED, RunningJob, TAKE, running};

/// What came of an attempt to claim.
#[derive(Debug)]
pub enum Claim {
    /// It is ours.
    Run(Box<RunningJob>),
    /// Somebody holds it, it is not due yet, or nothing may be written now: look again after this
    /// time.
    Later(Duration),
    /// The hotel may not do this now: the row waits until it may.
    Held,
    /// Done, dead, held, cancelled, of a newer epoch, or not there at all: the ticket says nothing.
    Gone,
}

/// Who claims, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Claimant<'a> {
    /// The worker.
    pub worker: &'a str,
    /// How long a claim holds.
    pub lease: Duration,
}

/// Claims the job of a ticket, if the hotel's access is one of `under`; holds it otherwise.
///
/// # Errors
/// Fails if the database does.
pub async fn claim(
    db: &impl Query,
    job: JobId,
    epoch: i32,
    Claimant { worker, lease }: Claimant<'_>,
    under: &[Access],
) -> Result<Claim, Error> {
    let mut under: Vec<&str> = under.iter().map(|it| it.as_str()).collect();
    let sql = format!(
        "UPDATE jobs SET {TAKE} WHERE id = $3 AND epoch = $4 AND {CLAIMABLE} \
           AND (SELECT access FROM tenant_identity) = ANY($5) RETURNING {CLAIMED}"
    );
    let seconds = lease.as_secs_f64();
    if let Some(row) = db.query_opt(&sql, &[&worker, &seconds, &job, &epoch, &under]).await? {
        return Ok(Claim::Run(Box::new(running(&row))));
    }
    under.push(Access::ReadOnly.as_str());
    if hold(db, job, epoch, &under).await? {
        return Ok(Claim::Held);
    }
    let sql = "SELECT extract(epoch FROM \
                 CASE state WHEN 'running' THEN lease_until ELSE run_at END - now())::float8 \
               FROM jobs WHERE id = $1 AND epoch = $2 \
                 AND state IN ('ready', 'queued', 'retry_wait', 'running')";
    let left = db.query_opt(sql, &[&job, &epoch]).await?;
    Ok(left.map_or(Claim::Gone, |row| {
        Claim::Later(Duration::from_secs_f64(row.get::<_, f64>(0).max(0.1)))
    }))
}

/// Holds a job that is due, unless the access is one of `unless`. A try that ended in silence is
/// given back: its successor counts it again.
async fn hold(db: &impl Query, job: JobId, epoch: i32, unless: &[&str]) -> Result<bool, Error> {
    let sql = format!(
        "UPDATE jobs SET state = 'held', queued_at = NULL, lease_owner = NULL, lease_until = NULL, \
           attempt = attempt - CASE WHEN state = 'running' THEN 1 ELSE 0 END, \
           crash_count = crash_count + CASE WHEN state = 'running' THEN 1 ELSE 0 END \
         WHERE id = $1 AND epoch = $2 AND {CLAIMABLE} \
           AND (SELECT access FROM tenant_identity) <> ALL($3)"
    );
    Ok(db.execute(&sql, &[&job, &epoch, &unless]).await? == 1)
}

/// Makes held jobs ready again whose kind may run under what the hotel's access is now; how many.
/// They keep their place in line.
///
/// # Errors
/// Fails if the database does.
pub async fn release(db: &impl Query, may: &[(&str, Access)]) -> Result<u64, Error> {
    let sql = "UPDATE jobs SET state = 'ready' \
               FROM unnest($1::text[], $2::text[]) AS may(kind, access) \
               WHERE jobs.state = 'held' AND jobs.kind = may.kind \
                 AND may.access = (SELECT access FROM tenant_identity)";
    let (kinds, accesses): (Vec<&str>, Vec<&str>) =
        may.iter().map(|(kind, access)| (*kind, access.as_str())).unzip();
    db.execute(sql, &[&kinds, &accesses]).await
}
