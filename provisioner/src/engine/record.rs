//! The record of runs: every statement on `operation_runs` and `operation_steps`.

use std::time::Duration;

use hotelhub_core::{ids::OperationId, sql::Query as _};
use serde_json::Value;
use tokio_postgres::Error;

use super::Operation;
use crate::session::Session;

/// Which way a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunState {
    Forward,
    Undoing,
    Settled,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepState {
    Pending,
    Running,
    Done,
    Skipped,
    Undoing,
    Undone,
}

/// A step as it is recorded.
#[derive(Debug)]
pub(super) struct RecordedStep {
    pub(super) position: i32,
    pub(super) name: String,
    pub(super) state: StepState,
    pub(super) attempts: i32,
    /// Its run was inserted just now, with the line that says that this step runs.
    pub(super) is_begun: bool,
}

/// One line of the record on the way forward.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// The step that has ended.
    pub(super) done: Option<i32>,
    /// Those after it that this run has no need of.
    pub(super) skipped: Vec<i32>,
    /// The one that runs now.
    pub(super) next: Option<i32>,
}

/// A run as it is recorded.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) state: RunState,
    pub(super) facts: Value,
    /// Permanent failures of the step at hand.
    pub(super) failures: i32,
    pub(super) steps: Vec<RecordedStep>,
}

impl Run {
    fn new(facts: Value, names: &[&str]) -> Self {
        let steps = (0..).zip(names).map(|(position, name)| RecordedStep {
            position,
            name: (*name).to_owned(),
            state: if position == 0 { StepState::Running } else { StepState::Pending },
            attempts: 0,
            is_begun: position == 0,
        });
        Self { state: RunState::Forward, facts, failures: 0, steps: steps.collect() }
    }
}

/// An operation that waits for a runner.
pub(super) struct Open {
    pub(super) operation: Operation,
    /// It had no run when it was looked at.
    pub(super) is_new: bool,
}

/// The operations of this kind that could be worked on now, the oldest first; those that have failed
/// come last, so that they hold up nobody.
pub(super) async fn list_open(control: &Session, kind: &str) -> Result<Vec<Open>, Error> {
    let rows = control
        .query(
            "SELECT o.id, o.tenant_id, r.operation_id IS NULL FROM operations o
             LEFT JOIN operation_runs r ON r.operation_id = o.id
             WHERE o.settled_at IS NULL AND o.kind = $1
               AND (r.retry_at IS NULL OR r.retry_at <= clock_timestamp())
             ORDER BY r.retry_at NULLS FIRST, o.requested_at LIMIT 100",
            &[&kind],
        )
        .await?;
    let open = |it: &tokio_postgres::Row| {
        let operation = Operation { id: it.try_get(0)?, tenant: it.try_get(1)? };
        Ok(Open { operation, is_new: it.try_get(2)? })
    };
    rows.iter().map(open).collect()
}

/// Takes the operation for this session, unless another one has it.
pub(super) async fn try_lock(control: &Session, operation: Operation) -> Result<bool, Error> {
    let key = operation.lock_key();
    control.query_one("SELECT pg_try_advisory_lock($1)", &[&key]).await?.try_get(0)
}

/// Lets go of the operation.
pub(super) async fn unlock(control: &Session, operation: Operation) -> Result<(), Error> {
    let key = operation.lock_key();
    control.query_one("SELECT pg_advisory_unlock($1)", &[&key]).await.map(drop)
}

