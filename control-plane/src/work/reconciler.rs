//! Asks for the jobs that are missing, and keeps their tables small.

use std::{sync::Arc, time::Duration};

use deadpool_postgres::Pool;
use hotelhub_core::{clock::Clock, errors::Chain, tasks::Tasks};
use tokio::{sync::Notify, time::timeout};

use super::{Jobs, upkeep::upkeep};
use crate::wakes::Wakes;

/// It looks this often even if nothing woke it.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What looks.
pub(super) struct Reconciler {
    pub(super) jobs: Jobs,
    pub(super) pool: Pool,
    pub(super) clock: Clock,
    /// Changes of routes: a hotel that is ready is one.
    pub(super) wakes: Wakes,
    /// Wakes the runners.
    pub(super) fresh: Arc<Notify>,
}

impl Reconciler {
    /// Looks until the program stops.
    pub(super) async fn run(mut self, tasks: Tasks) {
        loop {
            self.wakes.catch_up();
            if self.ask_for_all().await > 0 {
                continue;
            }
            self.keep_in_order().await;
            tokio::select! {
                () = self.wakes.heard() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = tasks.stopping() => return,
            }
        }
    }

    /// Asks for jobs of every kind; how many. A kind that cannot be asked for holds up no other.
    async fn ask_for_all(&self) -> usize {
        let mut asked_in_all = 0;
        for job in self.jobs.iter() {
            let kind = job.kind().name;
            match timeout(LOOK_EVERY, job.ask(&self.pool, self.clock.now())).await {
                Ok(Ok(0)) => {}
                Ok(Ok(asked)) => {
                    tracing::info!(kind, asked, "asked for jobs");
                    self.fresh.notify_waiters();
                    self.fresh.notify_one();
                    asked_in_all += asked;
                }
                Ok(Err(error)) => tracing::warn!(kind, error = %Chain(&error), "a look failed"),
                Err(_elapsed) => tracing::warn!(kind, "a look took too long"),
            }
        }
        asked_in_all
    }

    async fn keep_in_order(&self) {
        match timeout(LOOK_EVERY, upkeep(&self.pool, self.clock.now())).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = %Chain(&error), "upkeep failed"),
            Err(_elapsed) => tracing::warn!("upkeep took too long"),
        }
    }
}
