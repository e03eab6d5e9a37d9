//! The kinds of jobs that this program does. A kind is one file.

pub(crate) mod reservation_confirmation;

use hotelhub_core::{clock::Clock, life::Access};
use hotelhub_jobs::{
    kind::Kind,
    outcome::{JobError, Outcome},
    rows::RunningJob,
};
use hotelhub_tenancy::db::TenantDb;
use serde::de::DeserializeOwned;

use super::Mailer;
use crate::config::Addresses;

/// A kind of a hotel's jobs.
pub(super) struct HotelKind {
    pub(super) kind: &'static Kind,
    /// What the hotel must be allowed for it to run; the rest of the time it is held.
    pub(super) runs_under: &'static [Access],
}

const KINDS: &[HotelKind] = &[HotelKind {
    kind: &reservation_confirmation::KIND,
    runs_under: reservation_confirmation::RUNS_UNDER,
}];

/// The kind with this name.
pub(super) fn find_kind(name: &str) -> Option<&'static HotelKind> {
    KINDS.iter().find(|it| it.kind.name == name)
}

/// Each kind with each access that it runs under.
pub(super) fn may_run() -> Vec<(&'static str, Access)> {
    let pairs = |it: &'static HotelKind| it.runs_under.iter().map(|access| (it.kind.name, *access));
    KINDS.iter().flat_map(pairs).collect()
}

/// What the kinds need to do their work.
pub(crate) struct Kinds {
    pub(crate) clock: Clock,
    pub(crate) mailer: Mailer,
    pub(crate) addresses: Addresses,
}

impl Kinds {
    /// Does one try of a job.
    pub(super) async fn run(&self, db: &TenantDb, job: &RunningJob) -> Result<Outcome, JobError> {
        match job.kind.as_str() {
            name if name == reservation_confirmation::KIND.name => {
                reservation_confirmation::run(self, db, job).await
            }
            other => Err(JobError::fail("UNKNOWN_KIND", format!("nobody does `{other}`"))),
        }
    }
}

/// Reads a payload of the form that this program writes.
fn read_payload<T: DeserializeOwned>(job: &RunningJob) -> Result<T, JobError> {
    if job.schema_version != 1 {
        let text = format!("the payload has schema {}", job.schema_version);
        return Err(JobError::fail("UNKNOWN_SCHEMA", text));
    }
    serde_json::from_value(job.payload.clone()).map_err(|error| JobError::fail("PAYLOAD", error))
}
