//! What a subscription costs and how long a trial lasts. No I/O here.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::{ids::TenantId, money::Rupiah};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// How long a new hotel tries the platform out before it pays.
pub(crate) const TRIAL: TimeDelta = TimeDelta::days(14);
/// A year is paid as ten months.
const MONTHS_OF_A_YEAR: i64 = 10;

/// How often a hotel pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cycle {
    Monthly,
    Yearly,
}

/// The text is no billing cycle.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no billing cycle; there are monthly and yearly")]
pub(crate) struct UnknownCycle(String);

impl Cycle {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Monthly => "monthly",
            Self::Yearly => "yearly",
        }
    }
}

impl FromStr for Cycle {
    type Err = UnknownCycle;

    fn from_str(text: &str) -> Result<Self, UnknownCycle> {
        match text {
            "monthly" => Ok(Self::Monthly),
            "yearly" => Ok(Self::Yearly),
            _ => Err(UnknownCycle(text.to_owned())),
        }
    }
}

/// The price of one period, without PPN. `None` if it is more than there is money.
pub(crate) fn price(per_room: Rupiah, rooms: i32, cycle: Cycle) -> Option<Rupiah> {
    let months = match cycle {
        Cycle::Monthly => 1,
        Cycle::Yearly => MONTHS_OF_A_YEAR,
    };
    per_room.whole().checked_mul(i64::from(rooms))?.checked_mul(months).map(Rupiah::new)
}

/// What a tenant has subscribed to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Subscription {
    /// `trialing`, `active`, `past_due` or `cancelled`.
    pub(crate) status: String,
    /// `monthly` or `yearly`.
    pub(crate) billing_cycle: String,
    pub(crate) rooms: i32,
    /// Of one period, without PPN.
    pub(crate) price_idr: i64,
    pub(crate) current_period_start: DateTime<Utc>,
    pub(crate) current_period_end: DateTime<Utc>,
    pub(crate) trial_end: Option<DateTime<Utc>>,
}

/// A subscription that begins with a trial.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrialSubscription {
    pub(crate) tenant: TenantId,
    pub(crate) plan: Uuid,
    pub(crate) cycle: Cycle,
    pub(crate) rooms: i32,
    pub(crate) price: Rupiah,
    pub(crate) start: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_costs_ten_months_of_every_room() {
        let per_room = Rupiah::new(50_000);
        assert_eq!(price(per_room, 20, Cycle::Monthly), Some(Rupiah::new(1_000_000)));
        assert_eq!(price(per_room, 20, Cycle::Yearly), Some(Rupiah::new(10_000_000)));
        assert_eq!(price(Rupiah::new(i64::MAX), 2, Cycle::Monthly), None);
    }
}
