//! `hotelhub migrate`: one change of the schema, for every hotel.

mod quarantine;
mod run;
mod watch;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use self::run::FleetMigration;
use crate::{Hub, client::Reply, failure::Failure};

/// The commands. Without an id they mean the newest migration.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Begin one: canaries first, then 1 %, 10 % and all others
    Fleet(Fleet),
    /// Show how far it is
    Status {
        /// The migration's id
        id: Option<String>,
    },
    /// Go on after a halt, and try the quarantined again
    Resume(Resume),
    /// Stop where it is; no hotel is begun any more
    Cancel {
        /// The migration's id
        id: Option<String>,
    },
    /// List the hotels that failed, or set one aside so that it stays on its schema
    Quarantine(quarantine::Quarantine),
}

/// A migration to begin.
#[derive(Args)]
pub(crate) struct Fleet {
    /// To this version of the schema; else the newest
    #[arg(long, value_name = "VERSION")]
    to: Option<u32>,
    /// Hotels that go first; else the platform picks one
    #[arg(long, value_name = "SLUG", num_args = 1..)]
    canary: Vec<String>,
    /// Hotels at a time
    #[arg(long, value_name = "N")]
    workers: Option<u32>,
    /// More failures than this halt it
    #[arg(long, value_name = "N")]
    max_failures: Option<u32>,
    /// Print the migration's id and do not wait
    #[arg(long)]
    no_wait: bool,
}

/// A migration to go on with.
#[derive(Args)]
pub(crate) struct Resume {
    /// The migration's id
    id: Option<String>,
    /// Do not wait
    #[arg(long)]
    no_wait: bool,
}

/// Does a command.
///
/// # Errors
/// Fails if the control plane refuses or does not answer, or the migration halts.
pub(crate) async fn run(hub: &Hub, command: Command) -> Result<(), Failure> {
    match command {
        Command::Fleet(it) => {
            let asked = hub.client.post(&["fleet-migrations"], &it.body()).await?;
            go_on(hub, asked, it.no_wait, watch::From::Beginning).await
        }
        Command::Status { id } => {
            let reply = find(hub, id).await?;
            let migration: FleetMigration = reply.read()?;
            hub.screen.result(&reply.data, || migration.text())
        }
        Command::Resume(it) => {
            let id = id_of(hub, it.id).await?;
            let asked = ask(hub, &id, "resume", &json!({})).await?;
            go_on(hub, asked, it.no_wait, watch::From::Halt).await
        }
        Command::Cancel { id } => {
            let id = id_of(hub, id).await?;
            let reply = ask(hub, &id, "cancel", &json!({})).await?;
            hub.screen.result(&reply.data, || format!("fleet migration {id} is cancelled"))
        }
        Command::Quarantine(it) => quarantine::run(hub, it).await,
    }
}

async fn go_on(hub: &Hub, asked: Reply, no_wait: bool, from: watch::From) -> Result<(), Failure> {
    let FleetMigration { id, .. } = asked.read()?;
    if no_wait {
        return hub.screen.result(&asked.data, || id);
    }
    let ended = watch::watch(hub, &id, from).await?;
    let migration: FleetMigration = ended.read()?;
    hub.screen.result(&ended.data, || migration.sentence())
}

/// Asks for a change of a migration; one that is over has none.
async fn ask(hub: &Hub, id: &str, change: &str, body: &Value) -> Result<Reply, Failure> {
    hub.client.post(&["fleet-migrations", id, change], body).await.map_err(|refused| {
        let next = format!(
            "see how it stands: `hotelhub migrate status {id}`; if it is over, begin another one: \
             `hotelhub migrate fleet`"
        );
        refused.with_next("TRANSITION_REFUSED", next)
    })
}

/// The migration with this id, or the newest.
async fn find(hub: &Hub, id: Option<String>) -> Result<Reply, Failure> {
    let id = id_of(hub, id).await?;
    hub.client.get(&["fleet-migrations", &id], &[]).await
}

async fn id_of(hub: &Hub, id: Option<String>) -> Result<String, Failure> {
    if let Some(id) = id {
        return Ok(id);
    }
    let newest = [("limit", "1".to_owned())];
    let reply = hub.client.get(&["fleet-migrations"], &newest).await?;
    let found = reply.data.pointer("/0/id").and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| {
        Failure::failed("there was no fleet migration yet", "begin one: `hotelhub migrate fleet`")
    })
}

impl Fleet {
    fn body(&self) -> Value {
        let pairs = [
            ("schema_version", self.to.map(Value::from)),
            ("canaries", Some(json!(self.canary)).filter(|_| !self.canary.is_empty())),
            ("workers", self.workers.map(Value::from)),
            ("max_failures", self.max_failures.map(Value::from)),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_typed_is_left_to_the_platform() {
        let mut fleet =
            Fleet { to: None, canary: vec![], workers: None, max_failures: None, no_wait: false };
        assert_eq!(fleet.body(), json!({}));
        fleet.to = Some(5);
        fleet.canary = vec!["mandala".to_owned()];
        assert_eq!(fleet.body(), json!({ "schema_version": 5, "canaries": ["mandala"] }));
    }
}