/// Records a new run whose first step runs; `None` if there is one already. The caller holds the
/// lock. The line need not outlive a crash: nothing was made yet.
pub(super) async fn insert(
    control: &Session,
    operation: &Operation,
    facts: Value,
    names: &[&str],
) -> Result<Option<Run>, Error> {
    let inserted = control
        .execute(
            "WITH run AS (
               INSERT INTO operation_runs (operation_id, state, facts)
               SELECT $1::uuid, 'forward', $2::jsonb
               FROM set_config('synchronous_commit', 'off', true),
                 pg_notify('operation_steps', $4::uuid::text)
               ON CONFLICT DO NOTHING
               RETURNING operation_id
             )
             INSERT INTO operation_steps
               (operation_id, position, name, state, attempts, started_at)
             SELECT operation_id, number - 1, name,
               CASE number WHEN 1 THEN 'running' ELSE 'pending' END,
               CASE number WHEN 1 THEN 1 ELSE 0 END,
               CASE number WHEN 1 THEN clock_timestamp() END
             FROM run, unnest($3::text[]) WITH ORDINALITY AS step (name, number)",
            &[&operation.id, &facts, &names, &operation.tenant],
        )
        .await?;
    Ok((inserted > 0).then(|| Run::new(facts, names)))
}

/// The run as it stands, if there is one.
pub(super) async fn find(control: &Session, operation: OperationId) -> Result<Option<Run>, Error> {
    let rows = control
        .query(
            "SELECT r.state, r.facts, r.failures, s.position, s.name, s.state, s.attempts
             FROM operation_runs r JOIN operation_steps s USING (operation_id)
             WHERE r.operation_id = $1 ORDER BY s.position",
            &[&operation],
        )
        .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let state = match first.try_get(0)? {
        "forward" => RunState::Forward,
        "undoing" => RunState::Undoing,
        _ => RunState::Settled,
    };
    let mut run =
        Run { state, facts: first.try_get(1)?, failures: first.try_get(2)?, steps: Vec::new() };
    for row in &rows {
        let state = match row.try_get(5)? {
            "running" => StepState::Running,
            "done" => StepState::Done,
            "skipped" => StepState::Skipped,
            "undoing" => StepState::Undoing,
            "undone" => StepState::Undone,
            _ => StepState::Pending,
        };
        run.steps.push(RecordedStep {
            position: row.try_get(3)?,
            name: row.try_get(4)?,
            state,
            attempts: row.try_get(6)?,
            is_begun: false,
        });
    }
    Ok(Some(run))
}

/// Whether a line of the record is waited for until it is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flush {
    /// As the server is set up.
    Now,
    /// With whatever is flushed next, or a fraction of a second later.
    Later,
}

/// Records in one statement that a step is done, which of the next ones are skipped, and which one
/// runs. One that an earlier try has done stays so.
pub(super) async fn advance(
    control: &Session,
    operation: &Operation,
    facts: &Value,
    line: &Line,
    flush: Flush,
) -> Result<(), Error> {
    let waits = flush == Flush::Now;
    control
        .execute(
            "WITH run AS (
               UPDATE operation_runs SET facts = $2, failures = 0, retry_at = NULL,
                 failing_since = CASE WHEN $3::int IS NULL THEN failing_since END
               WHERE operation_id = $1
                 AND (facts <> $2 OR failures <> 0 OR retry_at IS NOT NULL)
             )
             UPDATE operation_steps SET
               state = CASE position WHEN $3 THEN 'done' WHEN $4 THEN 'running'
                 ELSE CASE state WHEN 'done' THEN 'done' ELSE 'skipped' END END,
               finished_at = CASE position WHEN $3 THEN clock_timestamp() WHEN $4 THEN NULL
                 ELSE CASE state WHEN 'done' THEN finished_at END END,
               started_at = CASE position WHEN $4 THEN clock_timestamp() ELSE started_at END,
               attempts = attempts + CASE position WHEN $4 THEN 1 ELSE 0 END
             FROM set_config('synchronous_commit',
                 CASE WHEN $6 THEN current_setting('synchronous_commit') ELSE 'off' END, true),
               pg_notify('operation_steps', $7::uuid::text)
             WHERE operation_id = $1
               AND (position IN ($3, $4) OR position = ANY ($5))",
            &[
                &operation.id,
                facts,
                &line.done,
                &line.next,
                &line.skipped,
                &waits,
                &operation.tenant,
            ],
        )
        .await
        .map(drop)
}

