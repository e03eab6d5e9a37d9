//! What a fleet migration is, and what one may be. No I/O here.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use hotelhub_core::ids::UserId;
use hotelhub_http::error::ApiError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A fleet migration to be asked for. What is left out is chosen by the run.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NewFleetMigrationBody {
    /// The newest that the provisioner knows, if left out.
    pub(crate) schema_version: Option<i32>,
    /// Slugs or ids of tenants that go first; one that the run picks, if left out.
    pub(crate) canaries: Vec<String>,
    /// Tenants at a time, 1 to 32; 4 if left out.
    pub(crate) workers: Option<i32>,
    /// More failures than this halt the run; 5 if left out.
    pub(crate) max_failures: Option<i32>,
}

const WORKERS: i32 = 4;
const MAX_FAILURES: i32 = 5;
/// Canaries are a handful: what is to go early beyond them goes by rings.
const MOST_CANARIES: usize = 50;

impl NewFleetMigrationBody {
    /// Finds everything that is wrong but the names of the canaries.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        let rules = [
            ("schema_version", self.schema_version.is_none_or(|it| it > 0), "begins at 1"),
            ("canaries", self.canaries.len() <= MOST_CANARIES, "needs to be 50 at most"),
            ("workers", (1..=32).contains(&self.workers()), "needs to be between 1 and 32"),
            ("max_failures", self.max_failures() >= 0, "needs to be 0 or more"),
        ];
        let mut broken = rules.into_iter().filter(|(_, holds, _)| !holds);
        let Some((field, _, why)) = broken.next() else { return Ok(()) };
        Err(broken.fold(ApiError::invalid(field, why), |error, (field, _, why)| {
            error.with_detail(field, why)
        }))
    }

    pub(super) fn workers(&self) -> i32 {
        self.workers.unwrap_or(WORKERS)
    }

    pub(super) fn max_failures(&self) -> i32 {
        self.max_failures.unwrap_or(MAX_FAILURES)
    }
}

/// A fleet migration as it is written.
#[derive(Debug)]
pub(super) struct NewFleetMigration {
    pub(super) schema_version: Option<i32>,
    pub(super) canaries: Vec<Uuid>,
    pub(super) workers: i32,
    pub(super) max_failures: i32,
    pub(super) requested_by: UserId,
}

/// How far a fleet migration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FleetMigrationState)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// No provisioner has begun it.
    Pending,
    /// Templates and warm pools are brought to the version.
    Preparing,
    Running,
    /// Too much failed; it waits to be resumed.
    Halted,
    Done,
    Cancelled,
}

/// The text is no state of fleet migrations.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no state of a fleet migration")]
pub(crate) struct UnknownState(String);

impl State {
    const ALL: [Self; 6] =
        [Self::Pending, Self::Preparing, Self::Running, Self::Halted, Self::Done, Self::Cancelled];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Preparing => "preparing",
            Self::Running => "running",
            Self::Halted => "halted",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing will happen any more.
    pub(crate) const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

impl FromStr for State {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        let known = Self::ALL.into_iter().find(|it| it.as_str() == text);
        known.ok_or_else(|| UnknownState(text.to_owned()))
    }
}

/// A fleet migration, with how far it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FleetMigration {
    pub(crate) id: Uuid,
    /// The version that it goes to; `null` until the run has chosen one.
    pub(crate) schema_version: Option<i32>,
    pub(crate) state: State,
    /// 0 canaries, 1 one in a hundred, 2 one in ten, 3 all others.
    pub(crate) ring: Option<i32>,
    /// Why it halted.
    pub(crate) halt_reason: Option<String>,
    /// Tenants that were migrated in the last minute.
    pub(crate) done_last_minute: i64,
    /// The rings that the run has, in order.
    pub(crate) rings: Vec<Ring>,
    pub(crate) workers: i32,
    pub(crate) max_failures: i32,
    pub(crate) canaries: Vec<Uuid>,
    /// Tenants that stay on the schema that they have.
    pub(crate) set_aside: Vec<Uuid>,
    /// When somebody cancelled it; the tenants that were begun are still finished.
    pub(crate) cancelled_at: Option<DateTime<Utc>>,
    pub(crate) requested_by: Option<Uuid>,
    pub(crate) requested_at: DateTime<Utc>,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
}

/// How far one ring is. Tenants that are gone meanwhile do not count.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct Ring {
    pub(crate) ring: i32,
    pub(crate) total: i64,
    pub(crate) done: i64,
    pub(crate) quarantined: i64,
    pub(crate) pending: i64,
}

/// One tenant in one fleet migration.
#[derive(Clone, Debug, Serialize, ToSchema, sea_orm::FromQueryResult)]
pub(crate) struct FleetTenant {
    pub(crate) tenant_id: Uuid,
    pub(crate) slug: String,
    pub(crate) ring: i32,
    /// `pending`, `done`, `quarantined` or `gone`.
    pub(crate) state: String,
    pub(crate) attempts: i32,
    /// When it is tried again.
    pub(crate) retry_at: Option<DateTime<Utc>>,
    /// Of the last failure.
    pub(crate) sqlstate: Option<String>,
    pub(crate) error: Option<String>,
    /// How long the try took that succeeded.
    pub(crate) ms: Option<i32>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
}

/// Where a page of fleet migrations ended. The newest come first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) requested_at: DateTime<Utc>,
    pub(super) id: Uuid,
}

/// Where a page of a fleet migration's tenants ended.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct TenantPlace {
    pub(super) ring: i32,
    pub(super) tenant_id: Uuid,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_reads_back_what_it_writes() {
        for state in State::ALL {
            assert_eq!(state.as_str().parse::<State>().unwrap(), state);
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert!("odd".parse::<State>().is_err());
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let body = NewFleetMigrationBody {
            schema_version: Some(0),
            canaries: vec!["mandala".to_owned(); 51],
            workers: Some(33),
            max_failures: Some(-1),
        };
        assert_eq!(body.check().unwrap_err().details().len(), 4);
        assert!(NewFleetMigrationBody::default().check().is_ok());
    }
}
