//! How much of the platform a tenant uses.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use serde::Serialize;
use utoipa::ToSchema;

/// How much of the platform a tenant uses. The provisioner measures it when it makes a backup: every
/// night, and whenever somebody asks for one.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub(crate) struct Usage {
    /// When the rest but the backups was measured; nothing of a tenant that never was.
    pub(crate) measured_at: Option<DateTime<Utc>>,
    /// The size of its database in bytes.
    pub(crate) database_bytes: Option<i64>,
    /// The size of the files that it keeps, in bytes.
    pub(crate) file_bytes: Option<i64>,
    /// People who can log in.
    pub(crate) users: Option<i64>,
    /// Rooms that are set up.
    pub(crate) rooms: Option<i64>,
    /// Backups that are kept of it, as of now.
    pub(crate) backups: i64,
    /// Their size in bytes.
    pub(crate) backup_bytes: i64,
}
