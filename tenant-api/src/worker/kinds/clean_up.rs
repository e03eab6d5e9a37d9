//! Forgets what nobody will ask for again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hotelhub_core::{clock::Clock, life::Access};
use hotelhub_jobs::{
    kind::{Class, Kind, Wait, Words},
    outcome::{JobError, Outcome},
    retention, schedules,
};
use hotelhub_tenancy::db::TenantConnection;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio_postgres::Error;

use crate::{
    auth, desk,
    worker::{HotelJob, Try},
};

/// Rows of one table that one transaction forgets: none is long.
const BATCH: u64 = 500;

/// How many rows were forgotten of each table.
#[derive(Clone, Copy, Debug, Default)]
struct Forgotten {
    answers: u64,
    sessions: u64,
    jobs: u64,
    fires: u64,
}

/// The job; its payload.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CleanUp {
    fire_at: DateTime<Utc>,
}

impl HotelJob for CleanUp {
    const KIND: &'static Kind = &Kind {
        name: "clean_up",
        class: Class::Default,
        priority: 0,
        tries: 5,
        timeout: Duration::from_secs(600),
        ladder: &[Wait::M10],
        words: Words {
            name: ["Pembersihan data lama", "Clean-up of old data"],
            dead: [
                "Data lama belum dihapus. Tidak ada yang hilang; pekan depan dicoba lagi.",
                "Old data was not removed. Nothing is lost; it is tried again next week.",
            ],
        },
    };
    /// What is old in a suspended hotel is as old as elsewhere.
    const RUNS_UNDER: &'static [Access] = &[Access::Full, Access::Grace, Access::Essential];
    type Tools = Clock;

    async fn run(self, clock: &Clock, work: &Try<'_>) -> Result<Outcome, JobError> {
        let now = clock.now();
        let mut connection = work.connect().await?;
        let mut all = Forgotten::default();
        loop {
            let batch = forget_batch(&mut connection, now).await;
            let Some(batch) = batch.map_err(JobError::database)? else {
                return Err(JobError::retry("BUSY", "another clean-up is under way"));
            };
            all.add(batch);
            if batch.is_last() {
                break;
            }
        }
        connection.release();
        let Forgotten { answers, sessions, jobs, fires } = all;
        Ok(Outcome::Done(json!({
            "answers": answers, "sessions": sessions, "jobs": jobs, "fires": fires
        })))
    }
}

/// `None`: somebody else is at it. Two at once would delete the same rows, each in its own order.
async fn forget_batch(
    connection: &mut TenantConnection,
    now: DateTime<Utc>,
) -> Result<Option<Forgotten>, Error> {
    let tx = connection.transaction().await?;
    if !retention::try_hold(&tx).await? {
        return Ok(None);
    }
    let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
    let forgotten = Forgotten {
        answers: desk::forget_old_answers(&tx, now, limit).await?,
        sessions: auth::forget_ended_sessions(&tx, now, limit).await?,
        jobs: retention::forget_finished(&tx, now, limit).await?,
        fires: schedules::forget_old_fires(&tx, now, limit).await?,
    };
    tx.commit().await?;
    Ok(Some(forgotten))
}

impl Forgotten {
    fn add(&mut self, other: Self) {
        self.answers += other.answers;
        self.sessions += other.sessions;
        self.jobs += other.jobs;
        self.fires += other.fires;
    }

    const fn is_last(self) -> bool {
        self.answers < BATCH && self.sessions < BATCH && self.jobs < BATCH && self.fires < BATCH
    }
}
