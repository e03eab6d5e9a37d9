//! Turns at a tenant's connections: one at first, and one more when a queue forms or somebody has
//! waited for long.
//!
//! To open a connection costs a server as much as a hundred small queries, and a thousand hotels
//! share what it has of them. So two requests that meet by chance use the same one after each other,
//! and a hotel that has become quiet goes back to one.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

/// Whoever has waited for so many times the patience needs another connection, be it alone: something
/// slow is at work.
const LONG: u32 = 8;

/// Whoever holds it may use one of the tenant's connections.
pub(crate) type Turn = OwnedSemaphorePermit;

/// Why nobody's turn came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoTurn {
    /// All connections stayed in use.
    TooLate,
    /// The pool was closed.
    Closed,
}

/// The turns at one tenant's connections. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    permits: Arc<Semaphore>,
    count: Arc<Mutex<usize>>,
    waiting: Arc<AtomicUsize>,
    most: usize,
    patience: Duration,
}

impl Turns {
    /// One turn, and up to `most`: one more for a queue that stands for as long as `patience`.
    pub(crate) fn new(most: usize, patience: Duration) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(1)),
            count: Arc::new(Mutex::new(1)),
            waiting: Arc::default(),
            most,
            patience,
        }
    }

    /// Waits for a turn, at most for `limit`; in order of arrival. `open` says how many connections
    /// there are: while one is still being opened, a second one would only make both slower.
    pub(crate) async fn take(
        &self,
        limit: Duration,
        open: impl Fn() -> usize,
    ) -> Result<Turn, NoTurn> {
        if let Ok(turn) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(turn);
        }
        let _waits = Waits::begin(&self.waiting);
        let end = Instant::now() + limit;
        let mut turn = std::pin::pin!(Arc::clone(&self.permits).acquire_owned());
        let mut waited = 0;
        while Instant::now() < end {
            if let Ok(turn) = timeout(self.patience, &mut turn).await {
                return turn.map_err(|_closed| NoTurn::Closed);
            }
            waited += 1;
            self.grow(open(), waited >= LONG);
        }
        Err(NoTurn::TooLate)
    }

    /// Nobody gets a turn any more, those who wait included.
    pub(crate) fn close(&self) {
        self.permits.close();
    }

    /// Goes back to `count` turns, as far as nobody is at them.
    pub(crate) fn shrink_to(&self, count: usize) {
        let mut now = self.count();
        let excess = now.saturating_sub(count.max(1));
        *now -= self.permits.forget_permits(excess);
    }

    fn grow(&self, open: usize, is_long: bool) {
        let mut count = self.count();
        let is_queue = self.waiting.load(Ordering::Relaxed) > *count;
        if *count <= open && *count < self.most && (is_queue || is_long) {
            *count += 1;
            self.permits.add_permits(1);
        }
    }

    fn count(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits, until they get a turn or go away.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn begin(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(1);
    const PATIENCE: Duration = Duration::from_millis(15);

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_long_gets_another_one_up_to_the_most() {
        let turns = Turns::new(2, PATIENCE);
        let first = turns.take(LIMIT, || 1).await.unwrap();
        let second = turns.take(LIMIT, || 1).await.unwrap();
        assert_eq!(turns.take(LIMIT, || 1).await.unwrap_err(), NoTurn::TooLate);
        drop((first, second));
        turns.shrink_to(1);
        let _alone = turns.take(LIMIT, || 1).await.unwrap();
        assert_eq!(turns.permits.available_permits(), 0, "one was taken back");
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_gets_another_one_soon() {
        let turns = Turns::new(4, PATIENCE);
        let began = Instant::now();
        let take = async || {
            let _turn = turns.take(LIMIT, || 1).await.unwrap();
            tokio::time::sleep(PATIENCE * 2).await;
            began.elapsed()
        };
        let (_, second, third) = tokio::join!(take(), take(), take());
        assert!(second.min(third) < PATIENCE * 4, "the two who waited were a queue");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_a_moment_gets_the_first_one() {
        let turns = Turns::new(4, PATIENCE);
        let first = turns.take(LIMIT, || 1).await.unwrap();
        let waiting = turns.take(LIMIT, || 1);
        let leaving = async {
            tokio::time::sleep(PATIENCE / 2).await;
            drop(first);
        };
        let (second, ()) = tokio::join!(waiting, leaving);
        assert!(second.is_ok());
        assert_eq!(*turns.count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_opened_beside_a_connection_that_is_being_opened() {
        let turns = Turns::new(4, PATIENCE);
        let _first = turns.take(LIMIT, || 0).await.unwrap();
        assert_eq!(turns.take(LIMIT, || 0).await.unwrap_err(), NoTurn::TooLate);
        assert_eq!(*turns.count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_close_ends_the_wait_and_a_turn_at_work_is_not_taken_away() {
        let turns = Turns::new(2, PATIENCE);
        let first = turns.take(LIMIT, || 1).await.unwrap();
        let second = turns.take(LIMIT, || 1).await.unwrap();
        turns.shrink_to(1);
        assert_eq!(*turns.count(), 2, "both are in use");
        let (refused, ()) = tokio::join!(turns.take(LIMIT, || 1), async { turns.close() });
        assert_eq!(refused.unwrap_err(), NoTurn::Closed);
        drop((first, second));
    }
}
