//! What the control plane tells replicas: which host is which tenant, where its data lies, and which
//! jobs are held back.
//!
//! These are the wire types of `GET /upcall/v1/routes`. No credentials travel here: a replica makes
//! a database's password from its own keys.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ids::{DatabaseId, DbHostId, TenantId},
    life::{Access, Provisioning, Status},
    pauses::Pauses,
};

/// How far a reader has come. Versions of different epochs cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Changes when the control database was restored.
    pub epoch: Uuid,
    /// Grows with each change, in commit order.
    pub version: i64,
}

/// One answer of the feed. A page that is only written may borrow its routes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RoutePage<R = Route> {
    /// Where the reader stands after this page.
    #[serde(flatten)]
    pub position: Position,
    /// Whether `routes` is the whole table, to replace what the reader had.
    pub snapshot: bool,
    /// The tenants that changed, as they are now.
    pub routes: Vec<R>,
    /// The tenants that have no route any more.
    pub gone: Vec<TenantId>,
    /// All pauses, to replace what the reader had; `None` keeps that: they have not changed since, or
    /// a control plane sent the page that knows of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pauses: Option<Pauses>,
}

impl<R> RoutePage<R> {
    /// Whether the page says anything that its reader may not know.
    #[must_use]
    pub fn is_news(&self) -> bool {
        let is_empty = self.routes.is_empty() && self.gone.is_empty() && self.pauses.is_none();
        self.snapshot || !is_empty
    }
}

/// One tenant, as a replica knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its name on the platform, part of its own host name.
    pub slug: String,
    /// The company's name, for pages.
    pub company_name: String,
    /// The commercial relation.
    pub status: Status,
    /// What exists of it.
    pub provisioning: Provisioning,
    /// What is allowed right now.
    pub access: Access,
    /// Verified host names, the primary one first.
    pub domains: Vec<RouteDomain>,
    /// Where its data lies, once it does.
    pub placement: Option<Placement>,
    /// Of a preview: the instant whose data it shows. A preview is served as if it were a tenant, and
    /// nothing can be changed in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_of: Option<DateTime<Utc>>,
}

/// A verified host name of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteDomain {
    /// In lower case, without port or trailing dot.
    pub hostname: String,
    /// Whether links should use this one.
    pub primary: bool,
    /// Whether it points here, as far as is known: only then may it have a certificate, and only
    /// there may people be sent. A control plane that does not say sends names of the platform alone.
    #[serde(default = "yes")]
    pub live: bool,
    /// Whether a certificate for it was seen.
    #[serde(default = "yes")]
    pub certified: bool,
}

const fn yes() -> bool {
    true
}

/// Where a tenant's data lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// This physical copy.
    pub database_id: DatabaseId,
    /// Which copy this is, counted over the tenant's life.
    pub generation: i32,
    /// The version of its schema.
    pub schema_version: i32,
    /// The server.
    pub db_host: DbHost,
}

/// A PostgreSQL server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DbHost {
    /// The server's id.
    pub id: DbHostId,
    /// Name or address.
    pub address: String,
    /// TCP port.
    pub port: u16,
    /// Which of `DB_HOST_KEYS` makes its login passwords.
    pub key_id: String,
}

impl Route {
    /// The host name that links should use.
    #[must_use]
    pub fn primary_host(&self) -> Option<&str> {
        let primary = self.domains.iter().find(|it| it.primary && it.live);
        let other = || self.domains.iter().find(|it| it.live).or(self.domains.first());
        primary.or_else(other).map(|it| &*it.hostname)
    }

    /// What is known of one of its host names.
    #[must_use]
    pub fn domain(&self, hostname: &str) -> Option<&RouteDomain> {
        self.domains.iter().find(|it| it.hostname == hostname)
    }
}
