//! Runs sagas: long work in several databases, of steps that are recorded one by one.
//!
//! What holds:
//!
//! - **One runner at a time works on an operation.** It holds a session lock on its own connection
//!   to the control database; when the process dies, the server frees the lock.
//! - **The first step decides, and nothing else**: after it, and only after it, the record is
//!   flushed to disk. So whatever exists outside bears a name, and lies in a place, that the record
//!   cannot lose.
//! - **All other lines of the record are written while the next step is at work**, and before the
//!   server has flushed them: a run waits for its record once, not once for each step. *Done* is
//!   written only after the step has ended. *Running* may be written later than the step begins,
//!   and a crash of the control database's server may lose the last of these lines, so none of
//!   them is proof that something was not made: undoing undoes *every* step in reverse order, also
//!   one that is recorded as pending or skipped. A line that cannot be written means that the
//!   session, and with it the lock, may be gone: the step at work is dropped at once.
//! - **Only a durable step that is recorded as done is proof** that it, and all before it, need not
//!   be repeated. A runner that takes over repeats every step after the last one of those; a step
//!   that is not durable may leave its commits to be flushed by the next one that is.
//! - **A step that a run has no need of is skipped**, and recorded so with the next line. That it
//!   was skipped is no proof either: whoever takes over asks the facts again.
//! - **Each step can be repeated** after it ran wholly, in part or not at all, and so can each
//!   undoing, also of what never was.
//! - **A transient failure is retried for ever**, a permanent one three times; then everything is
//!   undone in reverse order. Undoing is retried for ever: there is no state in which something is
//!   left behind and nobody works on it.
//! - **A saga may have a point of no return**, the step [`Saga::COMMITS_AT`]. What fails after it is
//!   retried for ever and never undone. That step looks by itself whether an earlier try of it has
//!   committed, since the line that says so may be lost.
//! - While an operation waits for its next try, nobody holds it: a database server that is away
//!   holds up its own operations and no others.
//!
//! What the steps decide (names, ids, places) are the run's *facts*: minted before anything exists,
//! completed by the first step. A later step may only add what it finds out, and finds it out again
//! if its line is lost.
//!
//! What the engine does not do: run steps in parallel, or know any saga. A lock in the control
//! database cannot stop a database server from finishing a statement of a runner that was killed;
//! a saga that works elsewhere takes a lock there, too.

mod drive;
mod failure;
pub(crate) mod progress;
mod record;
mod runner;

use std::{future::Future, time::Duration};

use futures_util::future::BoxFuture;
use hotelhub_core::ids::{OperationId, TenantId};
use serde_json::Value;

pub use self::{failure::StepError, runner::Runner};
use crate::session::Session;

/// What is to be done, as the control plane asked for it.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The operation.
    pub id: OperationId,
    /// The tenant it is about.
    pub tenant: TenantId,
}

impl Operation {
    /// The number of the lock that stands for the operation.
    #[must_use]
    pub fn lock_key(self) -> i64 {
        // The low half of the id is random; its high half is mostly the time.
        let (_, low) = self.id.as_uuid().as_u64_pair();
        low.cast_signed()
    }
}

/// One direction of a step, over the saga's work and the runner's session with the control
/// database.
pub type Action<W> = for<'a> fn(&'a mut W, &'a Session) -> BoxFuture<'a, Result<(), StepError>>;

/// A step and its reverse. Either can be repeated.
pub struct Step<W> {
    /// Its name in the record, which people see while they wait.
    pub name: &'static str,
    /// Whether this run needs it, by what is known when the step before it has ended. The same
    /// facts always give the same answer.
    pub is_needed: fn(&W) -> bool,
    /// Does it.
    pub make: Action<W>,
    /// Undoes it, done, half-done or never begun; `None` where undoing an earlier step takes it
    /// along.
    pub undo: Option<Action<W>>,
    /// Whether what it made, and all that the steps before it made, outlives a crash of any server
    /// once it has ended.
    pub is_durable: bool,
}

impl<W> std::fmt::Debug for Step<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Step").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A kind of operation.
pub trait Saga: Send + 'static {
    /// Its name in `operations.kind`.
    const KIND: &'static str;

    /// The step that cannot be taken back once it has ended: whatever fails after it is tried
    /// again for ever.
    const COMMITS_AT: Option<&'static str> = None;

    /// Whether a step begins while the line that says so is still on its way: a round trip less for
    /// each, where somebody waits for the end.
    const IS_HASTY: bool = false;

    /// How long a run may go on failing for reasons that may pass, before it turns back; `None`: for
    /// ever. A run that stays open keeps everything else from its tenant.
    const PATIENCE: Option<Duration> = None;

    /// What the steps work with: the facts, and sessions that are dropped with it.
    type Work: Send;

    /// How long one try of the step, or of its undoing, may take.
    ///
    /// Most sagas' slowest step copies a template, which takes a tenth of a second on a quiet
    /// server and several on one with much to write.
    #[must_use]
    fn limit(_step: &str) -> Duration {
        Duration::from_secs(60)
    }

    /// The steps in order. The first one changes nothing outside of the facts.
    fn steps(&self) -> &'static [Step<Self::Work>];

    /// The facts of a new run: whatever must be the same in every repetition.
    fn mint_facts(&self) -> Value;

    /// Makes ready for steps, be it the first or a later one.
    fn begin(
        &self,
        control: &Session,
        operation: Operation,
        facts: Value,
    ) -> impl Future<Output = Result<Self::Work, StepError>> + Send;

    /// The facts as they are now.
    fn facts(work: &Self::Work) -> Value;

    /// How the run went, in numbers for people; recorded with its last line.
    fn figures(_work: &Self::Work) -> Value {
        Value::Object(serde_json::Map::new())
    }

    /// Puts away what can be used again; after a failure the work is dropped instead.
    fn end(&self, work: Self::Work) -> impl Future<Output = ()> + Send;
}
