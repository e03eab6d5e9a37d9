//! Rows of jobs as a handler would have written them.

use std::time::Duration;

use anyhow::{Context as _, Result};
use hotelhub_core::ids::JobId;
use serde_json::{Value, json};
use tokio_postgres::Client;

/// What new jobs have in common.
#[derive(Clone, Debug)]
pub struct NewJobs {
    /// Their kind.
    pub kind: String,
    /// The class their tickets queue in.
    pub class: String,
    /// How often each may be tried.
    pub max_attempts: i32,
    /// Which come first.
    pub priority: i32,
    /// When they are due, from now.
    pub due_in: Duration,
    /// Their payload, in which `{job}` stands for the job's id.
    pub payload: Value,
    /// The outside system that they call.
    pub peer: Option<String>,
}

impl NewJobs {
    /// Jobs that are due now, have an empty payload and five tries.
    #[must_use]
    pub fn of(kind: &str, class: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            class: class.to_owned(),
            max_attempts: 5,
            priority: 0,
            due_in: Duration::ZERO,
            payload: json!({}),
            peer: None,
        }
    }

    /// The same with this payload.
    #[must_use]
    pub fn with_payload(self, payload: Value) -> Self {
        Self { payload, ..self }
    }

    /// The same, as calls of this outside system.
    #[must_use]
    pub fn calling(self, peer: &str) -> Self {
        Self { peer: Some(peer.to_owned()), ..self }
    }

    /// Writes so many of them with one statement; their ids.
    pub(super) async fn insert(&self, session: &Client, count: usize) -> Result<Vec<JobId>> {
        let ids: Vec<JobId> = (0..count).map(|_| JobId::generate()).collect();
        let (payload, due_in) = (self.payload.to_string(), self.due_in.as_secs_f64());
        session
            .execute(
                "INSERT INTO jobs (id, kind, class, max_attempts, priority, run_at, payload, peer)
                 SELECT id, $2, $3, $4, $5, now() + $6::float8 * interval '1 second',
                   replace($7, '{job}', id::text)::jsonb, $8
                 FROM unnest($1::uuid[]) AS job (id)",
                &[
                    &ids,
                    &self.kind,
                    &self.class,
                    &self.max_attempts,
                    &self.priority,
                    &due_in,
                    &payload,
                    &self.peer,
                ],
            )
            .await
            .with_context(|| format!("write jobs of the kind {}", self.kind))?;
        Ok(ids)
    }
}
