//! The kinds that a worker can do, by their names.

use std::{collections::BTreeMap, fmt, sync::Arc};

use hotelhub_core::life::Access;
use hotelhub_jobs::{
    kind::Kind,
    outcome::{JobError, Outcome},
    peers::Peer,
    rows::Called,
    transport::Boxed,
};
use serde_json::Value;

use super::kind::{HotelJob, Try};

/// Kinds and what they need to do their work.
#[derive(Default)]
pub struct Registry(BTreeMap<&'static str, Arc<dyn Work>>);

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Registry {
    /// This and one more kind, with what it needs.
    #[must_use]
    pub fn with<J: HotelJob>(mut self, tools: Arc<J::Tools>) -> Self {
        self.0.insert(J::KIND.name, Arc::new(Registered::<J>(tools)));
        self
    }

    /// The kind with this name.
    pub(super) fn find(&self, name: &str) -> Option<&Arc<dyn Work>> {
        self.0.get(name)
    }

    /// Every kind.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<dyn Work>> {
        self.0.values()
    }
}

/// A kind, whatever its payload is.
pub(super) trait Work: Send + Sync {
    fn kind(&self) -> &'static Kind;
    fn runs_under(&self) -> &'static [Access];
    fn peers(&self) -> &'static [&'static Peer];
    /// Whom a job with this payload calls; nobody, too, if it cannot be read.
    fn called(&self, payload: &Value) -> Option<Called>;
    fn run<'a>(&'a self, work: &'a Try<'a>) -> Boxed<'a, Result<Outcome, JobError>>;
}

struct Registered<J: HotelJob>(Arc<J::Tools>);

impl<J: HotelJob> Work for Registered<J> {
    fn kind(&self) -> &'static Kind {
        J::KIND
    }

    fn runs_under(&self) -> &'static [Access] {
        J::RUNS_UNDER
    }

    fn peers(&self) -> &'static [&'static Peer] {
        J::PEERS
    }

    fn called(&self, payload: &Value) -> Option<Called> {
        // Most kinds call nobody, and need not be read twice.
        J::PEERS.first()?;
        let (peer, property) = J::deserialize(payload).ok()?.called()?;
        Some(Called { peer: peer.name.into(), property })
    }

    fn run<'a>(&'a self, work: &'a Try<'a>) -> Boxed<'a, Result<Outcome, JobError>> {
        Box::pin(async move {
            if work.job.schema_version != J::SCHEMA {
                let text = format!("the payload has schema {}", work.job.schema_version);
                return Err(JobError::fail("UNKNOWN_SCHEMA", text));
            }
            let job: J = serde_json::from_value(work.job.payload.clone())
                .map_err(|error| JobError::fail("PAYLOAD", error))?;
            job.run(&self.0, work).await
        })
    }
}
