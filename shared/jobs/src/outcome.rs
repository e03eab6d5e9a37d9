//! How a try ends.

use std::error::Error;

use hotelhub_core::errors::Chain;
use serde_json::Value;

/// A try that succeeded.
#[derive(Debug)]
pub enum Outcome {
    /// The work is done; the runner writes it down with this result.
    Done(Value),
    /// The handler has written it down itself, in the transaction of the job's own effect.
    Recorded,
}

/// A try that failed. The job says whether another one may help; the runner does not guess.
#[derive(Debug, thiserror::Error)]
#[error("{code}")]
pub struct JobError {
    permanent: bool,
    code: &'static str,
    #[source]
    source: Box<dyn Error + Send + Sync>,
}

impl JobError {
    /// Another try may help.
    pub fn retry(code: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { permanent: false, code, source: source.into() }
    }

    /// No other try can help.
    pub fn fail(code: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { permanent: true, code, source: source.into() }
    }

    /// The try took too long.
    #[must_use]
    pub fn timed_out() -> Self {
        Self::retry("TIMEOUT", "the try took longer than its kind allows")
    }

    /// Whether no other try can help.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }

    /// Stable, for filters and counts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The whole chain of causes, for the row.
    #[must_use]
    pub fn text(&self) -> String {
        Chain(self.source.as_ref()).to_string().chars().take(2_000).collect()
    }
}
