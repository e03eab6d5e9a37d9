//! Which night it is: when a tenant's backup is due. No I/O here.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use hotelhub_core::ids::TenantId;

/// The fleet's backups are spread over this long, each tenant at the same time every night.
const SPREAD_SECONDS: u64 = 3 * 60 * 60;

/// A tenant's backup of one night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Night {
    /// The UTC date on which it was due.
    pub(super) date: NaiveDate,
    /// When the next one is.
    pub(super) next_at: DateTime<Utc>,
}

impl Night {
    /// The last night whose backup is due by `now`, if backups begin at `hour` of the UTC day.
    pub(super) fn of(tenant: TenantId, hour: u32, now: DateTime<Utc>) -> Self {
        let at = |date: NaiveDate| {
            let begin = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
            date.and_time(begin).and_utc() + offset(tenant)
        };
        let mut date = now.date_naive();
        // The spread may reach into the next day.
        while at(date) > now {
            date = date - Days::new(1);
        }
        Self { date, next_at: at(date + Days::new(1)) }
    }
}

fn offset(tenant: TenantId) -> TimeDelta {
    // The low half of the id is random; its high half is mostly the time.
    let (_, low) = tenant.as_uuid().as_u64_pair();
    TimeDelta::seconds(i64::try_from(low % SPREAD_SECONDS).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_belongs_to_one_night_and_each_night_begins_where_the_last_ended() {
        for _ in 0..50 {
            let tenant = TenantId::generate();
            let mut now: DateTime<Utc> = "2026-02-27T22:30:00Z".parse().unwrap();
            let mut night = Night::of(tenant, 23, now);
            for _ in 0..4 {
                assert!(night.next_at > now && night.next_at - now <= TimeDelta::days(1));
                let before = night.next_at - TimeDelta::seconds(1);
                assert_eq!(Night::of(tenant, 23, before), night);
                now = night.next_at;
                let next = Night::of(tenant, 23, now);
                assert_eq!(next.date, night.date + Days::new(1));
                night = next;
            }
        }
    }

    #[test]
    fn tenants_are_spread() {
        let now: DateTime<Utc> = "2026-02-27T12:00:00Z".parse().unwrap();
        let mut seen: Vec<_> =
            (0..100).map(|_| Night::of(TenantId::generate(), 19, now).next_at).collect();
        seen.sort();
        assert!(seen[99] - seen[0] > TimeDelta::hours(2), "{:?}", seen[99] - seen[0]);
    }
}
