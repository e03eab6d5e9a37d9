//! Which nightly backups are kept: 7 daily, 4 weekly, 12 monthly. No I/O here.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate};

const DAILY: usize = 7;
const WEEKLY: usize = 4;
const MONTHLY: usize = 12;

/// The nights to keep of these: the last seven that there are, and the last one of each of the last
/// four ISO weeks and twelve months that have any. Nights without a backup take no other's place, so
/// a tenant that failed for a while loses nothing by it.
pub(super) fn kept(nights: &[NaiveDate]) -> BTreeSet<NaiveDate> {
    let mut latest: Vec<NaiveDate> = nights.to_vec();
    latest.sort_unstable_by(|one, other| other.cmp(one));
    latest.dedup();
    let mut kept = BTreeSet::new();
    kept.extend(latest.iter().take(DAILY));
    kept.extend(last_of_each(&latest, |it| (it.iso_week().year(), it.iso_week().week()), WEEKLY));
    kept.extend(last_of_each(&latest, |it| (it.year(), it.month()), MONTHLY));
    kept
}

/// The latest night of each of the last `count` spans.
fn last_of_each<K: PartialEq>(
    latest: &[NaiveDate],
    span: impl Fn(&NaiveDate) -> K,
    count: usize,
) -> Vec<NaiveDate> {
    let mut found: Vec<NaiveDate> = Vec::new();
    for night in latest {
        if found.last().is_none_or(|it| span(it) != span(night)) {
            if found.len() == count {
                break;
            }
            found.push(*night);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn after_two_years_of_nights_there_are_seven_days_four_weeks_twelve_months() {
        let first = day("2025-01-01");
        let mut have = BTreeSet::new();
        // As it happens: each night one more, and what is not kept is gone.
        for night in 0..730 {
            have.insert(first + Days::new(night));
            have = kept(&have.into_iter().collect::<Vec<_>>());
        }
        let have: Vec<String> = have.iter().map(ToString::to_string).collect();
        assert_eq!(
            have,
            [
                "2026-01-31",
                "2026-02-28",
                "2026-03-31",
                "2026-04-30",
                "2026-05-31",
                "2026-06-30",
                "2026-07-31",
                "2026-08-31",
                "2026-09-30",
                "2026-10-31",
                "2026-11-30",
                "2026-12-13",
                "2026-12-20",
                "2026-12-25",
                "2026-12-26",
                "2026-12-27",
                "2026-12-28",
                "2026-12-29",
                "2026-12-30",
                "2026-12-31",
            ]
        );
    }

    proptest! {
        #[test]
        fn the_latest_is_always_kept_and_what_is_kept_stays_kept_until_a_night_comes(
            offsets in prop::collection::vec(0_u64..2000, 1..200)
        ) {
            let nights: Vec<_> = offsets.iter().map(|it| day("2020-01-01") + Days::new(*it)).collect();
            let once = kept(&nights);
            prop_assert!(once.contains(nights.iter().max().unwrap()));
            prop_assert!(once.len() <= DAILY + WEEKLY + MONTHLY);
            prop_assert_eq!(kept(&once.iter().copied().collect::<Vec<_>>()), once);
        }
    }
}
