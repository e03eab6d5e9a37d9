//! How many certificates are ordered at most, and when a try that failed is repeated: less than
//! certificate authorities allow, so that one bad name never keeps the others waiting for days.
//!
//! Let's Encrypt (<https://letsencrypt.org/docs/rate-limits/>) issues 50 certificates in 7 days below one
//! registered domain, 5 in 7 days for exactly the same names, and takes 300 orders of one account in 3
//! hours; after 5 failed validations of a name in an hour it refuses that name for the rest of it.

use chrono::TimeDelta;

/// The most orders.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// `ACME_ORDERS_PER_HOUR`: of all names together.
    pub per_hour: u32,
    /// `ACME_ORDERS_PER_DOMAIN`: in a week, of the names below one that can be bought.
    pub per_domain: u32,
}

/// Certificates for one name in a week: one less than authorities issue, for whoever tries by hand.
pub(super) const PER_NAME: i64 = 4;

/// Longest wait.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// How long to wait after so many failures in a row: at most three orders in the first hour.
pub(super) fn wait_after(failures: i32) -> TimeDelta {
    let steps = u32::try_from(failures.saturating_sub(1)).unwrap_or_default().min(8);
    let minutes = 10_i64.saturating_mul(3_i64.saturating_pow(steps));
    TimeDelta::minutes(minutes).min(LONGEST)
}

/// The name that certificate authorities count by.
pub(super) fn registered_domain(hostname: &str) -> &str {
    psl::domain_str(hostname).unwrap_or(hostname)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_fails_is_tried_three_times_in_its_first_hour_and_once_a_day_later() {
        let waits: Vec<i64> = (1..=6).map(|it| wait_after(it).num_minutes()).collect();
        assert_eq!(waits, [10, 30, 90, 270, 810, 1_440]);
        assert_eq!((wait_after(0).num_minutes(), wait_after(i32::MAX)), (10, LONGEST));
    }

    #[test]
    fn names_below_one_that_was_bought_are_counted_together() {
        assert_eq!(registered_domain("www.hotel.co.id"), "hotel.co.id");
        assert_eq!(registered_domain("hotel.com"), "hotel.com");
    }
}
