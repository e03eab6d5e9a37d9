//! What a kind of a hotel's jobs is: one struct, which is the payload, and all that is decided
//! about it.

use std::future::Future;

use hotelhub_core::{
    ids::{JobId, PropertyId},
    life::Access,
    trace::{TRACEPARENT, TraceContext},
};
use hotelhub_jobs::{
    kind::Kind,
    outcome::{JobError, Outcome},
    peers::Peer,
    rows::{self, Ending, RunningJob},
};
use hotelhub_tenancy::db::{TenantConnection, TenantDb, TenantTransaction};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// A kind of a hotel's jobs. The struct is the payload, as it stands in the row.
pub trait HotelJob: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Name, class, tries, timeout, waits, and what people are told.
    const KIND: &'static Kind;
    /// The form of the payload; a row of another form is not tried.
    const SCHEMA: i32 = 1;
    /// What the hotel must be allowed for it to run; the rest of the time it is held.
    const RUNS_UNDER: &'static [Access];
    /// The outside systems that jobs of this kind call.
    const PEERS: &'static [&'static Peer] = &[];
    /// What it needs to do its work.
    type Tools: Send + Sync + 'static;

    /// The one of [`HotelJob::PEERS`] that this job calls, and for which property.
    fn called(&self) -> Option<(&'static Peer, Option<PropertyId>)> {
        None
    }

    /// Does one try.
    fn run(
        self,
        tools: &Self::Tools,
        work: &Try<'_>,
    ) -> impl Future<Output = Result<Outcome, JobError>> + Send;
}

/// One try of a job.
#[derive(Debug)]
pub struct Try<'a> {
    /// The hotel's database.
    pub db: &'a TenantDb,
    pub(crate) job: &'a RunningJob,
    /// The try's own place in the trace of what caused the job.
    pub(crate) trace: TraceContext,
    pub(crate) cancelled: CancellationToken,
}

impl Try<'_> {
    /// The job.
    #[must_use]
    pub const fn id(&self) -> JobId {
        self.job.id
    }

    /// Which try this is, from 1.
    #[must_use]
    pub const fn attempt(&self) -> i32 {
        self.job.attempt
    }

    /// A connection to the hotel's database.
    ///
    /// # Errors
    /// Says that the try does not count: that there is none is not the job's fault.
    pub async fn connect(&self) -> Result<TenantConnection, JobError> {
        self.db.connect().await.map_err(JobError::no_connection)
    }

    /// What a call to the outside carries, so that its trace goes on there.
    #[must_use]
    pub fn trace_headers(&self) -> HeaderMap {
        let context = HeaderValue::try_from(self.trace.to_string());
        let named = |it| (HeaderName::from_static(TRACEPARENT), it);
        context.into_iter().map(named).collect()
    }

    /// The same for every try: what a call to the outside carries as its `Idempotency-Key`.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        self.job.id.to_string()
    }

    /// Whether an earlier try may have had its effect outside: whoever cannot send a key asks
    /// first.
    #[must_use]
    pub const fn is_repeat(&self) -> bool {
        self.job.attempt > 1 || self.job.crash_count > 0
    }

    /// Ends when the try is over, whatever ended it: somebody who cancelled the job, its time limit,
    /// the end of the program. For work that goes on elsewhere, such as on a thread of its own; the
    /// try itself is simply dropped.
    pub async fn cancelled(&self) {
        self.cancelled.cancelled().await;
    }

    /// Writes down that the job is done, in the transaction of its own effect.
    ///
    /// # Errors
    /// Fails if another worker has taken the job meanwhile: the transaction must not be committed.
    pub async fn record(
        &self,
        tx: &TenantTransaction<'_>,
        result: &Value,
    ) -> Result<Outcome, JobError> {
        match rows::finish(tx, &Ending::done(self.job, result.clone())).await {
            Ok(true) => Ok(Outcome::Recorded),
            Ok(false) => Err(JobError::lease_lost()),
            Err(error) => Err(JobError::database(error)),
        }
    }
}
