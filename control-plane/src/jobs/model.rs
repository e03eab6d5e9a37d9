//! What is known of jobs over all hotels. No I/O here.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::TenantId;
use hotelhub_http::error::ApiError;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a worker may say of one hotel at once.
pub(super) const MOST_HEAPS: usize = 500;

/// The states that are reported.
pub(crate) const STATES: [&str; 3] = ["dead", "held", "retrying"];

/// Which heaps.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) state: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) peer: Option<String>,
    pub(super) error: Option<String>,
    pub(super) tenant: Option<TenantId>,
    /// With some that are at least so many seconds old.
    pub(super) older_than: Option<i64>,
}

/// Jobs of one hotel that are alike.
#[derive(Clone, Debug, Serialize, ToSchema, FromQueryResult)]
pub(crate) struct JobHeap {
    #[serde(skip)]
    pub(crate) id: i64,
    pub(crate) tenant_id: Uuid,
    pub(crate) slug: String,
    pub(crate) kind: String,
    /// `dead`, `held` or `retrying`.
    pub(crate) state: String,
    /// The outside system that they call.
    pub(crate) peer: Option<String>,
    /// Of the last try.
    pub(crate) error_code: Option<String>,
    pub(crate) count: i64,
    /// When the oldest of them was written.
    pub(crate) oldest_at: DateTime<Utc>,
    /// As of when.
    pub(crate) reported_at: DateTime<Utc>,
}

/// Jobs of one kind in one state, over all hotels.
#[derive(Clone, Debug, Serialize, ToSchema, FromQueryResult)]
pub(crate) struct JobStats {
    kind: String,
    /// `dead`, `held` or `retrying`.
    pub(crate) state: String,
    pub(crate) count: i64,
    /// How many hotels have some.
    hotels: i64,
    /// When the oldest of them was written.
    oldest_at: DateTime<Utc>,
}

/// Which heaps come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    #[default]
    Largest,
    Oldest,
}

/// Where a page of heaps ended.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    Largest { count: i64, id: i64 },
    Oldest { oldest_at: DateTime<Utc>, id: i64 },
}

impl JobHeap {
    /// Where a page that ends with it ended.
    pub(super) fn place(&self, order: Order) -> Place {
        match order {
            Order::Largest => Place::Largest { count: self.count, id: self.id },
            Order::Oldest => Place::Oldest { oldest_at: self.oldest_at, id: self.id },
        }
    }
}

impl Place {
    pub(super) const fn is_of(self, order: Order) -> bool {
        matches!(
            (self, order),
            (Self::Largest { .. }, Order::Largest) | (Self::Oldest { .. }, Order::Oldest)
        )
    }
}

/// What a hotel's workers counted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportBody {
    #[schema(value_type = Uuid)]
    pub(super) tenant_id: TenantId,
    /// When they looked, by the clock of the hotel's database.
    pub(super) looked_at: DateTime<Utc>,
    /// All that are dead, held or retrying.
    pub(super) heaps: Vec<ReportedHeap>,
}

/// Jobs that are alike, as they were counted.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportedHeap {
    kind: String,
    /// `dead`, `held` or `retrying`.
    state: String,
    peer: Option<String>,
    error_code: Option<String>,
    count: i64,
    oldest_at: DateTime<Utc>,
}

impl ReportBody {
    /// Finds what a report may not say.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        if self.heaps.len() > MOST_HEAPS {
            return Err(ApiError::invalid("heaps", format!("needs to be {MOST_HEAPS} at most")));
        }
        let is_good = |it: &ReportedHeap| STATES.contains(&it.state.as_str()) && it.count > 0;
        if self.heaps.iter().all(is_good) {
            return Ok(());
        }
        let states = STATES.join(", ");
        Err(ApiError::invalid("heaps", format!("need a count above 0 and a state of {states}")))
    }
}

/// A hotel with dead jobs, as its workers counted them.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct DeadOfHotel {
    pub(super) tenant_id: Uuid,
    pub(super) slug: String,
    pub(super) count: i64,
}

/// Dead jobs of all hotels, as their workers counted them.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct DeadOfAll {
    pub(super) hotels: i64,
    pub(super) count: i64,
    /// The oldest report that this rests on.
    pub(super) as_of: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_counts_something_in_a_state_that_is_reported() {
        let heap = |state: &str, count: i64| {
            serde_json::json!({ "kind": "a", "state": state, "peer": null, "error_code": null,
                "count": count, "oldest_at": "2026-01-01T00:00:00Z" })
        };
        let is_good = |heaps: Vec<serde_json::Value>| {
            let body = serde_json::json!({ "tenant_id": TenantId::generate(),
                "looked_at": "2026-01-01T00:00:00Z", "heaps": heaps });
            serde_json::from_value::<ReportBody>(body).unwrap().check().is_ok()
        };
        assert!(is_good(Vec::new()));
        assert!(is_good(STATES.map(|it| heap(it, 1)).into()));
        assert!(!is_good(vec![heap("done", 1)]));
        assert!(!is_good(vec![heap("dead", 0)]));
        assert!(!is_good((0..=MOST_HEAPS).map(|_| heap("dead", 1)).collect()));
    }
}
