//! Takes one operation as far as it goes: to its end, to a wait, or back.

use std::time::{Duration, Instant};

use futures_util::future::{join, try_join};
use hotelhub_core::{errors::Chain, ids::OperationId};
use serde_json::Value;
use tokio_postgres::Error;
use tokio_util::sync::CancellationToken;

use super::{
    Action, Operation, Saga, Step, StepError,
    record::{self, Flush, Line, RecordedStep, Run, RunState, StepState},
};
use crate::session::Session;

/// Permanent failures of one step before everything is undone.
const TRIES: i32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How far it went.
#[derive(Debug)]
pub(super) enum Ending {
    /// The operation is done or undone.
    Settled,
    /// It waits for its next try.
    Waits(Duration),
    /// It turns back at once.
    TurnsBack,
    /// The program stops; the record is in order.
    Stopped,
}

/// An operation that this runner holds.
pub(super) struct Drive<'a, S: Saga> {
    pub(super) saga: &'a S,
    pub(super) control: &'a Session,
    pub(super) stop: &'a CancellationToken,
    pub(super) operation: Operation,
    /// Nobody had begun it when it was found.
    pub(super) is_new: bool,
}

impl<S: Saga> Drive<'_, S> {
    /// Goes on from the record. An error is one of the control database: nothing is known then,
    /// and whoever takes the operation next goes on.
    pub(super) async fn go(&self) -> Result<Ending, Error> {
        let steps = self.saga.steps();
        let names: Vec<&str> = steps.iter().map(|it| it.name).collect();
        let (run, begun) = self.find_or_insert_run(&names).await?;
        if run.state == RunState::Settled {
            return Ok(Ending::Settled);
        }
        if run.steps.iter().map(|it| &it.name).ne(&names) {
            let other = StepError::NotYet("the run was begun by another version".to_owned());
            return self.wait(&run, i32::MAX, &other).await;
        }
        let begun = match begun {
            Some(begun) => begun,
            None => self.begin(run.facts.clone()).await,
        };
        let mut work = match begun {
            Ok(work) => work,
            Err(error) => return self.wait(&run, i32::MAX, &error).await,
        };
        let ending = match run.state {
            RunState::Undoing => self.undo(steps, &run, &mut work).await?,
            RunState::Forward | RunState::Settled => self.make(steps, &run, &mut work).await?,
        };
        // After a failure a session may be in the middle of anything: it goes with the work.
        if matches!(ending, Ending::Settled | Ending::Stopped) {
            self.saga.end(work).await;
        }
        Ok(ending)
    }

    /// The run; and if it is a new one, what its steps work with, which was made meanwhile.
    async fn find_or_insert_run(
        &self,
        names: &[&str],
    ) -> Result<(Run, Option<Result<S::Work, StepError>>), Error> {
        // Most are new, and then looking first would be a question too many.
        let mut may_exist = !self.is_new;
        loop {
            if may_exist && let Some(run) = record::find(self.control, self.id()).await? {
                return Ok((run, None));
            }
            may_exist = true;
            let facts = self.saga.mint_facts();
            let insert = record::insert(self.control, &self.operation, facts.clone(), names);
            let (run, begun) = join(insert, self.begin(facts)).await;
            if let Some(run) = run? {
                return Ok((run, Some(begun)));
            }
        }
    }

    async fn begin(&self, facts: Value) -> Result<S::Work, StepError> {
        self.saga.begin(self.control, self.operation, facts).await
    }

    async fn make(
        &self,
        steps: &[Step<S::Work>],
        run: &Run,
        work: &mut S::Work,
    ) -> Result<Ending, Error> {
        let mut line = Line::default();
        for (step, recorded) in steps.iter().zip(&run.steps).skip(count_proven(steps, run)) {
            if !(step.is_needed)(work) {
                line.skipped.push(recorded.position);
                continue;
            }
            let facts = S::facts(work);
            if self.stop.is_cancelled() {
                self.advance(&facts, &line, Flush::Later).await?;
                return Ok(Ending::Stopped);
            }
            line.next = Some(recorded.position);
            let outcome = if recorded.is_begun {
                self.act(step.name, "make", step.make, work).await
            } else if line.done == Some(0) || !S::IS_HASTY {
                // The first step has decided: what follows acts on it outside.
                let flush = if line.done == Some(0) { Flush::Now } else { Flush::Later };
                self.advance(&facts, &line, flush).await?;
                self.act(step.name, "make", step.make, work).await
            } else {
                // If the line cannot be written, the lock is gone with the session: the step is
                // dropped where it is, for another runner may be at it.
                let act = async { Ok(self.act(step.name, "make", step.make, work).await) };
                try_join(self.advance(&facts, &line, Flush::Later), act).await?.1
            };
            if let Err(error) = outcome {
                // The count is that of the step which failed last: this one, if it was tried.
                let failures = if recorded.attempts > 0 { run.failures } else { 0 };
                return self.failed(recorded, failures, &error).await;
            }
            line = Line { done: Some(recorded.position), ..Line::default() };
        }
        record::finish(self.control, &self.operation, &line, &S::figures(work)).await?;
        self.settled("done");
        Ok(Ending::Settled)
    }

    async fn advance(&self, facts: &Value, line: &Line, flush: Flush) -> Result<(), Error> {
        record::advance(self.control, &self.operation, facts, line, flush).await
    }

    async fn undo(
        &self,
        steps: &[Step<S::Work>],
        run: &Run,
        work: &mut S::Work,
    ) -> Result<Ending, Error> {
        let mut undone = None;
        for (step, recorded) in steps.iter().zip(&run.steps).rev() {
            if recorded.state == StepState::Undone {
                continue;
            }
            if self.stop.is_cancelled() {
                record::retreat(self.control, self.id(), undone, None).await?;
                return Ok(Ending::Stopped);
            }
            record::retreat(self.control, self.id(), undone, Some(recorded.position)).await?;
            if let Some(undo) = step.undo
                && let Err(error) = self.act(step.name, "undo", undo, work).await
            {
                return Ok(self.pause(recorded, run.failures, &error).await?.0);
            }
            undone = Some(recorded.position);
        }
        record::retreat(self.control, self.id(), undone, None).await?;
        record::finish_undone(self.control, &self.operation).await?;
        self.settled("undone");
        Ok(Ending::Settled)
    }

    async fn act(
        &self,
        name: &'static str,
        direction: &'static str,
        action: Action<S::Work>,
        work: &mut S::Work,
    ) -> Result<(), StepError> {
        let began = Instant::now();
        let limit = S::limit(name);
        let outcome = tokio::time::timeout(limit, action(work, self.control))
            .await
            .unwrap_or(Err(StepError::TooLong(limit.as_secs())));
        metrics::histogram!("operation_step_seconds", "step" => name, "direction" => direction)
            .record(began.elapsed());
        if let Err(error) = &outcome {
            let transient = if error.is_transient() { "yes" } else { "no" };
            metrics::counter!("operation_step_failures_total", "step" => name, "transient" => transient)
                .increment(1);
            tracing::warn!(
                operation.id = %self.id(), tenant.id = %self.operation.tenant, step = name,
                direction, transient, error = %Chain(error), "a step failed"
            );
        }
        outcome
    }

    /// A step failed on the way forward: it is tried again, or the run turns back.
    async fn failed(
        &self,
        step: &RecordedStep,
        failures: i32,
        error: &StepError,
    ) -> Result<Ending, Error> {
        let counts = !error.is_transient() && !self.is_past_return(step);
        let failures = if counts { failures + 1 } else { failures };
        if failures < TRIES {
            let (ending, failing) = self.pause(step, failures, error).await?;
            let is_long = S::PATIENCE.is_some_and(|patience| failing > patience);
            if !is_long || self.is_past_return(step) {
                return Ok(ending);
            }
        }
        let text = Chain(error).to_string();
        record::turn_back(self.control, &self.operation, &text).await?;
        tracing::error!(
            operation.id = %self.id(), tenant.id = %self.operation.tenant, step = step.name,
            error = %Chain(error), "an operation cannot succeed and is undone"
        );
        Ok(Ending::TurnsBack)
    }

    /// Whether the step comes after the one that cannot be taken back.
    fn is_past_return(&self, step: &RecordedStep) -> bool {
        let steps = self.saga.steps();
        let commit = steps.iter().position(|it| Some(it.name) == S::COMMITS_AT);
        let here = steps.iter().position(|it| it.name == step.name);
        commit.is_some_and(|commit| here > Some(commit))
    }

    /// Leaves the step to a later try; tells for how long none has succeeded.
    async fn pause(
        &self,
        step: &RecordedStep,
        failures: i32,
        error: &StepError,
    ) -> Result<(Ending, Duration), Error> {
        let pause = pause_after(step.attempts);
        let text = Chain(error).to_string();
        let failing = record::wait(self.control, self.id(), failures, pause, &text).await?;
        Ok((Ending::Waits(pause), failing))
    }

    /// Nothing could be begun at all.
    async fn wait(&self, run: &Run, attempts: i32, error: &StepError) -> Result<Ending, Error> {
        tracing::warn!(
            operation.id = %self.id(), tenant.id = %self.operation.tenant,
            error = %Chain(error), "an operation cannot go on"
        );
        let pause = pause_after(attempts);
        let text = Chain(error).to_string();
        record::wait(self.control, self.id(), run.failures, pause, &text).await?;
        Ok(Ending::Waits(pause))
    }

    fn settled(&self, outcome: &'static str) {
        metrics::counter!("operations_total", "kind" => S::KIND, "outcome" => outcome).increment(1);
        tracing::info!(
            operation.id = %self.id(), tenant.id = %self.operation.tenant, kind = S::KIND,
            outcome, "an operation has ended"
        );
    }

    const fn id(&self) -> OperationId {
        self.operation.id
    }
}

/// How many steps need not be repeated: all up to the last durable one that is done. One that was
/// skipped proves nothing: whether it is needed is asked of the facts again.
fn count_proven<W>(steps: &[Step<W>], run: &Run) -> usize {
    let is_proof = |(step, recorded): (&Step<W>, &RecordedStep)| {
        step.is_durable && recorded.state == StepState::Done
    };
    steps.iter().zip(&run.steps).rposition(is_proof).map_or(0, |last| last + 1)
}

/// Doubles with each attempt that went before.
fn pause_after(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts).unwrap_or(0).min(16);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_a_fifth_of_a_second_to_fifteen() {
        assert_eq!(pause_after(0), Duration::from_millis(200));
        assert_eq!(pause_after(3), Duration::from_millis(1_600));
        assert_eq!(pause_after(i32::MAX), Duration::from_secs(15));
    }
}
