//! `hotelhub tenant`: hotels from their first day to their last.

mod bundle;
mod create;
mod life;
mod list;
mod long;
mod support;

use clap::Subcommand;
use serde::Deserialize;

use crate::{Hub, failure::Failure, table::facts};

/// The commands. A tenant is named by its slug or its id.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a hotel, as if its owner had signed up
    Create(create::Create),
    /// List hotels, searched, filtered and sorted
    List(list::List),
    /// Show one
    Show {
        /// The tenant's slug or id
        tenant: String,
    },
    /// Stop new business; guests in the house are still looked after
    Suspend(life::Suspend),
    /// Let a suspended hotel work again
    Resume(life::Resume),
    /// End the trial: the hotel is a customer
    Activate {
        /// The tenant's slug or id
        tenant: String,
    },
    /// Let it work on with a warning, e.g. while an invoice is overdue
    Grace(life::Grace),
    /// Set what it may do: full or grace
    Access(life::SetAccess),
    /// End the contract; the data is kept
    Churn(life::Churn),
    /// Move the data to another database server
    Move(long::Move),
    /// Make a backup, and take all data along as a file in an open format
    Export(bundle::Export),
    /// Bring a hotel's data from another HotelHub
    Import(bundle::Import),
    /// Go back to a backup: look at it beside the hotel, or put it in its place
    Restore(bundle::Restore),
    /// Ask to come into the hotel as support, and come in
    SupportAccess {
        #[command(subcommand)]
        command: support::Command,
    },
    /// Hold the deletion of a churned hotel's data back
    HoldDeletion(life::HoldDeletion),
    /// Let the deletion of a churned hotel's data take its course
    ReleaseDeletion(life::ReleaseDeletion),
    /// Delete a churned hotel and its data, for ever
    Delete(long::Delete),
}

/// A tenant, as far as people are told of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Tenant {
    pub(crate) id: String,
    pub(crate) slug: String,
    company_name: String,
    owner_name: String,
    owner_email: String,
    owner_phone: String,
    region: String,
    status: String,
    provisioning: String,
    access: String,
    access_reason: Option<String>,
    rooms: i64,
    plan: Option<String>,
    host: Option<String>,
    db_host: Option<String>,
    placement: Option<Placement>,
    usage: Usage,
    retention: Option<Retention>,
    trial_ends_at: Option<String>,
    created_at: String,
    ready_at: Option<String>,
}

/// Where its data lies.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Placement {
    db_host: String,
    schema_version: i64,
}

/// How much it uses.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Usage {
    measured_at: Option<String>,
    database_bytes: Option<u64>,
    file_bytes: Option<u64>,
    users: Option<u64>,
    rooms: Option<u64>,
    backups: u64,
    backup_bytes: u64,
}

/// Until when a churned hotel's data is kept.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Retention {
    deleted_from: Option<String>,
    owner_told_at: Option<String>,
    hold: Option<Hold>,
}

/// Why it is not deleted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Hold {
    reason: String,
}

/// Does a command.
///
/// # Errors
/// Fails if the control plane refuses or does not answer, or long work comes to nothing.
pub(crate) async fn run(hub: &Hub, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create(it) => create::create(hub, it).await,
        Command::List(it) => list::list(hub, it).await,
        Command::Show { tenant } => show(hub, &tenant).await,
        Command::Suspend(it) => it.ask(hub).await,
        Command::Resume(it) => it.ask(hub).await,
        Command::Activate { tenant } => life::activate(hub, &tenant).await,
        Command::Grace(it) => it.ask(hub).await,
        Command::Access(it) => it.ask(hub).await,
        Command::Churn(it) => it.ask(hub).await,
        Command::Move(it) => long::move_tenant(hub, it).await,
        Command::Export(it) => bundle::export(hub, it).await,
        Command::Import(it) => bundle::import(hub, it).await,
        Command::Restore(it) => bundle::restore(hub, it).await,
        Command::SupportAccess { command } => support::run(hub, command).await,
        Command::HoldDeletion(it) => it.ask(hub).await,
        Command::ReleaseDeletion(it) => it.ask(hub).await,
        Command::Delete(it) => long::delete(hub, it).await,
    }
}

/// The tenant with this slug or id.
///
/// # Errors
/// Fails if there is none.
pub(crate) async fn find(hub: &Hub, tenant: &str) -> Result<Tenant, Failure> {
    hub.client.get(&["tenants", tenant], &[]).await?.read()
}

async fn show(hub: &Hub, tenant: &str) -> Result<(), Failure> {
    let reply = hub.client.get(&["tenants", tenant], &[]).await?;
    let it: Tenant = reply.read()?;
    // A tenant that is deleted has none.
    let owner = (!it.owner_email.is_empty())
        .then(|| format!("{}, {}, {}", it.owner_name, it.owner_email, it.owner_phone));
    let kept = it.retention.unwrap_or_default();
    hub.screen.result(&reply.data, || {
        facts(&[
            ("tenant", Some(it.slug)),
            ("id", Some(it.id)),
            ("company", Some(it.company_name)),
            ("owner", owner),
            ("host", it.host),
            ("server", it.placement.as_ref().map(|it| it.db_host.clone())),
            ("schema", it.placement.as_ref().map(|it| it.schema_version.to_string())),
            ("region", Some(it.region)),
            ("plan", it.plan),
            ("rooms", Some(it.rooms.to_string())),
            ("used", it.usage.sentence()),
            ("backups", Some(format!("{} ({} bytes)", it.usage.backups, it.usage.backup_bytes))),
            ("status", Some(it.status)),
            ("provisioning", Some(it.provisioning)),
            ("access", Some(it.access)),
            ("reason", it.access_reason),
            ("trial ends", it.trial_ends_at),
            ("deleted from", kept.deleted_from),
            ("owner told", kept.owner_told_at),
            ("deletion held", kept.hold.map(|it| it.reason)),
            ("created", Some(it.created_at)),
            ("ready", it.ready_at),
        ])
    })
}

impl Usage {
    /// What was measured, and when.
    fn sentence(&self) -> Option<String> {
        let of = |it: Option<u64>| it.unwrap_or_default();
        self.measured_at.as_ref().map(|at| {
            format!(
                "{} rooms, {} users, database {} bytes, files {} bytes, at {at}",
                of(self.rooms),
                of(self.users),
                of(self.database_bytes),
                of(self.file_bytes)
            )
        })
    }
}

impl Tenant {
    /// How it stands, in a line.
    fn sentence(&self) -> String {
        let stands = format!("{} is {}, access {}", self.slug, self.status, self.access);
        let kept = self.retention.as_ref();
        match kept.map(|it| (&it.hold, &it.deleted_from)) {
            Some((Some(hold), _)) => {
                format!("{stands}; its deletion is held back: {}", hold.reason)
            }
            Some((None, Some(from))) => format!("{stands}; its data is deleted from {from} on"),
            Some((None, None)) | None => stands,
        }
    }
}
