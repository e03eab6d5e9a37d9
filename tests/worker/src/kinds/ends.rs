//! Jobs that end badly: an error, a panic, the death of the whole worker.

use std::time::Duration;

use hotelhub_core::life::Access;
use hotelhub_jobs::{
    kind::{Kind, Wait},
    outcome::{JobError, Outcome},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenant_api::worker::{HotelJob, Try};

use super::{
    OPEN,
    plain::{TestInsert, TestNoop},
};

/// Fails until its try `ends_well_at`; never ends well without one.
#[derive(Serialize, Deserialize)]
pub(crate) struct TestFail {
    #[serde(default)]
    ends_well_at: Option<i32>,
}

impl HotelJob for TestFail {
    const KIND: &'static Kind = &Kind {
        name: "test_fail",
        ladder: &[Wait::S2, Wait::S10],
        ..*<TestNoop as HotelJob>::KIND
    };
    const RUNS_UNDER: &'static [Access] = OPEN;
    type Tools = ();

    async fn run(self, _: &(), work: &Try<'_>) -> Result<Outcome, JobError> {
        match self.ends_well_at {
            Some(well) if work.attempt() >= well => Ok(Outcome::Done(Value::Null)),
            _ => Err(JobError::retry("TEST", "it was told to fail")),
        }
    }
}

/// Panics.
#[derive(Serialize, Deserialize)]
pub(crate) struct TestPanic {}

impl HotelJob for TestPanic {
    const KIND: &'static Kind = &Kind { name: "test_panic", ..*<TestNoop as HotelJob>::KIND };
    const RUNS_UNDER: &'static [Access] = OPEN;
    type Tools = ();

    #[expect(clippy::panic, reason = "this is what it is for")]
    async fn run(self, _: &(), _: &Try<'_>) -> Result<Outcome, JobError> {
        panic!("it was told to panic")
    }
}

/// Ends the worker's process, a moment after it began, so that others run beside it.
#[derive(Serialize, Deserialize)]
pub(crate) struct TestAbort {}

impl HotelJob for TestAbort {
    const KIND: &'static Kind = &Kind { name: "test_abort", ..*<TestInsert as HotelJob>::KIND };
    const RUNS_UNDER: &'static [Access] = OPEN;
    type Tools = ();

    async fn run(self, _: &(), _: &Try<'_>) -> Result<Outcome, JobError> {
        tokio::time::sleep(Duration::from_millis(200)).await;
        std::process::abort()
    }
}
