//! What an operation is, and how far one can be. No I/O here.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use hotelhub_core::ids::{OperationId, TenantId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// What can be asked for, of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Create,
    Move,
    Backup,
    Restore,
    Delete,
}

/// How far an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OperationState)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// No provisioner has taken it.
    Pending,
    Running,
    /// A step could not be done; those before it are taken back.
    Undoing,
    Done,
    Undone,
}

/// The text is no kind, or no state, of operations.
#[derive(Debug, thiserror::Error)]
#[error("needs to be one of {0}")]
pub(crate) struct Unknown(String);

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Create, Self::Move, Self::Backup, Self::Restore, Self::Delete];

    /// The one written form, in the table and on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create_tenant",
            Self::Move => "move_tenant",
            Self::Backup => "backup_tenant",
            Self::Restore => "restore_tenant",
            Self::Delete => "delete_tenant",
        }
    }
}

impl State {
    pub(crate) const ALL: [Self; 5] =
        [Self::Pending, Self::Running, Self::Undoing, Self::Done, Self::Undone];

    /// The one written form, in queries and on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Undoing => "undoing",
            Self::Done => "done",
            Self::Undone => "undone",
        }
    }

    /// Whether nothing will happen any more.
    pub(crate) const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Undone)
    }
}

impl FromStr for Kind {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let known = Self::ALL.into_iter().find(|it| it.as_str() == text);
        known.ok_or_else(|| Unknown(Self::ALL.map(Self::as_str).join(", ")))
    }
}

impl FromStr for State {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let known = Self::ALL.into_iter().find(|it| it.as_str() == text);
        known.ok_or_else(|| Unknown(Self::ALL.map(Self::as_str).join(", ")))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An operation to be asked for.
#[derive(Debug)]
pub(crate) struct NewOperation {
    pub(crate) id: OperationId,
    pub(crate) tenant: TenantId,
    pub(crate) kind: Kind,
    /// What is asked for beyond the kind.
    pub(crate) wish: Value,
    /// Nobody: a signup, or the platform itself.
    pub(crate) requested_by: Option<UserId>,
}

/// How far an operation is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Operation)]
pub(crate) struct Progress {
    pub(crate) id: Uuid,
    /// `create_tenant`, `move_tenant`, `backup_tenant`, `restore_tenant` or `delete_tenant`.
    pub(crate) kind: String,
    pub(crate) tenant_id: Uuid,
    /// The slug of that tenant.
    pub(crate) slug: String,
    pub(crate) state: State,
    /// Why the last try of a step failed.
    pub(crate) last_error: Option<String>,
    /// When the step is tried again.
    pub(crate) retry_at: Option<DateTime<Utc>>,
    /// How it goes and went, e.g. `write_pause_ms` of a move, `backup_id` of a backup.
    #[schema(value_type = Object)]
    pub(crate) figures: Value,
    /// One of the vendor's people; nobody for a signup, or the platform itself.
    pub(crate) requested_by: Option<Uuid>,
    /// By the database's clock.
    pub(crate) requested_at: DateTime<Utc>,
    /// When a provisioner took it.
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
    /// In the order they are done; none until a provisioner has taken it.
    pub(crate) steps: Vec<Step>,
}

/// One step of an operation.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct Step {
    /// What is done.
    pub(crate) name: String,
    /// `pending`, `running`, `done`, `skipped`, `undoing` or `undone`.
    pub(crate) state: String,
    /// How long it took, once it ended.
    pub(crate) ms: Option<i64>,
}

/// Which operations to list.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Filter {
    pub(super) tenant: Option<TenantId>,
    pub(super) kind: Option<Kind>,
    pub(super) state: Option<Wanted>,
}

/// How far operations are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Is(State),
    /// Not over.
    Open,
}

impl FromStr for Wanted {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        match text {
            "open" => Ok(Self::Open),
            other => {
                other.parse().map(Self::Is).map_err(|Unknown(all)| Unknown(format!("{all}, open")))
            }
        }
    }
}

/// Where a page of operations ended. The newest come first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) requested_at: DateTime<Utc>,
    pub(super) id: Uuid,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_states_read_back_what_they_write() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse::<Kind>().unwrap(), kind);
        }
        for state in State::ALL {
            assert_eq!(state.as_str().parse::<State>().unwrap(), state);
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert_eq!("open".parse::<Wanted>().unwrap(), Wanted::Open);
        assert_eq!("done".parse::<Wanted>().unwrap(), Wanted::Is(State::Done));
        assert!("odd".parse::<Wanted>().unwrap_err().to_string().ends_with("undone, open"));
        let unknown = "odd".parse::<Kind>().unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "needs to be one of create_tenant, move_tenant, backup_tenant, restore_tenant, \
             delete_tenant"
        );
    }
}
