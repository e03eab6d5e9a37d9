//! When something is due next, on the clock that hangs on a property's wall.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

/// At which times something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Every so many minutes. Counted in UTC: no change of a clock makes one early or late.
    Every {
        /// At most a week of them.
        minutes: u32,
    },
    /// Every day at this time.
    Daily {
        /// 0 to 23.
        hour: u32,
        /// 0 to 59.
        minute: u32,
    },
    /// Every week at this time.
    Weekly {
        /// On this day.
        day: Weekday,
        /// 0 to 23.
        hour: u32,
        /// 0 to 59.
        minute: u32,
    },
}

/// The first time after `after`.
///
/// A time of day that a clock change leaves out is due in the first instant after the gap; one that
/// comes twice is due the first time only. A date that a zone leaves out altogether has no time.
#[must_use]
pub fn next_after(when: When, zone: Tz, after: DateTime<Utc>) -> DateTime<Utc> {
    match when {
        When::Every { minutes } => next_multiple(minutes, after),
        When::Daily { hour, minute } => next_date(zone, after, time(hour, minute), |_| true),
        When::Weekly { day, hour, minute } => {
            next_date(zone, after, time(hour, minute), |date| date.weekday() == day)
        }
    }
}

fn time(hour: u32, minute: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or(NaiveTime::MIN)
}

