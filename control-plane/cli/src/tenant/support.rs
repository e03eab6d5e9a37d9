//! `hotelhub tenant support-access`: ask a hotel to be let in, and come in.

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::{Hub, failure::Failure, table::Table};

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Ask the hotel; its owner or a manager answers on the hotel's own page
    Request(Request),
    /// List who asked, and who came in, the newest first
    List {
        /// The tenant's slug or id
        tenant: String,
    },
    /// Get a one-time link into the hotel's pages, once it has allowed it
    Enter(Named),
    /// End a request or a stay at once
    End(Named),
}

/// Why, and for how long.
#[derive(Args)]
pub(crate) struct Request {
    /// The tenant's slug or id
    tenant: String,
    /// Why; the hotel's owner reads it
    #[arg(long)]
    reason: String,
    /// 5 to 240, from the hotel's consent on
    #[arg(long, default_value_t = 60)]
    minutes: i32,
}

/// One of them.
#[derive(Args)]
pub(crate) struct Named {
    /// The tenant's slug or id
    tenant: String,
    /// The id that `request` printed
    id: Uuid,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Grant {
    id: String,
    vendor_email: String,
    reason: String,
    minutes: i64,
    state: String,
    expires_at: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    url: String,
}

/// Does a command.
///
/// # Errors
/// Fails if the control plane or the hotel refuses, or does not answer.
pub(crate) async fn run(hub: &Hub, command: Command) -> Result<(), Failure> {
    match command {
        Command::Request(Request { tenant, reason, minutes }) => {
            let body = json!({ "reason": reason, "minutes": minutes });
            change(hub, &["tenants", &tenant, "support-access"], &body).await
        }
        Command::List { tenant } => list(hub, &tenant).await,
        Command::Enter(Named { tenant, id }) => {
            let path = ["tenants", &tenant, "support-access", &id.to_string(), "enter"];
            let reply = hub.client.post(&path, &json!({})).await?;
            let Entry { url } = reply.read()?;
            hub.screen.result(&reply.data, || format!("good once, for five minutes:\n{url}"))
        }
        Command::End(Named { tenant, id }) => {
            let path = ["tenants", &tenant, "support-access", &id.to_string(), "end"];
            change(hub, &path, &json!({})).await
        }
    }
}

async fn change(hub: &Hub, path: &[&str], body: &serde_json::Value) -> Result<(), Failure> {
    let reply = hub.client.post(path, body).await?;
    let it: Grant = reply.read()?;
    hub.screen.result(&reply.data, || {
        let until = it.expires_at.map(|it| format!(" until {it}")).unwrap_or_default();
        format!("support access {} is {}{until}", it.id, it.state)
    })
}

async fn list(hub: &Hub, tenant: &str) -> Result<(), Failure> {
    let reply = hub.client.list(&["tenants", tenant, "support-access"], &[], true).await?;
    let grants: Vec<Grant> = reply.read()?;
    hub.screen.result(&reply.data, || {
        let mut table = Table::new(&["ID", "WHO", "STATE", "MINUTES", "UNTIL", "REASON"]);
        for it in grants {
            let until: String = it.expires_at.unwrap_or_default().chars().take(16).collect();
            table.row([it.id, it.vendor_email, it.state, it.minutes.to_string(), until, it.reason]);
        }
        table.or("nobody asked")
    })
}
