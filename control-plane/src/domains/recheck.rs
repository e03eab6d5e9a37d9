//! Looks at every custom domain again and again.
//!
//! A reconciler: it remembers nothing. Several processes may run side by side: a domain that one has
//! taken is not due for the others for a while, and of two looks at once the one that was begun later
//! has the last word. A look that takes long holds one place and keeps nobody else waiting.

use std::{future::Future, sync::Arc, time::Duration};

use chrono::TimeDelta;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use hotelhub_core::{clock::Clock, errors::Chain, ids::DomainId, tasks::Tasks};
use sea_orm::{DatabaseConnection, DbErr};
use tokio::time::{sleep, timeout};

use super::{Checker, store};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Domains that one process looks at at a time.
const PLACES: usize = 16;
/// Longest time of one look, the database's part included; a domain that was taken is due again
/// after a little longer.
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
        let this = Arc::new(self);
        let looks = keep_busy(|free| {
            let this = Arc::clone(&this);
            async move {
                let due = match this.take(free).await {
                    Ok(due) => due,
                    Err(error) => {
                        tracing::warn!(error = %Chain(&error), "no look at domains");
                        Vec::new()
                    }
                };
                due.into_iter().map(|id| Arc::clone(&this).look(id)).collect()
            }
        });
        tokio::select! {
            () = looks => {}
            () = tasks.stopping() => {}
        }
    }

    /// Takes at most so many domains that are due.
    async fn take(&self, most: usize) -> Result<Vec<DomainId>, DbErr> {
        let now = self.clock.now();
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        store::take_due(&self.db, (now, now + TAKEN_FOR), most).await
    }

    async fn look(self: Arc<Self>, id: DomainId) {
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

/// Runs what `take` gives, which is told how many places are free. A place is filled again as soon as
/// what was in it ends. Never ends.
async fn keep_busy<Taken, Look>(mut take: impl FnMut(usize) -> Taken)
where
    Taken: Future<Output = Vec<Look>>,
    Look: Future<Output = ()>,
{
    let mut running = FuturesUnordered::new();
    loop {
        let free = PLACES.saturating_sub(running.len());
        if free > 0 {
            running.extend(take(free).await);
        }
        let is_full = running.len() >= PLACES;
        tokio::select! {
            Some(()) = running.next() => {}
            () = sleep(LOOK_EVERY), if !is_full => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::pending,
        pin::Pin,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use tokio::sync::Notify;

    use super::*;

    const LOOKS: usize = 100;

    type Look<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

    #[tokio::test]
    async fn looks_that_never_end_hold_their_places_and_no_other() {
        let (looked, done) = (AtomicUsize::new(0), Notify::new());
        let mut asked = Vec::new();
        let busy = keep_busy(|free| {
            let looked = &looked;
            let mut due: Vec<Look<'_>> = Vec::new();
            if looked.load(Ordering::Relaxed) < LOOKS {
                due.push(Box::pin(async move {
                    looked.fetch_add(1, Ordering::Relaxed);
                }));
            } else {
                // Nothing is due any more.
                done.notify_one();
            }
            if asked.is_empty() {
                due.extend((1..free).map(|_| Box::pin(pending()) as Look<'_>));
            }
            asked.push(free);
            std::future::ready(due)
        });

        tokio::select! {
            () = busy => {}
            () = done.notified() => {}
        }

        assert_eq!(looked.load(Ordering::Relaxed), LOOKS);
        assert_eq!(asked.first(), Some(&PLACES));
        assert!(asked.iter().skip(1).all(|it| *it == 1), "never more than there are places");
    }
}
