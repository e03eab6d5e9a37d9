//! Reads jobs.

use chrono::{DateTime, Utc};
use hotelhub_core::{ids::JobId, sql::Query};
use tokio_postgres::{Error, Row};

use crate::jobs::model::{Job, JobFilter, JobState, StateGroup};

const COLUMNS: &str = "id, kind, class, state, held_for, attempt, max_attempts, run_at, created_at, \
     finished_at, last_error_code, last_error_text, peer, property_id, requested_by, \
     cancel_requested_at IS NOT NULL";

/// What a [`JobFilter`] lets through, with `$1` to `$5` from [`Wanted::of`].
pub(super) const MATCHES: &str = "($1::text[] IS NULL OR state = ANY($1)) \
     AND ($2::text IS NULL OR kind = $2) AND ($3::text IS NULL OR peer = $3) \
     AND ($4::text IS NULL OR last_error_code = $4) \
     AND ($5::bigint IS NULL OR created_at <= now() - $5 * interval '1 second')";

/// A filter as parameters.
pub(super) struct Wanted<'a> {
    pub(super) states: Option<&'static [&'static str]>,
    pub(super) kind: Option<&'a str>,
    pub(super) peer: Option<&'a str>,
    pub(super) error: Option<&'a str>,
    pub(super) older_than: Option<i64>,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(filter: &'a JobFilter) -> Self {
        Self {
            states: filter.state.map(StateGroup::states),
            kind: filter.kind.as_deref(),
            peer: filter.peer.as_deref(),
            error: filter.error.as_deref(),
            older_than: filter.older_than,
        }
    }
}

fn job(row: &Row) -> Job {
    Job {
        id: row.get(0),
        kind: row.get(1),
        class: row.get(2),
        state: JobState::read(row.get(3)),
        held_for: row.get(4),
        attempt: row.get(5),
        max_attempts: row.get(6),
        run_at: row.get(7),
        created_at: row.get(8),
        finished_at: row.get(9),
        error_code: row.get(10),
        error_text: row.get(11),
        peer: row.get(12),
        property: row.get(13),
        requested_by: row.get(14),
        is_being_cancelled: row.get(15),
    }
}

/// Jobs, the newest first: ids are made in the order of time.
pub(crate) async fn list(
    db: &impl Query,
    filter: &JobFilter,
    before: Option<JobId>,
    limit: i64,
) -> Result<Vec<Job>, Error> {
    let Wanted { states, kind, peer, error, older_than } = Wanted::of(filter);
    let sql = format!(
        "SELECT {COLUMNS} FROM jobs WHERE {MATCHES} AND ($6::uuid IS NULL OR id < $6) \
         ORDER BY id DESC LIMIT $7"
    );
    let rows =
        db.query(&sql, &[&states, &kind, &peer, &error, &older_than, &before, &limit]).await?;
    Ok(rows.iter().map(job).collect())
}

/// How many jobs there are of that sort.
pub(crate) async fn count(db: &impl Query, filter: &JobFilter) -> Result<i64, Error> {
    let Wanted { states, kind, peer, error, older_than } = Wanted::of(filter);
    let sql = format!("SELECT count(*) FROM jobs WHERE {MATCHES}");
    let row = db.query_one(&sql, &[&states, &kind, &peer, &error, &older_than]).await?;
    Ok(row.get(0))
}

/// The job, if there is one.
pub(crate) async fn find(db: &impl Query, id: JobId) -> Result<Option<Job>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = $1");
    Ok(db.query_opt(&sql, &[&id]).await?.as_ref().map(job))
}

/// What there is of one kind in one state.
pub(crate) struct Heap {
    pub(crate) kind: String,
    pub(crate) state: JobState,
    pub(crate) peer: Option<String>,
    pub(crate) error_code: Option<String>,
    pub(crate) count: i64,
    pub(crate) oldest_at: DateTime<Utc>,
}

/// How many jobs there are that are not over well, by kind, state, peer and error.
pub(crate) async fn summarize(db: &impl Query) -> Result<Vec<Heap>, Error> {
    let sql = "SELECT kind, state, peer, \
                 CASE WHEN state IN ('dead', 'retry_wait') THEN last_error_code END AS error, \
                 count(*), min(created_at) \
               FROM jobs \
               WHERE state IN ('ready', 'queued', 'running', 'retry_wait', 'held', 'dead') \
               GROUP BY kind, state, peer, error ORDER BY kind, state, peer, error";
    let heap = |row: &Row| Heap {
        kind: row.get(0),
        state: JobState::read(row.get(1)),
        peer: row.get(2),
        error_code: row.get(3),
        count: row.get(4),
        oldest_at: row.get(5),
    };
    Ok(db.query(sql, &[]).await?.iter().map(heap).collect())
}
