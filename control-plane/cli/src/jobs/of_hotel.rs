//! The jobs of one hotel: listed, cancelled.

use clap::Args;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{age::Age, minute, query};
use crate::{Hub, failure::Failure, table::Table};

/// Which jobs to list.
#[derive(Args)]
pub(crate) struct List {
    /// The hotel, a slug or an id
    #[arg(long)]
    pub(super) tenant: String,
    /// `waiting`, `running`, `retrying`, `held`, `dead`, `done` or `cancelled`
    #[arg(long)]
    pub(super) state: Option<String>,
    /// Of this kind, e.g. `reservation_confirmation`
    #[arg(long)]
    pub(super) kind: Option<String>,
    /// That call this outside system
    #[arg(long)]
    pub(super) peer: Option<String>,
    /// Whose last try ended with this error code
    #[arg(long)]
    pub(super) error: Option<String>,
    /// Written at least so long ago, e.g. 90s, 15m, 24h or 7d
    #[arg(long, value_name = "AGE")]
    pub(super) older_than: Option<Age>,
    /// Rows of the page, 1 to 200
    #[arg(long)]
    pub(super) limit: Option<u64>,
    /// Every page
    #[arg(long)]
    pub(super) all: bool,
}

/// A job, as far as it is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) kind: String,
    state: String,
    held_for: Option<String>,
    attempt: i32,
    max_attempts: i32,
    created_at: String,
    error_code: Option<String>,
    error_text: Option<String>,
    peer: Option<String>,
}

impl Job {
    /// Where it stands, in words.
    pub(super) fn standing(&self) -> String {
        match (self.state.as_str(), &self.held_for) {
            ("held", Some(held_for)) => format!("held for {held_for}"),
            ("retry_wait", _) => "retrying".to_owned(),
            ("ready" | "queued", _) => "waiting".to_owned(),
            (state, _) => state.to_owned(),
        }
    }

    /// How its last try ended.
    fn error(&self) -> String {
        let parts = [&self.error_code, &self.error_text].map(|it| it.as_deref());
        parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
    }
}

/// Lists a hotel's jobs.
pub(super) async fn list(hub: &Hub, it: List) -> Result<(), Failure> {
    let asked = query([
        ("state", it.state),
        ("kind", it.kind),
        ("peer", it.peer),
        ("error", it.error),
        ("older_than_seconds", it.older_than.map(|it| it.0.to_string())),
        ("limit", it.limit.map(|it| it.to_string())),
    ]);
    let reply = hub.client.list(&["tenants", &it.tenant, "jobs"], &asked, it.all).await?;
    let jobs: Vec<Job> = reply.read()?;
    hub.screen.result(&reply.data, || {
        let heading = ["ID", "KIND", "STATE", "TRIES", "PEER", "WRITTEN", "LAST ERROR"];
        let mut table = Table::new(&heading);
        for it in jobs {
            let (state, error) = (it.standing(), it.error());
            let tries = format!("{}/{}", it.attempt, it.max_attempts);
            let (peer, written) = (it.peer.unwrap_or_default(), minute(&it.created_at));
            table.row([it.id, it.kind, state, tries, peer, written, error]);
        }
        table.or("no such jobs")
    })?;
    reply.rest().iter().for_each(|it| hub.screen.progress(it));
    Ok(())
}

/// Cancels a job.
pub(super) async fn cancel(hub: &Hub, tenant: &str, job: Uuid) -> Result<(), Failure> {
    let path = ["tenants", tenant, "jobs", &job.to_string(), "cancel"];
    let reply = hub.client.post(&path, &json!({})).await?;
    let job: Job = reply.read()?;
    hub.screen.result(&reply.data, || match job.state.as_str() {
        "cancelled" => format!("{} {} is cancelled", job.kind, job.id),
        _ => format!("{} {} runs; it is asked to stop", job.kind, job.id),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_says_where_it_stands_and_how_its_last_try_ended() {
        let job = Job {
            state: "held".to_owned(),
            held_for: Some("peer".to_owned()),
            error_code: Some("SMTP".to_owned()),
            error_text: Some("no answer".to_owned()),
            ..Job::default()
        };
        assert_eq!(
            (job.standing(), job.error()),
            ("held for peer".into(), "SMTP: no answer".into())
        );
        let state = |it: &str| Job { state: it.to_owned(), ..Job::default() }.standing();
        assert_eq!((state("queued"), state("retry_wait")), ("waiting".into(), "retrying".into()));
    }
}
