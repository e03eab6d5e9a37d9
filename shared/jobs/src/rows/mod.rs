//! The rows of `jobs`. Times are the database's own.
//!
//! Whoever touches several rows locks them in the order of their ids, so that no two statements
//! wait for each other.

mod claim;
mod ending;
mod enqueue;
mod held;
mod polled;
mod relayed;
mod steered;

use std::time::Duration;

use hotelhub_core::ids::{JobId, PropertyId};
use serde_json::Value;
use tokio_postgres::Row;

pub use self::{
    claim::{
        Claim, Wanted, claim, defer, explain, find_called, find_owner, is_cancelled, lock_class,
        note_called,
    },
    ending::{Ended, Ending, finish, finish_all},
    enqueue::{NewJob, enqueue},
    held::{HeldFor, MayRun, Ticketed, hold, release},
    polled::claim_next,
    relayed::{Backlog, Due, backlog, counts, mark_queued, next_due, overdue, ready, stamp},
    steered::{STARTED_AGAIN, cancel, start_again},
};

/// Claims that ended in silence before a job counts as poison.
pub const CRASHES: i32 = 3;

/// A job that is ours until its lease ends.
#[derive(Clone, Debug)]
pub struct RunningJob {
    /// The job.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// What it needs to know.
    pub payload: Value,
    /// The form of the payload.
    pub schema_version: i32,
    /// Which try this is, from 1.
    pub attempt: i32,
    /// Claims that ended without a word.
    pub crash_count: i32,
    /// What must still stand when the outcome is written.
    pub fence: i64,
    /// Trace context of the request that caused it.
    pub trace: Option<String>,
    /// How long it was due before it was claimed.
    pub waited: Duration,
    /// Whom it calls, if its kind calls anybody.
    pub called: Option<Called>,
}

/// Whom a job calls, and for which property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The peer's name.
    pub peer: String,
    /// `None`: for the hotel as a whole.
    pub property: Option<PropertyId>,
}

/// The state of a row that is found by its key, and by nothing else: to a server that has not looked
/// at the table lately, an index of the rows in some state seems empty, and it reads all of it.
const STATE: &str = "(jobs.state || '')";

const CLAIMED: &str = "jobs.id, jobs.kind, jobs.payload, jobs.schema_version, jobs.attempt, \
     jobs.crash_count, jobs.fence, jobs.trace, \
     extract(epoch FROM clock_timestamp() - jobs.run_at)::float8";

/// These in the order of their jobs, each with its place.
fn by_id<T>(items: &[T], id: impl Fn(&T) -> JobId) -> Vec<(usize, &T)> {
    let mut order: Vec<(usize, &T)> = items.iter().enumerate().collect();
    order.sort_by_key(|(_, it)| id(it));
    order
}

/// What belongs to each place, in the order of places.
fn by_place<T>(mut answers: Vec<(usize, T)>) -> Vec<T> {
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

fn running(row: &Row) -> RunningJob {
    RunningJob {
        id: row.get(0),
        kind: row.get(1),
        payload: row.get(2),
        schema_version: row.get(3),
        attempt: row.get(4),
        crash_count: row.get(5),
        fence: row.get(6),
        trace: row.get(7),
        waited: Duration::from_secs_f64(row.get::<_, f64>(8).max(0.0)),
        called: None,
    }
}
