//! `hotelhub domain`: hotels' own domains, claimed, looked at, preferred and released.

mod shown;

use clap::{Args, Subcommand};
use serde_json::json;

use self::shown::Domain;
use crate::{Hub, client::Reply, failure::Failure, table::Table};

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Claim a domain for a hotel; says what is to stand in DNS
    Add(Which),
    /// List domains, the newest first
    List(List),
    /// Show one domain, and what is to stand in DNS
    Show(Which),
    /// Have a domain looked at now
    Verify(Which),
    /// Make a live domain the one that the hotel's pages lead to
    Primary(Which),
    /// Let a domain go; for 30 days no other hotel can have it
    Release(Which),
}

/// One domain of one hotel.
#[derive(Args)]
pub(crate) struct Which {
    /// The hotel, a slug or an id
    tenant: String,
    /// The domain, e.g. `www.hotelmandala.com`
    domain: String,
}

/// Which domains.
#[derive(Args)]
pub(crate) struct List {
    /// Of this hotel, a slug or an id; else of every hotel
    #[arg(long)]
    tenant: Option<String>,
    /// Only those that are `action_needed`, `working`, `live` or `stuck`
    #[arg(long)]
    state: Option<String>,
    /// Only `custom` domains, or only each hotel's `subdomain` of the platform
    #[arg(long)]
    kind: Option<String>,
    /// Only names with this in them
    #[arg(long)]
    text: Option<String>,
}

/// Does a command.
///
/// # Errors
/// Fails if the control plane refuses or does not answer.
pub(crate) async fn run(hub: &Hub, command: Command) -> Result<(), Failure> {
    match command {
        Command::List(it) => list(hub, it).await,
        Command::Add(it) => {
            let body = json!({ "hostname": it.domain });
            let reply = hub.client.post(&["tenants", &it.tenant, "domains"], &body).await?;
            show(hub, &reply)
        }
        Command::Show(it) => show(hub, &hub.client.get(&it.place(), &[]).await?),
        Command::Verify(it) => show(hub, &act(hub, &it, "verify").await?),
        Command::Primary(it) => show(hub, &act(hub, &it, "primary").await?),
        Command::Release(it) => {
            let reply = hub.client.delete(&it.place()).await?;
            let domain: Domain = reply.read()?;
            hub.screen.result(&reply.data, || format!("{} is released", domain.hostname))
        }
    }
}

impl Which {
    fn place(&self) -> [&str; 4] {
        ["tenants", &self.tenant, "domains", &self.domain]
    }
}

async fn act(hub: &Hub, it: &Which, action: &str) -> Result<Reply, Failure> {
    let path = ["tenants", &*it.tenant, "domains", &it.domain, action];
    hub.client.post(&path, &json!({})).await
}

fn show(hub: &Hub, reply: &Reply) -> Result<(), Failure> {
    let domain: Domain = reply.read()?;
    hub.screen.result(&reply.data, || domain.told())
}

async fn list(hub: &Hub, it: List) -> Result<(), Failure> {
    let List { tenant, state, kind, text } = it;
    let typed = [("tenant", tenant), ("state", state), ("kind", kind), ("text", text)];
    let query: Vec<(&str, String)> =
        typed.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let reply = hub.client.list(&["domains"], &query, true).await?;
    let domains: Vec<Domain> = reply.read()?;
    hub.screen.result(&reply.data, || {
        let mut table = Table::new(&["DOMAIN", "HOTEL", "STATE", "NEXT", "SSL", "PRIMARY"]);
        for it in domains {
            let primary = if it.is_primary { "yes" } else { "" };
            let (next, ssl) = (it.next_action.code, it.ssl.status);
            table.row([it.hostname, it.slug, it.state, next, ssl, primary.to_owned()]);
        }
        table.or("no domains")
    })
}
