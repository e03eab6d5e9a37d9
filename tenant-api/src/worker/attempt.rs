//! One try of a claimed job, and all that can end it: its own end, its time limit, a panic, somebody
//! who cancels it, the end of the program.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use hotelhub_core::{ids::JobId, trace::TraceContext};
use hotelhub_jobs::{
    outcome::{JobError, Outcome},
    peers::shared::SharedBudgets,
    rows::{self, CRASHES, RunningJob},
};
use hotelhub_tenancy::db::TenantDb;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{kind::Try, registry::Work};

/// How often a long try asks whether it was cancelled.
const ASK: Duration = Duration::from_secs(2);

/// How long a suspect waits for another one to end before its ticket is sent to wait.
const NEXT_SUSPECT: Duration = Duration::from_secs(1);

/// Does tries of one process.
#[derive(Debug)]
pub(super) struct Attempts {
    /// A job that workers died of runs with no other of that sort beside it: whoever dies then died
    /// of that one.
    suspects: Semaphore,
    /// What peers allow all hotels together.
    budgets: Arc<SharedBudgets>,
    /// The program ends before long: what still runs is handed back.
    ending: CancellationToken,
}

impl Attempts {
    pub(super) fn new(budgets: Arc<SharedBudgets>, ending: CancellationToken) -> Self {
        Self { suspects: Semaphore::new(1), budgets, ending }
    }

    pub(super) async fn run(
        &self,
        db: &TenantDb,
        job: &RunningJob,
        kind: &dyn Work,
        trace: TraceContext,
    ) -> Result<Outcome, JobError> {
        if job.crash_count >= CRASHES {
            return Err(JobError::fail("POISON", "three workers ended in the middle of it"));
        }
        self.take_turn(job, kind).await?;
        let cancelled = CancellationToken::new();
        // However the try ends, what it has left running elsewhere is told.
        let _told = cancelled.clone().drop_guard();
        let work = Try { db, job, trace, cancelled: cancelled.clone() };
        let trying = timeout(kind.kind().timeout, AssertUnwindSafe(kind.run(&work)).catch_unwind());
        tokio::select! {
            ended = trying => match ended {
                Ok(Ok(ended)) => ended,
                Ok(Err(panic)) => Err(JobError::retry("PANIC", words_of(&*panic))),
                Err(_elapsed) => Err(too_slow(job)),
            },
            () = is_cancelled(db, job.id) => Err(JobError::cancelled()),
            () = self.ending.cancelled() => Err(JobError::stopping()),
        }
    }

    /// Takes the turn of a suspect, before it is claimed: one that only waited beside another is not
    /// to blame. Most of them are innocent and short, since a kill tears several jobs from a worker.
    pub(super) async fn alone(&self) -> Option<SemaphorePermit<'_>> {
        timeout(NEXT_SUSPECT, self.suspects.acquire()).await.ok()?.ok()
    }

    /// Counts the call of a peer whose budget all hotels share.
    async fn take_turn(&self, job: &RunningJob, kind: &dyn Work) -> Result<(), JobError> {
        let Some(called) = &job.called else { return Ok(()) };
        let peer = kind.peers().iter().find(|it| it.name == called.peer);
        let Some((peer, budget)) = peer.and_then(|it| Some((it, it.shared?))) else {
            return Ok(());
        };
        self.budgets.take(peer, budget, job.id).await.map_err(JobError::budget_spent)
    }
}

/// A job that calls somebody was most likely waiting for that: its peer is silent.
fn too_slow(job: &RunningJob) -> JobError {
    match &job.called {
        Some(called) => {
            JobError::peer_down("TIMEOUT", format!("{} kept silent for too long", called.peer))
        }
        None => JobError::timed_out(),
    }
}

/// Ends when somebody has cancelled the job. A short try never asks.
async fn is_cancelled(db: &TenantDb, job: JobId) {
    loop {
        sleep(ASK).await;
        match ask(db, job).await {
            Some(true) => return,
            Some(false) => {}
            // The next question may be answered.
            None => tracing::debug!(job.id = %job, "it is not known whether the job is cancelled"),
        }
    }
}

async fn ask(db: &TenantDb, job: JobId) -> Option<bool> {
    let connection = db.connect().await.ok()?;
    let is_cancelled = timeout(ASK, rows::is_cancelled(&connection, job)).await.ok()?.ok()?;
    connection.release();
    Some(is_cancelled)
}

/// What a panic said.
fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|it| (*it).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    format!("the try panicked: {}", text.unwrap_or_default())
}
