//! What the platform's own jobs are to the reconciler that asks for them and to the runners.

use chrono::{DateTime, Utc};
use deadpool_postgres::Pool;
use futures_util::future::BoxFuture;
use hotelhub_jobs::{
    kind::Kind,
    outcome::{JobError, Outcome},
    rows::RunningJob,
};

/// One kind of the platform's own jobs: when it is due, and what it does.
pub(crate) trait PlatformJob: Send + Sync {
    /// What is decided about it.
    fn kind(&self) -> &'static Kind;

    /// Writes the jobs that are due by `now` and missing; how many.
    fn ask<'a>(
        &'a self,
        pool: &'a Pool,
        now: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<usize, AskError>>;

    /// Does one.
    fn attempt<'a>(&'a self, job: &'a RunningJob) -> BoxFuture<'a, Result<Outcome, JobError>>;
}

/// Jobs could not be asked for; the next look tries again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    #[error("connect to look for what is due")]
    Connect(#[from] deadpool_postgres::PoolError),
    #[error("ask for what is due")]
    Database(#[from] tokio_postgres::Error),
    #[error("write a job's payload")]
    Payload(#[from] serde_json::Error),
}
