//! Claims the platform's own jobs and does them, one after the other.

use std::{sync::Arc, time::Duration};

use deadpool_postgres::{Object, Pool};
use hotelhub_core::{errors::Chain, tasks::Tasks};
use hotelhub_jobs::{
    kind::Kind,
    outcome::{JobError, Outcome},
    rows::{self, Ending, RunningJob},
    verdict::Verdict,
};
use tokio::{
    sync::Notify,
    time::{error::Elapsed, timeout},
};

use super::{DATABASE_TIMEOUT, Jobs, job::PlatformJob};

/// A retry that is due, or another process's job, is found by looking.
const POLL_EVERY: Duration = Duration::from_secs(1);

/// What a runner could not do; it tries again.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error("connect to run jobs")]
    Connect(#[from] deadpool_postgres::PoolError),
    #[error("claim or finish a job")]
    Database(#[from] tokio_postgres::Error),
    #[error("claim or finish a job in time")]
    Slow(#[from] Elapsed),
}

/// What does jobs.
pub(super) struct Runner {
    /// Whose the leases are.
    pub(super) name: String,
    pub(super) jobs: Jobs,
    pub(super) pool: Pool,
    /// There are new jobs.
    pub(super) fresh: Arc<Notify>,
}

impl Runner {
    /// Does jobs until the program stops.
    pub(super) async fn run(self, tasks: Tasks) {
        while !tasks.stop_token().is_cancelled() {
            match self.run_next().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(error = %Chain(&error), "no jobs for a moment"),
            }
            tokio::select! {
                () = self.fresh.notified() => {}
                () = tokio::time::sleep(POLL_EVERY) => {}
                () = tasks.stopping() => return,
            }
        }
    }

    /// Does the next job that is due; `false` if there is none.
    async fn run_next(&self) -> Result<bool, RunError> {
        let Some(row) = self.claim().await? else { return Ok(false) };
        let job = self.jobs.iter().find(|it| it.kind().name == row.kind);
        let (name, ended, verdict) = match job {
            Some(job) => {
                let ended = attempt(&**job, &row).await;
                let verdict = Verdict::of(job.kind(), row.attempt, &ended);
                (job.kind().name, ended, verdict)
            }
            None => {
                let why = format!("no handler for `{}`", row.kind);
                ("unknown", Err(JobError::fail("UNKNOWN_KIND", why)), Verdict::dead())
            }
        };
        let outcome = verdict.ended.name();
        metrics::counter!("job_attempts_total", "kind" => name, "outcome" => outcome).increment(1);
        report(&row, &ended, outcome);
        if !self.finish(&row, ended, verdict).await? {
            tracing::warn!(job.id = %row.id, "the lease was lost; somebody else has the job");
        }
        Ok(true)
    }

    async fn claim(&self) -> Result<Option<RunningJob>, RunError> {
        // It stands for longer than a try of any of these jobs.
        let lease = self.jobs.iter().map(|it| it.kind().lease()).max().unwrap_or_default();
        let client = self.pool.get().await?;
        let claiming = rows::claim_next(&**client, &self.name, lease);
        match timeout(DATABASE_TIMEOUT, claiming).await {
            Ok(claimed) => Ok(claimed?),
            Err(elapsed) => Err(give_up(client, elapsed)),
        }
    }

    /// Writes down what came of a job; `false` if somebody else has it by now.
    async fn finish(
        &self,
        row: &RunningJob,
        ended: Result<Outcome, JobError>,
        verdict: Verdict,
    ) -> Result<bool, RunError> {
        let ending = match ended {
            Ok(Outcome::Recorded) => return Ok(true),
            Ok(Outcome::Done(result)) => Ending::done(row, result),
            Err(error) => Ending::failed(row, &error, verdict.ended),
        };
        let client = self.pool.get().await?;
        let finishing = timeout(DATABASE_TIMEOUT, rows::finish(&**client, &ending)).await;
        match finishing {
            Ok(stands) => Ok(stands?),
            Err(elapsed) => Err(give_up(client, elapsed)),
        }
    }
}

async fn attempt(job: &dyn PlatformJob, row: &RunningJob) -> Result<Outcome, JobError> {
    if row.crash_count >= rows::CRASHES {
        return Err(JobError::fail("POISON", "too many workers died of this job"));
    }
    let Kind { timeout: patience, .. } = *job.kind();
    timeout(patience, job.attempt(row)).await.unwrap_or_else(|_elapsed| Err(JobError::timed_out()))
}

fn report(row: &RunningJob, ended: &Result<Outcome, JobError>, outcome: &'static str) {
    let Err(error) = ended else { return };
    let error = Chain(error);
    let RunningJob { id, kind, attempt, .. } = row;
    if outcome == "dead" {
        tracing::error!(job.id = %id, job.kind = %kind, job.attempt = attempt, %error, "ALARM: the job is dead");
    } else {
        tracing::warn!(job.id = %id, job.kind = %kind, job.attempt = attempt, outcome, %error, "a try failed");
    }
}

/// Nobody may get a connection again whose statement still runs.
fn give_up(client: Object, elapsed: Elapsed) -> RunError {
    drop(Object::take(client));
    elapsed.into()
}
