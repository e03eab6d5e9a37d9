//! What a tenant is. No I/O here.

use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::TenantId,
    life::{Access, Provisioning, Status},
};
use hotelhub_http::language::Language;
use serde::{Deserialize, Serialize};
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
    pub(crate) plan: Uuid,
    pub(crate) rooms: i32,
    pub(crate) trial_ends_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    /// By the database's clock.
    pub(crate) ready_at: Option<DateTime<Utc>>,
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

/// Which tenants to list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// Part of the slug, the company's name or the owner's e-mail address.
    pub(crate) text: Option<String>,
    pub(crate) status: Option<Status>,
    pub(crate) provisioning: Option<Provisioning>,
}

/// Where a page of tenants ended. The newest come first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) id: Uuid,
}
