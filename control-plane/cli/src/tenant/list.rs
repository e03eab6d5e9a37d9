//! `hotelhub tenant list`.

use clap::Args;

use super::Tenant;
use crate::{Hub, failure::Failure, table::Table};

/// Which hotels to list.
#[derive(Args)]
pub(crate) struct List {
    /// Part of the slug, the company's name, the owner's e-mail address or a host name
    #[arg(long)]
    q: Option<String>,
    /// `trial`, `active`, `suspended` or `churned`
    #[arg(long)]
    status: Option<String>,
    /// `pending`, `provisioning`, `ready`, `failed`, `deleting` or `deleted`
    #[arg(long)]
    provisioning: Option<String>,
    /// `full`, `grace`, `essential`, `read_only` or `stopped`
    #[arg(long)]
    access: Option<String>,
    /// The slug of a plan
    #[arg(long)]
    plan: Option<String>,
    /// The name or id of the database server that holds the data
    #[arg(long, value_name = "HOST")]
    db_host: Option<String>,
    /// `newest`, `oldest`, `slug`, `company`, or `trial_end` for the trial that ends first
    #[arg(long)]
    sort: Option<String>,
    /// Rows of the page, 1 to 200
    #[arg(long)]
    limit: Option<u64>,
    /// Every page
    #[arg(long)]
    all: bool,
}

/// Lists hotels.
pub(super) async fn list(hub: &Hub, it: List) -> Result<(), Failure> {
    let query: Vec<(&str, String)> = [
        ("q", it.q),
        ("status", it.status),
        ("provisioning", it.provisioning),
        ("access", it.access),
        ("plan", it.plan),
        ("db_host", it.db_host),
        ("sort", it.sort),
        ("limit", it.limit.map(|it| it.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect();
    let reply = hub.client.list(&["tenants"], &query, it.all).await?;
    let tenants: Vec<Tenant> = reply.read()?;
    hub.screen.result(&reply.data, || {
        let heading = [
            "SLUG",
            "STATUS",
            "PROVISIONING",
            "ACCESS",
            "PLAN",
            "ROOMS",
            "SERVER",
            "COMPANY",
            "CREATED",
        ];
        let mut table = Table::new(&heading);
        for it in tenants {
            let rooms = it.rooms.to_string();
            let created = it.created_at.chars().take(10).collect();
            table.row([
                it.slug,
                it.status,
                it.provisioning,
                it.access,
                it.plan.unwrap_or_default(),
                rooms,
                it.db_host.unwrap_or_default(),
                it.company_name,
                created,
            ]);
        }
        table.or("no hotels")
    })?;
    reply.rest().iter().for_each(|it| hub.screen.progress(it));
    Ok(())
}
