//! Jobs that are due by the clock: what is due when, and the one transaction that makes it a job.
//!
//! The schedules stand in the program; when each is due next stands in the hotel's own database,
//! for each of its properties. Whoever handles a tick fires what is due ([`fire_due`]), however many
//! do so at once: the time, its job and the next time are written together or not at all. So no
//! replica leads, and a hotel's days go on while every other part of the platform is away.

mod calendar;
mod firing;
mod retention;

use std::time::Duration;

pub use calendar::{When, next_after};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
pub use firing::{Fired, fire_due};
use hotelhub_core::{ids::TenantId, life::Access};
pub use retention::forget_old_fires;

use crate::kind::Kind;

/// Something that is due again and again.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// As stored. Never changed once released.
    pub name: &'static str,
    /// The job that it becomes; its payload is a [`ScheduledPayload`].
    pub kind: &'static Kind,
    /// Under which access; otherwise its time passes without a job.
    pub runs_under: &'static [Access],
    /// At which times.
    pub when: When,
    /// For whom.
    pub scope: Scope,
    /// What becomes of a time that passed while nobody looked.
    pub misfire: Misfire,
    /// The hotels are spread over so much time, each later by its own share.
    pub splay: Duration,
}

/// For whom a schedule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// For each property, on its own clock.
    Property,
    /// For the hotel as a whole, on the clock of its first property.
    Tenant,
}

/// What becomes of times that passed while nobody looked. Several in a row count as the latest of
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfire {
    /// It is made up for, once.
    Once,
    /// It is left out if it is later than this: the next one will do.
    Skip {
        /// What is no delay yet.
        grace: Duration,
    },
}

/// What a scheduled job is told.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ScheduledPayload {
    /// The property; none if it is for the hotel as a whole.
    pub property_id: Option<hotelhub_core::ids::PropertyId>,
    /// The time that it was due at.
    pub fire_at: DateTime<Utc>,
}

impl Schedule {
    /// The first time after `after` at which it is due in this hotel.
    fn due_after(&self, tenant: TenantId, zone: Tz, after: DateTime<Utc>) -> DateTime<Utc> {
        let share = self.share_of(tenant);
        next_after(self.when, zone, after - share) + share
    }

    /// The latest time up to `now` at which it was due, if `first` was one.
    fn latest_due(
        &self,
        tenant: TenantId,
        zone: Tz,
        first: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        // Every schedule is due within eight days; older times need not be walked through.
        let from = now - TimeDelta::days(8);
        let mut latest = first;
        let mut next = self.due_after(tenant, zone, first.max(from));
        while next <= now {
            latest = next;
            next = self.due_after(tenant, zone, next);
        }
        latest
    }

    /// How much later than others this hotel is. Always the same, in every release.
    fn share_of(&self, tenant: TenantId) -> TimeDelta {
        let window = self.splay.as_secs();
        if window == 0 {
            return TimeDelta::zero();
        }
        let id = tenant.as_uuid();
        let bytes = id.as_bytes().iter().chain(self.name.as_bytes());
        // FNV-1a.
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        TimeDelta::seconds(i64::try_from(hash % window).unwrap_or_default())
    }
}
