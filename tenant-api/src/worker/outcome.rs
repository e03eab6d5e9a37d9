//! Writes down how a try ended.

use hotelhub_core::errors::Chain;
use hotelhub_jobs::{
    consumer::Settled,
    kind::{Kind, Wait, WaitQueue},
    outcome::{JobError, Outcome},
    rows::{self, RunningJob},
};
use hotelhub_tenancy::db::TenantDb;
use tokio::time::timeout;

use super::dispatch::Setback;
use crate::{app::BOOKKEEPING, moving::is_of_a_move};

/// Writes the outcome of a try: whether the claim still stood, what becomes of the ticket, and how
/// it is called.
pub(super) async fn write_outcome(
    db: &TenantDb,
    job: &RunningJob,
    kind: &Kind,
    ended: &Result<Outcome, JobError>,
) -> Result<(bool, Settled, &'static str), Setback> {
    let connection = db.connect().await?;
    let written = timeout(BOOKKEEPING, async {
        Ok::<_, tokio_postgres::Error>(match ended {
            Ok(Outcome::Recorded) => (true, Settled::Finished, "done"),
            Ok(Outcome::Done(result)) => {
                (rows::finish_done(&connection, job, result).await?, Settled::Finished, "done")
            }
            Err(error) if is_of_a_move(error) => {
                let wait = Wait::S2.with_jitter();
                let stands = rows::hand_back(&connection, job, wait.time()).await?;
                (stands, Settled::Again(wait), "handed_back")
            }
            Err(error) => match wait_after(error, kind, job.attempt) {
                Some(wait) => (
                    rows::finish_retry(&connection, job, error, wait.time()).await?,
                    Settled::Again(wait),
                    "retry",
                ),
                None => {
                    (rows::finish_dead(&connection, job, error).await?, Settled::Finished, "dead")
                }
            },
        })
    })
    .await??;
    connection.release();
    Ok(written)
}

fn wait_after(error: &JobError, kind: &Kind, attempt: i32) -> Option<WaitQueue> {
    if error.is_permanent() { None } else { kind.wait_after(attempt).map(Wait::with_jitter) }
}

pub(super) fn report(ended: &Result<Outcome, JobError>, outcome: &'static str) {
    match ended {
        Ok(_) => tracing::info!(outcome, "the job ended"),
        Err(error) if outcome == "dead" => {
            tracing::error!(outcome, error = %Chain(error), "ALARM: the job is dead");
        }
        Err(error) => tracing::warn!(outcome, error = %Chain(error), "the try failed"),
    }
}
