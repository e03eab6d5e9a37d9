//! Dead jobs, and what all hotels have of jobs that are dead, held or failing.

use clap::Args;
use serde::Deserialize;

use super::{age::Age, minute, of_hotel, query};
use crate::{Hub, failure::Failure, table::Table};

/// Which dead jobs to list.
#[derive(Args)]
pub(crate) struct Dead {
    /// Of this hotel, a slug or an id, one by one; else of every hotel, as its workers counted them
    #[arg(long)]
    tenant: Option<String>,
    /// Of this kind
    #[arg(long)]
    kind: Option<String>,
    /// That call this outside system
    #[arg(long)]
    peer: Option<String>,
    /// Whose last try ended with this error code
    #[arg(long)]
    error: Option<String>,
    /// Written at least so long ago, e.g. 90s, 15m, 24h or 7d; of every hotel: with one that was
    #[arg(long, value_name = "AGE")]
    older_than: Option<Age>,
    /// The oldest first, not the most
    #[arg(long, conflicts_with = "tenant")]
    oldest: bool,
    /// Rows of the page, 1 to 200
    #[arg(long)]
    limit: Option<u64>,
    /// Every page
    #[arg(long)]
    all: bool,
}

/// Jobs of one hotel that are alike.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Heap {
    slug: String,
    kind: String,
    peer: Option<String>,
    error_code: Option<String>,
    count: i64,
    oldest_at: String,
    reported_at: String,
}

/// Jobs of one kind in one state, over all hotels.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Stats {
    kind: String,
    state: String,
    count: i64,
    hotels: i64,
    oldest_at: String,
}

/// Lists dead jobs.
pub(super) async fn list_dead(hub: &Hub, it: Dead) -> Result<(), Failure> {
    let Dead { tenant, kind, peer, error, older_than, oldest, limit, all } = it;
    let state = Some("dead".to_owned());
    if let Some(tenant) = tenant {
        let list = of_hotel::List { tenant, state, kind, peer, error, older_than, limit, all };
        return of_hotel::list(hub, list).await;
    }
    let asked = query([
        ("state", state),
        ("kind", kind),
        ("peer", peer),
        ("error", error),
        ("older_than_seconds", older_than.map(|it| it.0.to_string())),
        ("order", oldest.then(|| "oldest".to_owned())),
        ("limit", limit.map(|it| it.to_string())),
    ]);
    let reply = hub.client.list(&["jobs"], &asked, all).await?;
    let heaps: Vec<Heap> = reply.read()?;
    hub.screen.result(&reply.data, || {
        let heading = ["HOTEL", "KIND", "PEER", "ERROR", "JOBS", "OLDEST", "AS OF"];
        let mut table = Table::new(&heading);
        for it in heaps {
            let (peer, error) = (it.peer.unwrap_or_default(), it.error_code.unwrap_or_default());
            let (oldest, as_of) = (minute(&it.oldest_at), minute(&it.reported_at));
            table.row([it.slug, it.kind, peer, error, it.count.to_string(), oldest, as_of]);
        }
        table.or("no dead jobs")
    })?;
    reply.rest().iter().for_each(|it| hub.screen.progress(it));
    Ok(())
}

/// Counts the jobs of all hotels.
pub(super) async fn count(hub: &Hub) -> Result<(), Failure> {
    let reply = hub.client.get(&["jobs", "stats"], &[]).await?;
    let stats: Vec<Stats> = reply.read()?;
    hub.screen.result(&reply.data, || {
        let mut table = Table::new(&["KIND", "STATE", "JOBS", "HOTELS", "OLDEST"]);
        for it in stats {
            let (count, hotels) = (it.count.to_string(), it.hotels.to_string());
            table.row([it.kind, it.state, count, hotels, minute(&it.oldest_at)]);
        }
        table.or("no jobs are dead, held or failing")
    })
}
