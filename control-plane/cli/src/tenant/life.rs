//! What happens to a hotel between its signup and its end: each asks for one transition.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::Tenant;
use crate::{Hub, failure::Failure};

/// Stops new business.
#[derive(Args)]
pub(crate) struct Suspend {
    /// The tenant's slug or id
    tenant: String,
    /// Why; the hotel's owner may read it
    #[arg(long)]
    reason: String,
    /// Stop everything, not new business alone
    #[arg(long)]
    stopped: bool,
}

/// Lets it work again.
#[derive(Args)]
pub(crate) struct Resume {
    /// The tenant's slug or id
    tenant: String,
    /// Why
    #[arg(long)]
    reason: Option<String>,
}

/// Warns it.
#[derive(Args)]
pub(crate) struct Grace {
    /// The tenant's slug or id
    tenant: String,
    /// Why
    #[arg(long)]
    reason: String,
}

/// What a hotel may do while it is a customer.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Access {
    /// Everything.
    Full,
    /// Everything, with a warning.
    Grace,
}

/// Sets what it may do.
#[derive(Args)]
pub(crate) struct SetAccess {
    /// The tenant's slug or id
    tenant: String,
    /// What it may do
    access: Access,
    /// Why
    #[arg(long)]
    reason: String,
}

/// Ends the contract.
#[derive(Args)]
pub(crate) struct Churn {
    /// The tenant's slug or id
    tenant: String,
    /// Why
    #[arg(long)]
    reason: String,
}

/// Holds the deletion back.
#[derive(Args)]
pub(crate) struct HoldDeletion {
    /// The tenant's slug or id
    tenant: String,
    /// Why
    #[arg(long)]
    reason: String,
}

/// Lets the deletion take its course.
#[derive(Args)]
pub(crate) struct ReleaseDeletion {
    /// The tenant's slug or id
    tenant: String,
    /// Why
    #[arg(long)]
    reason: String,
}

impl HoldDeletion {
    pub(super) async fn ask(self, hub: &Hub) -> Result<(), Failure> {
        ask(hub, &self.tenant, "hold-deletion", &json!({ "reason": self.reason })).await
    }
}

impl ReleaseDeletion {
    pub(super) async fn ask(self, hub: &Hub) -> Result<(), Failure> {
        ask(hub, &self.tenant, "release-deletion", &json!({ "reason": self.reason })).await
    }
}

impl Suspend {
    pub(super) async fn ask(self, hub: &Hub) -> Result<(), Failure> {
        let access = if self.stopped { "stopped" } else { "essential" };
        let body = json!({ "reason": self.reason, "access": access });
        ask(hub, &self.tenant, "suspend", &body).await
    }
}

impl Resume {
    pub(super) async fn ask(self, hub: &Hub) -> Result<(), Failure> {
        let body = match self.reason {
            Some(reason) => json!({ "reason": reason }),
            None => json!({}),
        };
        ask(hub, &self.tenant, "resume", &body).await
    }
}

impl Grace {
    pub(super) async fn ask(self, hub: &Hub) -> Result<(), Failure> {
        let Self { tenant, reason } = self;
        SetAccess { tenant, access: Access::Grace, reason }.ask(hub).await
    }
}

impl SetAccess {
    pub(super) async fn ask(self, hub: &Hub) -> Result<(), Failure> {
        let access = match self.access {
            Access::Full => "full",
            Access::Grace => "grace",
        };
        let body = json!({ "access": access, "reason": self.reason });
        ask(hub, &self.tenant, "access", &body).await
    }
}

impl Churn {
    pub(super) async fn ask(self, hub: &Hub) -> Result<(), Failure> {
        ask(hub, &self.tenant, "churn", &json!({ "reason": self.reason })).await
    }
}

/// Ends the trial.
pub(super) async fn activate(hub: &Hub, tenant: &str) -> Result<(), Failure> {
    ask(hub, tenant, "activate", &json!({})).await
}

async fn ask(hub: &Hub, tenant: &str, transition: &str, body: &Value) -> Result<(), Failure> {
    let reply = hub.client.post(&["tenants", tenant, transition], body).await?;
    let tenant: Tenant = reply.read()?;
    hub.screen.result(&reply.data, || tenant.sentence())
}
