//! What a tenant is. No I/O here.

use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::TenantId,
    life::{Access, Provisioning, Status},
};
use hotelhub_http::language::Language;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A customer of the platform.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) slug: String,
    pub(crate) company_name: String,
    pub(crate) owner_name: String,
    pub(crate) owner_email: String,
    pub(crate) owner_phone: String,
    pub(crate) language: Language,
    pub(crate) region: String,
    pub(crate) status: Status,
    pub(crate) provisioning: Provisioning,
    pub(crate) access: Access,
    /// Why the access is what it is, in the vendor's words.
    pub(crate) access_reason: String,
    pub(crate) access_changed_at: Option<DateTime<Utc>>,
    /// When the relation ended.
    pub(crate) churned_at: Option<DateTime<Utc>>,
    pub(crate) plan: Uuid,
    pub(crate) rooms: i32,
    pub(crate) trial_ends_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    /// By the database's clock.
    pub(crate) ready_at: Option<DateTime<Utc>>,
}

/// How somebody names a tenant: a slug is too short to be an id.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "String")]
pub(crate) enum TenantRef {
    Id(TenantId),
    Slug(String),
}

impl From<String> for TenantRef {
    fn from(text: String) -> Self {
        text.parse().map_or_else(|_not_an_id| Self::Slug(text.to_lowercase()), Self::Id)
    }
}

/// A change of where a tenant stands.
#[derive(Debug)]
pub(crate) struct LifeChange<'a> {
    pub(crate) status: Status,
    pub(crate) access: Access,
    pub(crate) reason: &'a str,
    /// When the relation ended, if it did.
    pub(crate) churned_at: Option<DateTime<Utc>>,
    pub(crate) at: DateTime<Utc>,
}

/// Where the data of a tenant lies.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub(crate) struct Placement {
    /// The name of the database host.
    pub(crate) db_host: String,
    pub(crate) db_host_id: Uuid,
    pub(crate) database_id: Uuid,
    pub(crate) generation: i32,
    pub(crate) schema_version: i32,
}

/// A host name that a tenant holds.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub(crate) struct HeldHost {
    pub(crate) hostname: String,
    /// Links use it.
    pub(crate) is_primary: bool,
    /// It is the tenant's, and serves.
    pub(crate) is_verified: bool,
    /// `none`, `provisioning`, `active` or `failed`.
    pub(crate) ssl_status: String,
}

/// A tenant that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct NewTenant {
    pub(crate) id: TenantId,
    pub(crate) slug: String,
    pub(crate) hostname: String,
    pub(crate) company_name: String,
    pub(crate) owner_name: String,
    pub(crate) owner_email: String,
    pub(crate) owner_phone: String,
    pub(crate) owner_password_hash: String,
    pub(crate) language: Language,
    pub(crate) region: &'static str,
    pub(crate) plan: Uuid,
    pub(crate) rooms: i32,
    pub(crate) trial_ends_at: DateTime<Utc>,
    pub(crate) created_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_named_by_its_id_or_its_slug() {
        let id = TenantId::generate();
        assert!(matches!(TenantRef::from(id.to_string()), TenantRef::Id(it) if it == id));
        assert!(
            matches!(TenantRef::from("Surya".to_owned()), TenantRef::Slug(it) if it == "surya")
        );
    }
}