fn next_multiple(minutes: u32, after: DateTime<Utc>) -> DateTime<Utc> {
    let period = i64::from(minutes.max(1)) * 60;
    let next = (after.timestamp().div_euclid(period) + 1) * period;
    DateTime::from_timestamp(next, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn next_date(
    zone: Tz,
    after: DateTime<Utc>,
    time: NaiveTime,
    is_day: impl Fn(NaiveDate) -> bool,
) -> DateTime<Utc> {
    // The day before may still be ahead: its time may have been moved past midnight by a gap.
    let first = after.with_timezone(&zone).date_naive() - Days::new(1);
    first
        .iter_days()
        // Two weeks and the edges: one week's day may have been left out.
        .take(17)
        .filter(|date| is_day(*date))
        .filter_map(|date| instant(zone, date, time))
        .find(|it| *it > after)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// When a clock there shows this; `None` on a date that does not exist there.
fn instant(zone: Tz, date: NaiveDate, time: NaiveTime) -> Option<DateTime<Utc>> {
    let local = date.and_time(time);
    if let Some(it) = zone.from_local_datetime(&local).earliest() {
        return Some(it.to_utc());
    }
    let after_gap = |from: chrono::NaiveDateTime| {
        // The longest gap was a day (Apia, 2011).
        (0..=24 * 60 + 1)
            .filter_map(|minutes| {
                zone.from_local_datetime(&(from + TimeDelta::minutes(minutes))).earliest()
            })
            .next()
    };
    let begins = after_gap(date.and_time(NaiveTime::MIN))?;
    if begins.date_naive() != date { None } else { after_gap(local).map(|it| it.to_utc()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn daily(zone: Tz, (hour, minute): (u32, u32), after: &str) -> DateTime<Utc> {
        next_after(When::Daily { hour, minute }, zone, at(after))
    }

    #[test]
    fn midnight_is_each_propertys_own() {
        let after = "2026-11-21T12:00:00Z";
        for (zone, wanted) in [
            (Tz::Asia__Jakarta, "2026-11-21T17:00:00Z"),
            (Tz::Asia__Makassar, "2026-11-21T16:00:00Z"),
            (Tz::Asia__Jayapura, "2026-11-21T15:00:00Z"),
        ] {
            assert_eq!(daily(zone, (0, 0), after), at(wanted), "{zone}");
        }
    }

    #[test]
    fn a_time_in_a_gap_is_due_right_after_it() {
        // 02:00 to 03:00 is left out in Sydney, 00:00 to 01:00 in Santiago.
        let sydney = daily(Tz::Australia__Sydney, (2, 30), "2026-10-03T12:00:00Z");
        assert_eq!(sydney, at("2026-10-03T16:00:00Z"));
        let santiago = daily(Tz::America__Santiago, (0, 0), "2026-09-05T20:00:00Z");
        assert_eq!(santiago, at("2026-09-06T04:00:00Z"));
        // Half an hour is left out on Lord Howe.
        let lord_howe = daily(Tz::Australia__Lord_Howe, (2, 15), "2026-10-03T12:00:00Z");
        assert_eq!(lord_howe, at("2026-10-03T15:30:00Z"));
    }

    #[test]
    fn a_time_that_comes_twice_is_due_the_first_time_only() {
        let first = daily(Tz::America__New_York, (1, 30), "2026-11-01T00:00:00Z");
        assert_eq!(first, at("2026-11-01T05:30:00Z"));
        let next = daily(Tz::America__New_York, (1, 30), "2026-11-01T05:30:00Z");
        assert_eq!(next, at("2026-11-02T06:30:00Z"));
    }

    #[test]
    fn a_date_that_does_not_exist_has_no_time() {
        // The 30th of December 2011 was left out in Apia.
        let eve = daily(Tz::Pacific__Apia, (8, 0), "2011-12-29T12:00:00Z");
        assert_eq!(eve, at("2011-12-29T18:00:00Z"));
        let next = daily(Tz::Pacific__Apia, (8, 0), "2011-12-29T18:00:00Z");
        assert_eq!(next, at("2011-12-30T18:00:00Z"));
        let friday = When::Weekly { day: Weekday::Fri, hour: 8, minute: 0 };
        let after = at("2011-12-24T00:00:00Z");
        assert_eq!(next_after(friday, Tz::Pacific__Apia, after), at("2012-01-05T18:00:00Z"));
    }

    const ZONES: [Tz; 9] = [
        Tz::Asia__Jakarta,
        Tz::Asia__Makassar,
        Tz::Asia__Jayapura,
        Tz::Australia__Sydney,
        Tz::America__New_York,
        Tz::Australia__Lord_Howe,
        Tz::America__Santiago,
        Tz::Africa__Casablanca,
        Tz::UTC,
    ];

    fn times() -> impl Strategy<Value = When> {
        prop_oneof![
            (1..=10_080_u32).prop_map(|minutes| When::Every { minutes }),
            (0..24_u32, 0..60_u32).prop_map(|(hour, minute)| When::Daily { hour, minute }),
            (0..7_u8, 0..24_u32, 0..60_u32).prop_map(|(day, hour, minute)| When::Weekly {
                day: Weekday::try_from(day).unwrap(),
                hour,
                minute,
            }),
        ]
    }

    /// Seconds from 2020 to 2035.
    fn instants() -> impl Strategy<Value = DateTime<Utc>> {
        (1_577_836_800..2_051_222_400_i64)
            .prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap())
    }

    proptest! {
        #[test]
        fn times_only_grow_and_nothing_lies_between_two_of_them(
            when in times(), zone in prop::sample::select(ZONES.as_slice()),
            after in instants(), share in 0.0..1.0_f64,
        ) {
            let next = next_after(when, zone, after);
            prop_assert!(next > after);
            prop_assert!(next - after <= TimeDelta::days(8));
            // Asked in between, the answer is the same.
            #[expect(clippy::cast_possible_truncation, reason = "eight days of seconds")]
            let between = ((next - after).num_seconds() as f64 * share) as i64;
            prop_assert_eq!(next_after(when, zone, after + TimeDelta::seconds(between)), next);
            prop_assert!(next_after(when, zone, next) > next);
        }

        #[test]
        fn every_local_day_has_one_time_across_clock_changes(
            zone in prop::sample::select(ZONES.as_slice()),
            after in instants(), hour in 0..24_u32, minute in 0..60_u32,
        ) {
            let when = When::Daily { hour, minute };
            let mut at = next_after(when, zone, after);
            for _ in 0..370 {
                let next = next_after(when, zone, at);
                let (day, following) =
                    (at.with_timezone(&zone).date_naive(), next.with_timezone(&zone).date_naive());
                prop_assert_eq!(day + Days::new(1), following);
                at = next;
            }
        }
    }
}
