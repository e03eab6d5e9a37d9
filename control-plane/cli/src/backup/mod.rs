//! `hotelhub backup`: what is kept of which hotel, and whether it can be restored.

mod deletion;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    Hub,
    failure::Failure,
    figures::{plain, words},
    table::{Table, facts},
};

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List backups, the newest first
    List(List),
    /// List restore drills, the newest first
    Drills(Drills),
    /// Say how the backups of all hotels stand
    Summary,
    /// Show the proof that a hotel's data was deleted
    Deletion {
        /// The tenant's id, or the slug that it had
        tenant: String,
    },
}

/// Which backups to list.
#[derive(Args)]
pub(crate) struct List {
    /// Only those of this tenant: a slug or an id
    #[arg(long)]
    tenant: Option<String>,
    /// `nightly`, `manual`, `before_restore` or `final`
    #[arg(long)]
    kind: Option<String>,
    /// Rows of the page, 1 to 200
    #[arg(long)]
    limit: Option<u64>,
    /// Every page
    #[arg(long)]
    all: bool,
}

/// Which drills to list.
#[derive(Args)]
pub(crate) struct Drills {
    /// Only those of this tenant: a slug or an id
    #[arg(long)]
    tenant: Option<String>,
    /// `running`, `passed`, `failed` or `broken_off`
    #[arg(long)]
    state: Option<String>,
    /// Rows of the page, 1 to 200
    #[arg(long)]
    limit: Option<u64>,
    /// Every page
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Backup {
    id: String,
    slug: String,
    kind: String,
    state: String,
    taken_at: Option<String>,
    rows: Option<i64>,
    bytes: Option<i64>,
    keep_until: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Drill {
    slug: String,
    backup_id: String,
    state: String,
    error: Option<String>,
    figures: serde_json::Map<String, Value>,
    started_at: String,
}

/// Does a command.
///
/// # Errors
/// Fails if the control plane refuses or does not answer.
pub(crate) async fn run(hub: &Hub, command: Command) -> Result<(), Failure> {
    match command {
        Command::List(it) => list(hub, it).await,
        Command::Drills(it) => drills(hub, it).await,
        Command::Summary => summarise(hub).await,
        Command::Deletion { tenant } => deletion::show(hub, &tenant).await,
    }
}

async fn list(hub: &Hub, it: List) -> Result<(), Failure> {
    let limit = it.limit.map(|it| it.to_string());
    let query = given([("tenant", it.tenant), ("kind", it.kind), ("limit", limit)]);
    let reply = hub.client.list(&["backups"], &query, it.all).await?;
    let backups: Vec<Backup> = reply.read()?;
    hub.screen.result(&reply.data, || {
        let mut table =
            Table::new(&["ID", "TENANT", "KIND", "STATE", "TAKEN", "ROWS", "BYTES", "KEPT UNTIL"]);
        for it in backups {
            let number = |it: Option<i64>| it.map(|it| it.to_string()).unwrap_or_default();
            let until = it.keep_until.unwrap_or_default();
            let taken = it.taken_at.unwrap_or_default();
            let (rows, bytes) = (number(it.rows), number(it.bytes));
            table.row([it.id, it.slug, it.kind, it.state, taken, rows, bytes, until]);
        }
        table.or("no backups")
    })?;
    reply.rest().iter().for_each(|it| hub.screen.progress(it));
    Ok(())
}

async fn drills(hub: &Hub, it: Drills) -> Result<(), Failure> {
    let limit = it.limit.map(|it| it.to_string());
    let query = given([("tenant", it.tenant), ("state", it.state), ("limit", limit)]);
    let reply = hub.client.list(&["restore-drills"], &query, it.all).await?;
    let drills: Vec<Drill> = reply.read()?;
    hub.screen.result(&reply.data, || {
        let mut table = Table::new(&["TENANT", "BACKUP", "STATE", "STARTED", "FIGURES", "ERROR"]);
        for it in drills {
            let (figures, error) = (words(&it.figures), it.error.unwrap_or_default());
            table.row([it.slug, it.backup_id, it.state, it.started_at, figures, error]);
        }
        table.or("no drills")
    })?;
    reply.rest().iter().for_each(|it| hub.screen.progress(it));
    Ok(())
}

async fn summarise(hub: &Hub) -> Result<(), Failure> {
    let reply = hub.client.get(&["backups", "summary"], &[]).await?;
    let fields: serde_json::Map<String, Value> = reply.read()?;
    hub.screen.result(&reply.data, || {
        let named = fields.iter().map(|(name, it)| (name.replace('_', " "), plain(it)));
        let named: Vec<_> = named.collect();
        let pairs: Vec<_> = named.iter().map(|(name, it)| (&**name, Some(it.clone()))).collect();
        facts(&pairs)
    })
}

fn given<const N: usize>(
    pairs: [(&'static str, Option<String>); N],
) -> Vec<(&'static str, String)> {
    pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
