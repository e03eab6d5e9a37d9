//! What an export is. No I/O here.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::{OperationId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[schema(as = ExportState)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Nobody has begun.
    Waiting,
    Running,
    /// It can be downloaded.
    Ready,
    /// It could not be made; ask for another one.
    Failed,
}

/// Everything that the hotel has, as one file.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct Export {
    #[schema(value_type = uuid::Uuid)]
    pub(crate) id: OperationId,
    pub(crate) state: State,
    pub(crate) requested_at: DateTime<Utc>,
    /// Rows of all tables in the bundle, or so far.
    pub(crate) rows: Option<i64>,
    /// The size of the bundle in bytes, or what was copied so far.
    pub(crate) bytes: Option<i64>,
    /// It has what was committed by then.
    pub(crate) taken_at: Option<DateTime<Utc>>,
    /// Of the bundle, in hexadecimal digits.
    pub(crate) sha256: Option<String>,
    /// Until when it can be downloaded.
    pub(crate) keep_until: Option<DateTime<Utc>>,
}

/// What the hotel has recorded of a wish for an export.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct Asked {
    pub(super) id: OperationId,
    pub(super) by: UserId,
}
