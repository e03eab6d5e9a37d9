//! What an export of a hotel's owner is. No I/O here.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::{BackupId, OperationId, UserId};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// How many a hotel may ask for within a day.
pub(super) const A_DAY: i64 = 3;

/// Who asks, in the hotel.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportBody {
    #[schema(value_type = Uuid)]
    pub(super) hotel_user_id: UserId,
}

/// An export that a hotel's owner asked for.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub(crate) struct Export {
    /// Of the operation.
    pub(super) id: Uuid,
    /// `waiting`, `running`, `ready` or `failed`.
    pub(super) state: String,
    pub(super) requested_at: DateTime<Utc>,
    /// Rows in the bundle, or so far.
    pub(super) rows: Option<i64>,
    /// The size of the bundle in bytes, or what was copied so far.
    pub(super) bytes: Option<i64>,
    /// It has what was committed by then.
    pub(super) taken_at: Option<DateTime<Utc>>,
    /// Of the bundle, in hexadecimal digits.
    pub(super) sha256: Option<String>,
    /// Until when it can be downloaded.
    pub(super) keep_until: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub(super) backup_id: Option<Uuid>,
}

impl Export {
    /// The backup to download, once it is whole.
    pub(super) fn backup(&self) -> Option<BackupId> {
        self.backup_id.filter(|_| self.state == "ready").map(BackupId::from)
    }
}

/// An export that is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// Made by the hotel's program: to ask twice does no harm.
    pub(super) id: OperationId,
    pub(super) by: UserId,
}

/// The exports of a hotel's last day.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub(super) struct LastDay {
    pub(super) count: i64,
    /// Until the oldest of them is a day old.
    pub(super) seconds_left: i64,
}
