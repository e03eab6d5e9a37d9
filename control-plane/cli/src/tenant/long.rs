//! What takes the provisioner a while: a move, and the end.

use clap::Args;
use serde_json::json;

use crate::{Hub, failure::Failure, operation};

/// Moves the data.
#[derive(Args)]
pub(crate) struct Move {
    /// The tenant's slug or id
    tenant: String,
    /// The database server's name or id; else the one with the most room
    #[arg(long, value_name = "HOST")]
    to: Option<String>,
    /// Print the operation's id and do not wait
    #[arg(long)]
    no_wait: bool,
}

/// Deletes for ever.
#[derive(Args)]
pub(crate) struct Delete {
    /// The tenant's slug or id
    tenant: String,
    /// The slug once more: there is no way back
    #[arg(long, value_name = "SLUG")]
    yes_delete: String,
    /// Why the data goes before it was kept for 90 days, e.g. because the hotel asks for it
    #[arg(long, value_name = "REASON")]
    waive_retention: Option<String>,
    /// Keep no last backup for 30 days either
    #[arg(long)]
    without_final_backup: bool,
    /// Print the operation's id and do not wait
    #[arg(long)]
    no_wait: bool,
}

/// Moves a hotel to another database server.
pub(super) async fn move_tenant(hub: &Hub, it: Move) -> Result<(), Failure> {
    let body = match it.to {
        Some(host) => json!({ "db_host": host }),
        None => json!({}),
    };
    let asked = hub.client.post(&["tenants", &it.tenant, "move"], &body).await?;
    operation::watch_and_show(hub, &asked, it.no_wait).await
}

/// Deletes a hotel, if its slug was typed twice.
pub(super) async fn delete(hub: &Hub, it: Delete) -> Result<(), Failure> {
    let tenant = super::find(hub, &it.tenant).await?;
    if tenant.slug != it.yes_delete {
        return Err(Failure::Usage(format!(
            "`--yes-delete {}` is not the slug of that hotel, which is `{}`: nothing was deleted",
            it.yes_delete, tenant.slug
        )));
    }
    // By its id: the slug may belong to another hotel in the next moment.
    let body = json!({
        "waive_retention": it.waive_retention,
        "without_final_backup": it.without_final_backup,
    });
    let asked = hub.client.delete_with(&["tenants", &tenant.id], &body).await?;
    operation::watch_and_show(hub, &asked, it.no_wait).await
}
