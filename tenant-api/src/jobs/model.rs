//! A job, as people see it.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::{JobId, PropertyId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! states {
    ($($(#[$meta:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// Where a job stands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum JobState { $($(#[$meta])* $variant),+ }

        impl JobState {
            /// A word that a newer release wrote reads as waiting.
            pub(super) fn read(text: &str) -> Self {
                match text { $($name => Self::$variant,)+ _ => Self::Ready }
            }
        }
    };
}

states!(
    /// Waits for its ticket.
    Ready = "ready",
    /// Waits for a worker.
    Queued = "queued",
    /// A worker is at it.
    Running = "running",
    /// Failed, and is tried again.
    RetryWait = "retry_wait",
    /// Waits for the hotel's access, the end of a pause, a peer that answers again, or an update.
    Held = "held",
    /// Done.
    Done = "done",
    /// Failed for good: a person has to look.
    Dead = "dead",
    /// Somebody cancelled it.
    Cancelled = "cancelled",
);

/// States that mean the same to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StateGroup {
    /// Due or not yet due, and nothing is wrong.
    Waiting,
    /// A worker is at it.
    Running,
    /// Failed, and is tried again.
    Retrying,
    /// Waits for somebody's leave.
    Held,
    /// A person has to look.
    Dead,
    /// Done.
    Done,
    /// Somebody cancelled it.
    Cancelled,
}

impl StateGroup {
    pub(crate) const ALL: [Self; 7] = [
        Self::Dead,
        Self::Retrying,
        Self::Held,
        Self::Waiting,
        Self::Running,
        Self::Done,
        Self::Cancelled,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Held => "held",
            Self::Dead => "dead",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// Its states, as stored.
    pub(super) const fn states(self) -> &'static [&'static str] {
        match self {
            Self::Waiting => &["ready", "queued"],
            Self::Running => &["running"],
            Self::Retrying => &["retry_wait"],
            Self::Held => &["held"],
            Self::Dead => &["dead"],
            Self::Done => &["done"],
            Self::Cancelled => &["cancelled"],
        }
    }
}

/// A job.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) id: JobId,
    pub(crate) kind: String,
    pub(crate) class: String,
    pub(crate) state: JobState,
    /// `access`, `pause`, `peer` or `kind`, while it is held.
    pub(crate) held_for: Option<String>,
    pub(crate) attempt: i32,
    pub(crate) max_attempts: i32,
    pub(crate) run_at: DateTime<Utc>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
    pub(crate) error_code: Option<String>,
    pub(crate) error_text: Option<String>,
    pub(crate) peer: Option<String>,
    pub(crate) property: Option<PropertyId>,
    pub(crate) requested_by: Option<String>,
    pub(crate) is_being_cancelled: bool,
}

impl Job {
    /// Whether trying it again, or at once, makes sense.
    pub(crate) const fn may_retry(&self) -> bool {
        matches!(self.state, JobState::Dead | JobState::Cancelled | JobState::RetryWait)
    }

    /// Whether it can still be cancelled.
    pub(crate) const fn may_cancel(&self) -> bool {
        match self.state {
            JobState::Ready | JobState::Queued | JobState::RetryWait | JobState::Held => true,
            JobState::Running => !self.is_being_cancelled,
            JobState::Done | JobState::Dead | JobState::Cancelled => false,
        }
    }
}

/// Which jobs.
#[derive(Clone, Debug, Default)]
pub(crate) struct JobFilter {
    pub(crate) state: Option<StateGroup>,
    pub(crate) kind: Option<String>,
    pub(crate) peer: Option<String>,
    pub(crate) error: Option<String>,
    /// Written at least so many seconds ago.
    pub(crate) older_than: Option<i64>,
}
