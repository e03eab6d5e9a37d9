//! What backups, drills, previews and proofs of deletion are. No I/O here.

use chrono::{DateTime, NaiveDate, Utc};
use hotelhub_core::ids::TenantId;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// Why a backup was made, in its written forms.
pub(crate) const KINDS: [&str; 4] = ["nightly", "manual", "before_restore", "final"];

/// A bundle of a tenant's data.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub(crate) struct Backup {
    pub(crate) id: Uuid,
    pub(crate) tenant_id: Uuid,
    pub(crate) slug: String,
    /// `nightly`, `manual`, `before_restore` or `final`.
    pub(crate) kind: String,
    /// Where the provisioner put it.
    #[serde(skip)]
    pub(crate) object_name: String,
    /// The UTC date on which a nightly one was due.
    pub(crate) night: Option<NaiveDate>,
    /// `making`, or `kept`: it can be restored.
    pub(crate) state: String,
    pub(crate) schema_version: Option<i32>,
    /// It has what was committed by then, by the tenant's database server.
    pub(crate) taken_at: Option<DateTime<Utc>>,
    pub(crate) rows: Option<i64>,
    /// The size of the bundle in bytes.
    pub(crate) bytes: Option<i64>,
    /// Of the bundle, in hexadecimal digits.
    pub(crate) sha256: Option<String>,
    /// Nothing for nightly ones: 7 daily, 4 weekly and 12 monthly ones are kept.
    pub(crate) keep_until: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
}

/// A backup that was restored for a trial.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub(crate) struct Drill {
    pub(crate) id: Uuid,
    pub(crate) tenant_id: Uuid,
    pub(crate) slug: String,
    pub(crate) backup_id: Uuid,
    /// `running`, `passed`, `failed`, or `broken_off`: it says nothing about the backup.
    pub(crate) state: String,
    /// Why it failed.
    pub(crate) error: Option<String>,
    /// E.g. `rows`, `invariants` and `total_ms`.
    #[schema(value_type = Object)]
    pub(crate) figures: Value,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
}

/// A backup that is shown beside the hotel.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub(crate) struct Preview {
    /// Where it is looked at.
    pub(crate) hostname: String,
    /// The backup; nothing for a bundle that was brought.
    pub(crate) backup_id: Option<Uuid>,
    pub(crate) taken_at: DateTime<Utc>,
    pub(crate) created_at: DateTime<Utc>,
    /// When it goes by itself.
    pub(crate) expires_at: DateTime<Utc>,
}

/// The proof that a tenant's data is gone.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub(crate) struct Deletion {
    pub(crate) tenant_id: Uuid,
    pub(crate) operation_id: Uuid,
    pub(crate) slug: String,
    pub(crate) company_name: String,
    pub(crate) requested_by: Option<Uuid>,
    pub(crate) requested_at: DateTime<Utc>,
    /// When the database, its files and all earlier backups were gone; nothing while they are not.
    pub(crate) deleted_at: Option<DateTime<Utc>>,
    /// Each thing that was destroyed, in order.
    #[schema(value_type = Vec<Object>)]
    pub(crate) destroyed: Value,
    /// The last backup, if one was kept, until when, and when it was gone as well.
    pub(crate) final_backup: Option<Uuid>,
    pub(crate) final_backup_until: Option<DateTime<Utc>>,
    pub(crate) final_backup_gone_at: Option<DateTime<Utc>>,
}

/// How the backups of the fleet stand.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub(crate) struct Summary {
    /// Tenants that are to be backed up.
    pub(crate) tenants: i64,
    /// Of those, tenants with a backup that is younger than 26 hours.
    pub(crate) fresh: i64,
    /// Tenants whose last good backup is older than that, or that have none though they are.
    pub(crate) overdue: i64,
    /// Tenants whose last tries failed.
    pub(crate) failing: i64,
    /// Bytes of all that is kept.
    pub(crate) bytes: i64,
    /// Drills of the last 30 days.
    pub(crate) drills_passed: i64,
    pub(crate) drills_failed: i64,
    pub(crate) last_drill_at: Option<DateTime<Utc>>,
}

/// Which backups to list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) tenant: Option<TenantId>,
    pub(crate) kind: Option<String>,
}

/// Where a page ended. The newest come first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) at: DateTime<Utc>,
    pub(crate) id: Uuid,
}
