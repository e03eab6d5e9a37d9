//! Looks at every custom domain again and again.
//!
//! A reconciler: it remembers nothing. Several processes may run side by side: a domain that one has
//! taken is not due for the others for a while, and of two looks at once the later one writes.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{StreamExt as _, stream};
use hotelhub_core::{clock::Clock, errors::Chain, ids::DomainId, tasks::Tasks};
use sea_orm::{DatabaseConnection, DbErr};
use tokio::time::{sleep, timeout};

use super::{Checker, store};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Domains that one process takes and looks at at a time.
const AT_A_TIME: i64 = 64;
const AT_ONCE: usize = 16;
/// Longest time of one look; a domain that was taken is due again after a little longer.
const LOOK: Duration = Duration::from_secs(45);
const TAKEN_FOR: TimeDelta = TimeDelta::minutes(2);

/// What looks again and again.
pub(crate) struct Recheck {
    pub(crate) db: DatabaseConnection,
    pub(crate) clock: Clock,
    pub(crate) checker: Checker,
}

impl Recheck {
    /// Looks until the program stops.
    pub(crate) async fn run(self, tasks: Tasks) {
        loop {
            let pass = tokio::select! {
                pass = self.pass() => pass,
                () = tasks.stopping() => return,
            };
            match pass {
                Ok(looked) if looked > 0 => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(error = %Chain(&error), "no look at domains"),
            }
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                () = tasks.stopping() => return,
            }
        }
    }

    /// Looks at the domains that are due; how many.
    async fn pass(&self) -> Result<usize, DbErr> {
        let now = self.clock.now();
        let due = store::take_due(&self.db, (now, now + TAKEN_FOR), AT_A_TIME).await?;
        let count = due.len();
        stream::iter(due).for_each_concurrent(AT_ONCE, |id| self.look(id)).await;
        Ok(count)
    }

    async fn look(&self, id: DomainId) {
        let outcome = match timeout(LOOK, self.checker.check(&self.db, id)).await {
            Ok(Ok(Some(row))) => row.standing.state.as_str(),
            Ok(Ok(None)) => "released",
            Ok(Err(error)) => {
                tracing::warn!(domain.id = %id, error = %Chain(&error), "a domain was not looked at");
                "error"
            }
            Err(_elapsed) => {
                tracing::warn!(domain.id = %id, "a look at a domain took too long");
                "late"
            }
        };
        metrics::counter!("domain_checks_total", "outcome" => outcome).increment(1);
    }
}