/// Records that the last step is done, and the run with it. If a crash loses the line, the last
/// step is repeated.
pub(super) async fn finish(
    control: &Session,
    operation: &Operation,
    line: &Line,
    figures: &Value,
) -> Result<(), Error> {
    control
        .execute(
            "WITH step AS (
               UPDATE operation_steps SET
                 state = CASE WHEN position = $2 OR state = 'done' THEN 'done' ELSE 'skipped' END,
                 finished_at = CASE WHEN position = $2 THEN clock_timestamp()
                   WHEN state = 'done' THEN finished_at END
               WHERE operation_id = $1 AND (position = $2 OR position = ANY ($3))
             ), run AS (
               UPDATE operation_runs SET state = 'done', failures = 0, retry_at = NULL,
                 last_error = NULL, failing_since = NULL, finished_at = clock_timestamp(), figures = figures || $4
               WHERE operation_id = $1
             )
             UPDATE operations SET settled_at = clock_timestamp()
             FROM set_config('synchronous_commit', 'off', true),
               pg_notify('operation_steps', $5::uuid::text)
             WHERE id = $1",
            &[&operation.id, &line.done, &line.skipped, figures, &operation.tenant],
        )
        .await
        .map(drop)
}

/// Records a failure, and when to try again; tells for how long no step has succeeded.
pub(super) async fn wait(
    control: &Session,
    operation: OperationId,
    failures: i32,
    pause: Duration,
    error: &str,
) -> Result<Duration, Error> {
    let pause = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
    let row = control
        .query_one(
            "UPDATE operation_runs SET failures = $2, last_error = $3,
               retry_at = clock_timestamp() + $4::bigint * interval '1 millisecond',
               failing_since = coalesce(failing_since, clock_timestamp())
             WHERE operation_id = $1
             RETURNING extract(epoch FROM clock_timestamp() - failing_since)::float8",
            &[&operation, &failures, &error, &pause],
        )
        .await?;
    Ok(Duration::try_from_secs_f64(row.try_get(0)?).unwrap_or_default())
}

/// Records that the run goes back from here.
pub(super) async fn turn_back(
    control: &Session,
    operation: &Operation,
    error: &str,
) -> Result<(), Error> {
    control
        .execute(
            "UPDATE operation_runs
             SET state = 'undoing', failures = 0, retry_at = NULL, failing_since = NULL,
               last_error = $2
             FROM pg_notify('operation_steps', $3::uuid::text)
             WHERE operation_id = $1",
            &[&operation.id, &error, &operation.tenant],
        )
        .await
        .map(drop)
}

/// Records in one statement that a step is undone and the one before it is being undone.
pub(super) async fn retreat(
    control: &Session,
    operation: OperationId,
    undone: Option<i32>,
    next: Option<i32>,
) -> Result<(), Error> {
    control
        .execute(
            "UPDATE operation_steps SET
               state = CASE position WHEN $2 THEN 'undone' ELSE 'undoing' END,
               finished_at = CASE position WHEN $2 THEN clock_timestamp() END,
               attempts = attempts + CASE position WHEN $3 THEN 1 ELSE 0 END
             WHERE operation_id = $1 AND position IN ($2, $3)",
            &[&operation, &undone, &next],
        )
        .await
        .map(drop)
}

/// Records that nothing is left to undo.
pub(super) async fn finish_undone(control: &Session, operation: &Operation) -> Result<(), Error> {
    control
        .execute(
            "WITH run AS (
               UPDATE operation_runs
               SET state = 'undone', retry_at = NULL, finished_at = clock_timestamp()
               WHERE operation_id = $1
             )
             UPDATE operations SET settled_at = clock_timestamp()
             FROM pg_notify('operation_steps', $2::uuid::text)
             WHERE id = $1",
            &[&operation.id, &operation.tenant],
        )
        .await
        .map(drop)
}
