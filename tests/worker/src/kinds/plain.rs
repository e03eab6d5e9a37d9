//! Jobs that end well: nothing, one row, a wait, a busy core.

use std::time::{Duration, Instant};

use hotelhub_core::{life::Access, sql::Query as _};
use hotelhub_jobs::{
    kind::{Class, Kind, Wait, Words},
    outcome::{JobError, Outcome},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenant_api::worker::{HotelJob, Try};

use super::OPEN;

pub(super) const WORDS: Words =
    Words { name: ["Pekerjaan uji", "Test job"], dead: ["Uji gagal.", "The test failed."] };

/// Does nothing.
#[derive(Serialize, Deserialize)]
pub(crate) struct TestNoop {}

impl HotelJob for TestNoop {
    const KIND: &'static Kind = &Kind {
        name: "test_noop",
        class: Class::Default,
        priority: 0,
        tries: 3,
        // Also where the machine stands still for some seconds: that would cost a try.
        timeout: Duration::from_secs(20),
        ladder: &[Wait::S2],
        words: WORDS,
    };
    const RUNS_UNDER: &'static [Access] = OPEN;
    type Tools = ();

    async fn run(self, _: &(), _: &Try<'_>) -> Result<Outcome, JobError> {
        Ok(Outcome::Done(Value::Null))
    }
}

/// Writes one row, in the transaction of its outcome.
#[derive(Serialize, Deserialize)]
pub(crate) struct TestInsert {
    /// Milliseconds to wait before.
    #[serde(default)]
    wait_ms: u64,
}

impl HotelJob for TestInsert {
    const KIND: &'static Kind =
        &Kind { name: "test_insert", tries: 5, ..*<TestNoop as HotelJob>::KIND };
    const RUNS_UNDER: &'static [Access] = OPEN;
    type Tools = ();

    async fn run(self, _: &(), work: &Try<'_>) -> Result<Outcome, JobError> {
        if self.wait_ms > 0 {
            tokio::time::sleep(Duration::from_millis(self.wait_ms)).await;
        }
        let database = JobError::database;
        let mut connection = work.connect().await?;
        let tx = connection.transaction().await.map_err(database)?;
        let sql = "INSERT INTO job_effects (job_id, attempt) VALUES ($1, $2)";
        tx.execute(sql, &[&work.id(), &work.attempt()]).await.map_err(database)?;
        let outcome = work.record(&tx, &Value::Null).await?;
        tx.commit().await.map_err(database)?;
        connection.release();
        Ok(outcome)
    }
}

/// Waits, and ends at once when it is cancelled.
#[derive(Serialize, Deserialize)]
pub(crate) struct TestSleep {
    seconds: u64,
}

impl HotelJob for TestSleep {
    const KIND: &'static Kind = &Kind {
        name: "test_sleep",
        timeout: Duration::from_secs(60),
        ..*<TestNoop as HotelJob>::KIND
    };
    const RUNS_UNDER: &'static [Access] = OPEN;
    type Tools = ();

    async fn run(self, _: &(), _: &Try<'_>) -> Result<Outcome, JobError> {
        tokio::time::sleep(Duration::from_secs(self.seconds)).await;
        Ok(Outcome::Done(Value::Null))
    }
}

/// Keeps a core busy, away from those who only wait.
#[derive(Serialize, Deserialize)]
pub(crate) struct TestCpu {
    ms: u64,
}

impl HotelJob for TestCpu {
    const KIND: &'static Kind = &Kind {
        name: "test_cpu",
        class: Class::Pdf,
        timeout: Duration::from_secs(30),
        ..*<TestNoop as HotelJob>::KIND
    };
    const RUNS_UNDER: &'static [Access] = OPEN;
    type Tools = ();

    async fn run(self, _: &(), _: &Try<'_>) -> Result<Outcome, JobError> {
        let busy = Duration::from_millis(self.ms);
        let turns = tokio::task::spawn_blocking(move || {
            let begun = Instant::now();
            let mut turns = 0_u64;
            while begun.elapsed() < busy {
                turns = std::hint::black_box(turns + 1);
            }
            turns
        });
        let turns = turns.await.map_err(|error| JobError::retry("CPU", error))?;
        Ok(Outcome::Done(turns.into()))
    }
}
