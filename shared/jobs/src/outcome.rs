//! How a try ends.

use std::{error::Error, time::Duration};

use hotelhub_core::errors::Chain;
use serde_json::Value;
use tokio_postgres::error::SqlState;

/// A try that succeeded.
#[derive(Debug)]
pub enum Outcome {
    /// The work is done; the runner writes it down with this result.
    Done(Value),
    /// The handler has written it down itself, in the transaction of the job's own effect.
    Recorded,
}

/// What is to become of a job whose try failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Another try may help.
    Retry,
    /// No other try can help.
    Permanent,
    /// The peer said to come back after this time. Costs no try.
    RateLimited(Duration),
    /// Its turn to call has not come: not before this time is over. Costs no try.
    NotYet(Duration),
    /// The peer could not be reached, or kept silent. Costs no try; enough of these open its breaker.
    PeerDown,
    /// The try ended for a reason of ours: a move, a stop. Costs no try.
    HandedBack,
    /// Somebody cancelled it.
    Cancelled,
}

/// A try that failed. The job says what may help; the runner does not guess.
#[derive(Debug, thiserror::Error)]
#[error("{code}")]
pub struct JobError {
    failure: Failure,
    code: &'static str,
    #[source]
    source: Box<dyn Error + Send + Sync>,
}

/// A peer that wants to be left alone for longer is asked again after a day.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3_600);

/// How a server says that it ends, has ended or begins, or has turned out this session.
const GONE: &[SqlState] = &[
    SqlState::ADMIN_SHUTDOWN,
    SqlState::CRASH_SHUTDOWN,
    SqlState::CANNOT_CONNECT_NOW,
    SqlState::DATABASE_DROPPED,
];

type Cause = Box<dyn Error + Send + Sync>;

impl JobError {
    fn new(failure: Failure, code: &'static str, source: impl Into<Cause>) -> Self {
        Self { failure, code, source: source.into() }
    }

    /// Another try may help.
    pub fn retry(code: &'static str, source: impl Into<Cause>) -> Self {
        Self::new(Failure::Retry, code, source)
    }

    /// No other try can help.
    pub fn fail(code: &'static str, source: impl Into<Cause>) -> Self {
        Self::new(Failure::Permanent, code, source)
    }

    /// The peer said to come back after this time.
    pub fn rate_limited(code: &'static str, after: Duration, source: impl Into<Cause>) -> Self {
        Self::new(Failure::RateLimited(after.min(LONGEST_WAIT)), code, source)
    }

    /// The peer could not be reached, or took the call and kept silent: in that case it may have done
    /// what it was asked to.
    pub fn peer_down(code: &'static str, source: impl Into<Cause>) -> Self {
        Self::new(Failure::PeerDown, code, source)
    }

    /// The try took too long.
    #[must_use]
    pub fn timed_out() -> Self {
        Self::retry("TIMEOUT", "the try took longer than its kind allows")
    }

    /// The hotel's database failed. Where it has gone away in the middle, that is not the job's fault
    /// and costs no try; nothing of the transaction stands.
    #[must_use]
    pub fn database(error: tokio_postgres::Error) -> Self {
        let has_gone = error.is_closed() || error.code().is_some_and(|it| GONE.contains(it));
        let failure = if has_gone { Failure::HandedBack } else { Failure::Retry };
        Self::new(failure, "DATABASE", error)
    }

    /// The hotel's database is away, or all connections to it are taken: nothing was begun.
    pub fn no_connection(source: impl Into<Cause>) -> Self {
        Self::new(Failure::HandedBack, "NO_CONNECTION", source)
    }

    /// Another worker has the job by now.
    #[must_use]
    pub fn lease_lost() -> Self {
        Self::new(Failure::HandedBack, "LEASE_LOST", "another worker has the job by now")
    }

    /// The program stops before the try could end.
    #[must_use]
    pub fn stopping() -> Self {
        Self::new(Failure::HandedBack, "STOPPING", "the worker stopped before the try could end")
    }

    /// What all hotels may call of the peer is spent.
    #[must_use]
    pub fn budget_spent(wait: Duration) -> Self {
        Self::new(
            Failure::NotYet(wait),
            "BUDGET_SPENT",
            "what all hotels may call is spent for now",
        )
    }

    /// Somebody cancelled the job while it ran.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new(Failure::Cancelled, "CANCELLED", "somebody cancelled it while it ran")
    }

    /// What is to become of the job.
    #[must_use]
    pub const fn failure(&self) -> Failure {
        self.failure
    }

    /// Stable, for filters and counts.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The whole chain of causes, for the row, without what no row can hold.
    #[must_use]
    pub fn text(&self) -> String {
        storable(&Chain(self.source.as_ref()).to_string()).chars().take(2_000).collect()
    }
}

/// A text that a peer may have sent, as PostgreSQL can store it: without NUL.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A result that may quote a peer, as PostgreSQL can store it.
pub(crate) fn storable_result(result: Value) -> Value {
    match result {
        Value::String(text) => Value::String(storable(&text)),
        Value::Array(items) => items.into_iter().map(storable_result).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            fields.map(|(name, value)| (storable(&name), storable_result(value))).collect()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_no_row_can_hold_is_left_out() {
        let error = JobError::fail("SMTP_REFUSED", "550 no\0such user");
        assert_eq!(error.text(), "550 no\u{fffd}such user");
        let told = json!({ "a\0": ["b\0", 1, null, { "c": "\0" }] });
        let stored = json!({ "a\u{fffd}": ["b\u{fffd}", 1, null, { "c": "\u{fffd}" }] });
        assert_eq!(storable_result(told), stored);
    }
}
