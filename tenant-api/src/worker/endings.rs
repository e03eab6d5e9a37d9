//! Writes down how tries ended. What ends at the same time in one hotel is written together.

use std::{sync::Arc, time::Duration};

use hotelhub_core::{errors::Chain, ids::TenantId};
use hotelhub_jobs::{
    batches::Batches,
    outcome::{Failure, JobError, Outcome},
    peers::{Peer, admission, breaker, fleet::Fleet, shared::SharedBudgets},
    rows::{self, Called, Ending, RunningJob},
    verdict::Verdict,
};
use hotelhub_tenancy::db::{TenantDb, TenantTransaction};
use tokio::time::{Instant, sleep, timeout};

use super::{
    registry::Work,
    setback::{Setback, together},
};
use crate::{app::BOOKKEEPING, moving::is_of_a_move};

/// How long an outcome waits for a connection: within what a lease outlasts a try by.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks for one; each takes its own time as well.
const PAUSE: Duration = Duration::from_millis(200);

/// Whether the claim still stood.
type Stands = Result<bool, Arc<Setback>>;

/// Writes endings of one process.
#[derive(Debug)]
pub(super) struct Endings {
    together: Batches<TenantId, Ending, Stands>,
    fleet: Fleet,
    /// What peers allow all hotels together.
    budgets: Arc<SharedBudgets>,
}

impl Endings {
    pub(super) fn new(most: usize, fleet: Fleet, budgets: Arc<SharedBudgets>) -> Self {
        Self { together: Batches::new(most), fleet, budgets }
    }

    /// Writes how a try ended; whether its claim still stood.
    ///
    /// Waits for a connection as long as the lease lasts: an outcome that is not written is a try
    /// that is done again.
    pub(super) async fn write(
        &self,
        db: &TenantDb,
        job: &RunningJob,
        kind: &dyn Work,
        (ended, verdict): (&Result<Outcome, JobError>, &Verdict),
    ) -> Result<bool, Setback> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.write_once(db, job, kind, (ended, verdict)).await {
                Err(setback) if setback.is_busy() && Instant::now() < end => {
                    sleep(PAUSE).await;
                }
                written => return written,
            }
        }
    }

    async fn write_once(
        &self,
        db: &TenantDb,
        job: &RunningJob,
        kind: &dyn Work,
        (ended, verdict): (&Result<Outcome, JobError>, &Verdict),
    ) -> Result<bool, Setback> {
        let ending = match ended {
            Ok(Outcome::Recorded) if kind.peers().is_empty() => return Ok(true),
            Ok(Outcome::Recorded) => None,
            Ok(Outcome::Done(result)) => Some(Ending::done(job, result.clone())),
            Err(error) => Some(Ending::failed(job, error, verdict.ended.clone())),
        };
        match ending {
            Some(ending) if kind.peers().is_empty() => {
                let run = |endings| write_together(db, endings);
                let stands = self.together.submit(db.tenant(), ending, run).await;
                stands.ok_or(Setback::GivenUp)?.map_err(Setback::Together)
            }
            ending => self.write_with_peer(db, job, kind, (ended, ending)).await,
        }
    }

    async fn write_with_peer(
        &self,
        db: &TenantDb,
        job: &RunningJob,
        kind: &dyn Work,
        (ended, ending): (&Result<Outcome, JobError>, Option<Ending>),
    ) -> Result<bool, Setback> {
        let (peer, error) = (peer_of(job, kind), ended.as_ref().err());
        if let (Some(peer), Some(Failure::RateLimited(after))) =
            (peer, error.map(JobError::failure))
            && peer.shared.is_some()
        {
            // The key that the peer refuses is everybody's.
            self.budgets.block(peer, after).await;
        }
        let mut connection = db.connect().await?;
        let stands = timeout(BOOKKEEPING, async {
            let tx = connection.transaction().await?;
            if let (Some(peer), Some(called)) = (peer, &job.called) {
                self.note(&tx, (peer, called), error).await?;
            }
            let stands = match &ending {
                Some(ending) => rows::finish(&tx, ending).await?,
                None => true,
            };
            tx.commit().await?;
            Ok::<_, tokio_postgres::Error>(stands)
        })
        .await??;
        connection.release();
        Ok(stands)
    }

    /// Notes what the try says about its peer.
    async fn note(
        &self,
        tx: &TenantTransaction<'_>,
        (peer, called): (&Peer, &Called),
        error: Option<&JobError>,
    ) -> Result<(), tokio_postgres::Error> {
        if let Some(Failure::RateLimited(after) | Failure::NotYet(after)) =
            error.map(JobError::failure)
        {
            admission::block(tx, peer.name, called.property, after).await?;
        }
        let Some(reached) = has_reached(error) else { return Ok(()) };
        if self.fleet.note(peer, reached) {
            tracing::error!(peer = peer.name, "ALARM: the peer answers hardly any hotel");
        }
        let change = match (error, reached) {
            (Some(error), false) => breaker::note_down(tx, peer.name, error.code()).await?,
            _ => breaker::note_reached(tx, peer.name).await?,
        };
        match change {
            breaker::Change::None => {}
            breaker::Change::Opened(wait) => {
                metrics::counter!("peer_breakers_opened_total", "peer" => peer.name).increment(1);
                tracing::warn!(peer = peer.name, ?wait, "the peer does not answer: its jobs wait");
            }
            breaker::Change::Closed(released) => {
                tracing::info!(peer = peer.name, released, "the peer answers again");
            }
        }
        Ok(())
    }
}

