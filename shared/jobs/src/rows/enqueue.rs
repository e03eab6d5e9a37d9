//! Writes jobs, as part of the transaction that causes them.

use chrono::{DateTime, Utc};
use hotelhub_core::{ids::JobId, sql::Query};
use serde_json::Value;
use tokio_postgres::Error;

use super::Called;
use crate::kind::Kind;

/// A job to be written.
#[derive(Clone, Debug)]
pub struct NewJob<'a> {
    /// Its kind.
    pub kind: &'static Kind,
    /// What it needs to know.
    pub payload: &'a Value,
    /// While a job of this kind with the same key is open, no other is written.
    pub dedupe_key: Option<&'a str>,
    /// Trace context of what causes it.
    pub trace: Option<&'a str>,
    /// Whom it calls.
    pub called: Option<Called>,
    /// Who asked for it: a person, or a schedule.
    pub requested_by: Option<&'a str>,
    /// Not before; at once if `None`.
    pub run_at: Option<DateTime<Utc>>,
}

impl<'a> NewJob<'a> {
    /// A job that is due at once.
    #[must_use]
    pub const fn new(kind: &'static Kind, payload: &'a Value) -> Self {
        Self {
            kind,
            payload,
            dedupe_key: None,
            trace: None,
            called: None,
            requested_by: None,
            run_at: None,
        }
    }
}

/// Writes a job, as part of the caller's transaction; `None` if one with its key is still open.
///
/// Names only the columns it needs, so that it serves the schema before the newest.
///
/// # Errors
/// Fails if the database does.
pub async fn enqueue(db: &impl Query, job: NewJob<'_>) -> Result<Option<JobId>, Error> {
    let id = JobId::generate();
    let Kind { name, class, tries, priority, .. } = job.kind;
    let class = class.name();
    let NewJob { payload, dedupe_key, trace, run_at, .. } = &job;
    let written = if job.called.is_none() && job.requested_by.is_none() {
        let sql = "INSERT INTO jobs \
                     (id, kind, class, max_attempts, payload, dedupe_key, trace, priority, run_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9, now())) \
                   ON CONFLICT DO NOTHING";
        db.execute(sql, &[&id, name, &class, tries, payload, dedupe_key, trace, priority, run_at])
            .await?
    } else {
        let sql = "INSERT INTO jobs \
                     (id, kind, class, max_attempts, payload, dedupe_key, trace, priority, run_at, \
                      peer, property_id, requested_by) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9, now()), $10, $11, $12) \
                   ON CONFLICT DO NOTHING";
        let peer = job.called.as_ref().map(|it| &*it.peer);
        let property = job.called.as_ref().and_then(|it| it.property);
        let who = job.requested_by;
        db.execute(
            sql,
            &[
                &id, name, &class, tries, payload, dedupe_key, trace, priority, run_at, &peer,
                &property, &who,
            ],
        )
        .await?
    };
    Ok((written == 1).then_some(id))
}
