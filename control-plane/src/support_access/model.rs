//! What is asked of a hotel, and what it tells. No I/O here.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Why, and for how long.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestSupportBody {
    /// For the hotel's owner to read, 10 to 500 characters.
    pub(crate) reason: String,
    /// 5 to 240, counted from the hotel's consent; 60 if left out.
    pub(crate) minutes: Option<i32>,
}

/// One stay of one of the vendor's people in a hotel.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct SupportGrant {
    pub(crate) id: Uuid,
    pub(crate) vendor_user_id: Uuid,
    pub(crate) vendor_email: String,
    pub(crate) vendor_name: String,
    pub(crate) reason: String,
    pub(crate) minutes: i32,
    /// `requested`, `lapsed`, `refused`, `allowed`, `expired` or `ended`.
    pub(crate) state: String,
    pub(crate) requested_at: DateTime<Utc>,
    pub(crate) decided_at: Option<DateTime<Utc>>,
    /// Who of the hotel decided; nobody if by its standing consent.
    pub(crate) decided_by: Option<String>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) entered_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) ended_by: Option<String>,
}

/// A way in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EntryBody {
    /// Good once, for five minutes, and shown once.
    pub(crate) url: String,
    pub(crate) grant: SupportGrant,
}

/// An answer of the hotel.
#[derive(Deserialize)]
pub(super) struct Answered<T> {
    pub(super) data: T,
    #[serde(default)]
    pub(super) meta: Meta,
}

#[derive(Default, Deserialize)]
pub(super) struct Meta {
    pub(super) next_cursor: Option<String>,
}

/// A one-time link, below the hotel's own address.
#[derive(Deserialize)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) grant: SupportGrant,
}
