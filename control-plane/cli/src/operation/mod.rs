//! `hotelhub operation`: what the provisioner was asked to do, and how far it is.

mod watch;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

pub(crate) use self::watch::{watch, watch_and_show};
use crate::{
    Hub,
    failure::Failure,
    figures::words,
    table::{Table, brief, facts},
};

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List operations, the newest first
    List(List),
    /// Show one with its steps
    Show {
        /// The operation's id
        id: Uuid,
    },
}

/// Which operations to list.
#[derive(Args)]
pub(crate) struct List {
    /// Only those of this tenant: a slug or an id
    #[arg(long)]
    tenant: Option<String>,
    /// `create_tenant`, `move_tenant`, `backup_tenant`, `restore_tenant` or `delete_tenant`
    #[arg(long)]
    kind: Option<String>,
    /// `pending`, `running`, `undoing`, `done` or `undone`
    #[arg(long)]
    state: Option<String>,
    /// Rows of the page, 1 to 200
    #[arg(long)]
    limit: Option<u64>,
    /// Every page
    #[arg(long)]
    all: bool,
}

/// An operation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Operation {
    pub(crate) id: String,
    kind: String,
    tenant_id: String,
    state: String,
    last_error: Option<String>,
    retry_at: Option<String>,
    figures: serde_json::Map<String, Value>,
    requested_at: Option<String>,
    finished_at: Option<String>,
    steps: Vec<Step>,
}

/// One step of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Step {
    name: String,
    state: String,
    ms: Option<i64>,
}

/// Does a command.
///
/// # Errors
/// Fails if the control plane refuses or does not answer.
pub(crate) async fn run(hub: &Hub, command: Command) -> Result<(), Failure> {
    match command {
        Command::List(it) => list(hub, it).await,
        Command::Show { id } => {
            let reply = hub.client.get(&["operations", &id.to_string()], &[]).await?;
            let operation: Operation = reply.read()?;
            hub.screen.result(&reply.data, || operation.text())
        }
    }
}

async fn list(hub: &Hub, it: List) -> Result<(), Failure> {
    let tenant = match &it.tenant {
        Some(tenant) => Some(crate::tenant::find(hub, tenant).await?.id),
        None => None,
    };
    let query: Vec<(&str, String)> = [
        ("tenant_id", tenant),
        ("kind", it.kind),
        ("state", it.state),
        ("limit", it.limit.map(|it| it.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect();
    let reply = hub.client.list(&["operations"], &query, it.all).await?;
    let operations: Vec<Operation> = reply.read()?;
    hub.screen.result(&reply.data, || {
        let mut table = Table::new(&["ID", "KIND", "TENANT", "STATE", "REQUESTED", "LAST ERROR"]);
        for Operation { id, kind, tenant_id, state, requested_at, last_error, .. } in operations {
            let requested_at = requested_at.unwrap_or_default();
            // The whole of it is in `operation show`.
            let last_error = last_error.as_deref().map(brief).unwrap_or_default();
            table.row([id, kind, tenant_id, state, requested_at, last_error]);
        }
        table.or("no operations")
    })?;
    reply.rest().iter().for_each(|it| hub.screen.progress(it));
    Ok(())
}

impl Operation {
    fn text(&self) -> String {
        let mut text = facts(&[
            ("operation", Some(self.id.clone())),
            ("kind", Some(self.kind.clone())),
            ("tenant", Some(self.tenant_id.clone())),
            ("state", Some(self.state.clone())),
            ("requested", self.requested_at.clone()),
            ("finished", self.finished_at.clone()),
            ("figures", Some(words(&self.figures))),
            ("last error", self.last_error.clone()),
            ("next try", self.retry_at.clone()),
        ]);
        if !self.steps.is_empty() {
            let mut table = Table::new(&["STEP", "STATE", "MS"]);
            for Step { name, state, ms } in self.steps.clone() {
                table.row([name, state, ms.map(|it| it.to_string()).unwrap_or_default()]);
            }
            text.push_str("\n\n");
            text.push_str(&table.or(""));
        }
        text
    }
}