/// The peer that was called.
fn peer_of(job: &RunningJob, kind: &dyn Work) -> Option<&'static Peer> {
    let called = job.called.as_ref()?;
    kind.peers().iter().find(|it| it.name == called.peer).copied()
}

/// How tries end before the peer was called, or whatever it said.
const OURS: &[&str] = &["DATABASE", "PANIC", "PAYLOAD", "POISON", "UNKNOWN_SCHEMA"];

/// Whether the peer was reached, if the try says anything about that.
fn has_reached(error: Option<&JobError>) -> Option<bool> {
    match error.map(JobError::failure) {
        None | Some(Failure::RateLimited(_)) => Some(true),
        Some(Failure::Retry | Failure::Permanent) => {
            (!error.is_some_and(|it| OURS.contains(&it.code()))).then_some(true)
        }
        Some(Failure::PeerDown) => Some(false),
        Some(Failure::NotYet(_) | Failure::HandedBack | Failure::Cancelled) => None,
    }
}

async fn write_together(db: &TenantDb, endings: Vec<Ending>) -> Vec<Stands> {
    match write_all(db, &endings).await {
        Ok(stand) => stand.into_iter().map(Ok).collect(),
        Err(setback) => together(setback, endings.len()),
    }
}

async fn write_all(db: &TenantDb, endings: &[Ending]) -> Result<Vec<bool>, Setback> {
    let connection = db.connect().await?;
    let stand = timeout(BOOKKEEPING, rows::finish_all(&connection, endings)).await??;
    connection.release();
    Ok(stand)
}

/// What becomes of a job whose try ended so. A try that a move stopped does not count.
pub(super) fn judge(
    job: &RunningJob,
    kind: &dyn Work,
    ended: &Result<Outcome, JobError>,
) -> Verdict {
    match ended {
        Err(error) if is_of_a_move(error) => Verdict::handed_back(),
        ended => Verdict::of(kind.kind(), job.attempt, ended),
    }
}

/// Says how a try ended, once.
pub(super) fn report(ended: &Result<Outcome, JobError>, outcome: &'static str) {
    match ended {
        Ok(_) => tracing::info!(outcome, "the job ended"),
        Err(error) if outcome == "dead" => {
            tracing::error!(outcome, error = %Chain(error), "ALARM: the job is dead");
        }
        Err(error) => tracing::warn!(outcome, error = %Chain(error), "the try failed"),
    }
}
