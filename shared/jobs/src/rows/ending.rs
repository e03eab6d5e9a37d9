//! Writes down how tries ended: only while their fence still stands.

use std::time::Duration;

use hotelhub_core::{
    ids::JobId,
    sql::{Params, Query},
};
use serde_json::Value;
use tokio_postgres::{Error, types::ToSql};

use super::{RunningJob, STATE, by_id, by_place};
use crate::outcome::{JobError, storable_result};

/// The end of one try.
#[derive(Clone, Debug)]
pub struct Ending {
    job: JobId,
    fence: i64,
    /// How it ended.
    pub ended: Ended,
    error: Option<(&'static str, String)>,
}

/// How a try ended.
#[derive(Clone, Debug)]
pub enum Ended {
    /// The work is done, with this result.
    Done(Value),
    /// It is tried again after this time.
    Retry(Duration),
    /// The try did not count; it is tried again after this time.
    HandedBack(Duration),
    /// A person has to look.
    Dead,
    /// Somebody cancelled it.
    Cancelled,
}

impl Ended {
    const fn state(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Retry(_) | Self::HandedBack(_) => "retry_wait",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// For counts and logs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Retry(_) => "retry",
            Self::HandedBack(_) => "handed_back",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    fn wait(&self) -> Option<f64> {
        match self {
            Self::Retry(wait) | Self::HandedBack(wait) => Some(wait.as_secs_f64()),
            Self::Done(_) | Self::Dead | Self::Cancelled => None,
        }
    }
}

impl Ending {
    /// The job is done.
    #[must_use]
    pub fn done(job: &RunningJob, result: Value) -> Self {
        let ended = Ended::Done(storable_result(result));
        Self { job: job.id, fence: job.fence, ended, error: None }
    }

    /// The try failed.
    #[must_use]
    pub fn failed(job: &RunningJob, error: &JobError, ended: Ended) -> Self {
        let error = Some((error.code(), error.text()));
        Self { job: job.id, fence: job.fence, ended, error }
    }

    /// The job.
    #[must_use]
    pub const fn job(&self) -> JobId {
        self.job
    }
}

/// Writes down how a try ended; whether its claim still stood. If it did not, somebody else has the
/// lease by now, and nothing is written.
///
/// # Errors
/// Fails if the database does; then nothing is written.
pub async fn finish(db: &impl Query, ending: &Ending) -> Result<bool, Error> {
    let stands = finish_all(db, std::slice::from_ref(ending)).await?;
    Ok(stands.first() == Some(&true))
}

/// Writes down how several tries ended; of each, in their order, whether its claim still stood. A job
/// that was cancelled while it ran is not tried again.
///
/// # Errors
/// Fails if the database does; then nothing is written.
pub async fn finish_all(db: &impl Query, endings: &[Ending]) -> Result<Vec<bool>, Error> {
    let sql = format!(
        "UPDATE jobs SET state = CASE WHEN $4::float8 IS NOT NULL \
                   AND cancel_requested_at IS NOT NULL THEN 'cancelled' ELSE $3 END, \
                 result = $6, run_at = coalesce(now() + $4 * interval '1 second', run_at), \
                 attempt = attempt - $5, \
                 last_error_code = coalesce($7, last_error_code), \
                 last_error_text = coalesce($8, last_error_text), \
                 lease_owner = NULL, lease_until = NULL, \
                 finished_at = CASE WHEN $4 IS NULL \
                   OR cancel_requested_at IS NOT NULL THEN now() END \
               WHERE id = $1 AND fence = $2 AND {STATE} = 'running' RETURNING id"
    );
    let order = by_id(endings, Ending::job);
    let values: Vec<Values<'_>> = order.iter().map(|(_, it)| Values::of(it)).collect();
    let params: Vec<_> = values.iter().map(Values::params).collect();
    let params: Vec<Params<'_>> = params.iter().map(<[_; 8]>::as_slice).collect();
    let written = db.query_each(&sql, &params).await?;
    let stands = order.into_iter().zip(written);
    Ok(by_place(stands.map(|((place, _), rows)| (place, !rows.is_empty())).collect()))
}

/// What an ending says to the database.
struct Values<'a> {
    ending: &'a Ending,
    state: &'static str,
    wait: Option<f64>,
    given_back: i32,
    result: Option<&'a Value>,
    code: Option<&'static str>,
    text: Option<&'a str>,
}

impl<'a> Values<'a> {
    fn of(ending: &'a Ending) -> Self {
        let result = match &ending.ended {
            Ended::Done(result) => Some(result),
            _ => None,
        };
        Self {
            ending,
            state: ending.ended.state(),
            wait: ending.ended.wait(),
            given_back: i32::from(matches!(ending.ended, Ended::HandedBack(_))),
            result,
            code: ending.error.as_ref().map(|(code, _)| *code),
            text: ending.error.as_ref().map(|(_, text)| &**text),
        }
    }

    fn params(&self) -> [&(dyn ToSql + Sync); 8] {
        let Self { ending: Ending { job, fence, .. }, .. } = self;
        [
            job,
            fence,
            &self.state,
            &self.wait,
            &self.given_back,
            &self.result,
            &self.code,
            &self.text,
        ]
    }
}
