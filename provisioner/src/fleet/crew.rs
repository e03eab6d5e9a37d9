//! Those at work on tenants, as many at a time as the order allows.
//!
//! A few more stand ready than may work, so that nobody is idle while the leader writes down what
//! the others did.

use std::{collections::HashSet, sync::Arc};

use hotelhub_core::{ids::TenantId, tasks::Tasks};
use tokio::sync::{Semaphore, mpsc};
use tokio_postgres::Config as Login;
use tokio_util::sync::CancellationToken;

use super::{
    migrate::{self, Ending},
    tenants::Due,
};

/// For each that works, how many there are with those that stand ready.
const READY_FOR_EACH: usize = 4;

/// What came of a tenant's turn; `None` if it was not begun.
pub(super) type Answer = (Due, Option<Ending>);

/// The crew of one run. Whoever has not begun when it is dropped does not begin any more.
#[derive(Debug)]
pub(super) struct Crew {
    version: i32,
    size: usize,
    permits: Arc<Semaphore>,
    dismissed: CancellationToken,
    tasks: Tasks,
    at_work: HashSet<TenantId>,
    sender: mpsc::UnboundedSender<Answer>,
    answers: mpsc::UnboundedReceiver<Answer>,
}

/// Answers when it is dropped, whatever became of its task.
struct Turn {
    due: Due,
    ending: Option<Ending>,
    sender: mpsc::UnboundedSender<Answer>,
}

impl Turn {
    fn end(&mut self, ending: Ending) {
        self.ending = Some(ending);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Nobody listens any more when the leader has gone.
        drop(self.sender.send((self.due, self.ending.take())));
    }
}

impl Crew {
    /// A crew of `size` that brings tenants to `version`.
    pub(super) fn new(size: usize, version: i32, tasks: Tasks) -> Self {
        let (sender, answers) = mpsc::unbounded_channel();
        Self {
            version,
            size,
            permits: Arc::new(Semaphore::new(size)),
            dismissed: CancellationToken::new(),
            tasks,
            at_work: HashSet::new(),
            sender,
            answers,
        }
    }

    /// Those who have a turn now.
    pub(super) fn at_work(&self) -> Vec<TenantId> {
        self.at_work.iter().copied().collect()
    }

    /// How many more may be given a turn; `None` while enough stand ready.
    pub(super) fn room(&self) -> Option<i64> {
        let room = (self.size * READY_FOR_EACH).saturating_sub(self.at_work.len());
        (room >= self.size).then(|| i64::try_from(room).unwrap_or(i64::MAX))
    }

    /// Gives a tenant its turn; `login` leads into its database as the role that owns it.
    pub(super) fn take_on(&mut self, due: Due, login: Login) {
        self.at_work.insert(due.tenant);
        let mut turn = Turn { due, ending: None, sender: self.sender.clone() };
        let (permits, dismissed) = (self.permits.clone(), self.dismissed.clone());
        let (version, tasks) = (self.version, self.tasks.clone());
        self.tasks.spawn("fleet migration of a tenant", async move {
            // Closed never, cancelled when the crew is dismissed.
            let permit = dismissed.run_until_cancelled(permits.acquire()).await;
            if permit.is_some() && !dismissed.is_cancelled() {
                turn.end(migrate::migrate(&login, version, &tasks).await);
            }
        });
    }

    /// Waits for answers, and gives all that are there. Waits for ever if nobody is at work.
    pub(super) async fn answers(&mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        self.answers.recv_many(&mut answers, self.size * READY_FOR_EACH).await;
        for (due, _) in &answers {
            self.at_work.remove(&due.tenant);
        }
        answers
    }

    /// Lets those at work end, and nobody else begin. Gives what is left to write down, and
    /// nothing when everybody has ended.
    pub(super) async fn wind_up(&mut self) -> Vec<Answer> {
        self.dismissed.cancel();
        if self.at_work.is_empty() { Vec::new() } else { self.answers().await }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.dismissed.cancel();
    }
}
