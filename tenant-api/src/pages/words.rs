//! Dates and states as people read them.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use hotelhub_http::language::Language;

use super::texts::Texts;
use crate::{availability::Obstacle, reservations::ReservationState};

const MONTHS_ID: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"];
const MONTHS_EN: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS_ID: [&str; 7] = ["Sen", "Sel", "Rab", "Kam", "Jum", "Sab", "Min"];
const DAYS_EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A day, e.g. `Sen, 17 Agu 2026`.
pub(super) fn day(date: NaiveDate, language: Language) -> String {
    let (days, months) = match language {
        Language::Id => (DAYS_ID, MONTHS_ID),
        Language::En => (DAYS_EN, MONTHS_EN),
    };
    let name = |names: &[&'static str], at: u32| {
        usize::try_from(at).ok().and_then(|it| names.get(it).copied()).unwrap_or_default()
    };
    let weekday = name(&days, date.weekday().num_days_from_monday());
    let month = name(&months, date.month0());
    format!("{weekday}, {} {month} {}", date.day(), date.year())
}

/// A moment there, e.g. `Sen, 17 Agu 2026, 14:05`.
pub(super) fn moment(at: DateTime<Utc>, zone: Tz, language: Language) -> String {
    let local = at.with_timezone(&zone);
    format!("{}, {}", day(local.date_naive(), language), local.format("%H:%M"))
}

/// A size, e.g. `1,5 MB` or `1.5 MB`; of less than a kilobyte in bytes.
pub(super) fn size(bytes: i64, language: Language) -> String {
    let units = ["kB", "MB", "GB"];
    let Some((at, unit)) =
        units.iter().enumerate().rev().find(|(at, _)| bytes >= 10_i64.pow(steps(*at)))
    else {
        return format!("{bytes} B");
    };
    let tenths = bytes / 10_i64.pow(steps(at) - 1);
    let point = match language {
        Language::Id => ',',
        Language::En => '.',
    };
    format!("{}{point}{} {unit}", language.number(tenths / 10), tenths % 10)
}

/// The zeros of a unit.
fn steps(at: usize) -> u32 {
    u32::try_from(at).unwrap_or_default() * 3 + 3
}

/// A reservation's state.
pub(super) const fn state(t: &Texts, state: ReservationState) -> &'static str {
    match state {
        ReservationState::Confirmed => t.state_confirmed,
        ReservationState::InHouse => t.state_in_house,
        ReservationState::CheckedOut => t.state_checked_out,
        ReservationState::Cancelled => t.state_cancelled,
        ReservationState::NoShow => t.state_no_show,
    }
}

/// What stands in the way of a booking.
pub(super) const fn obstacle(t: &Texts, obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::SoldOut => t.obstacle_sold_out,
        Obstacle::NoRate => t.obstacle_no_rate,
        Obstacle::TooManyGuests => t.obstacle_too_many,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_in_the_readers_language() {
        assert_eq!(size(999, Language::En), "999 B");
        assert_eq!(size(1_549_000, Language::En), "1.5 MB");
        assert_eq!(size(1_549_000, Language::Id), "1,5 MB");
        assert_eq!(size(2_300_456_000_000, Language::Id), "2.300,4 GB");
        assert_eq!(size(2_300_456_000_000, Language::En), "2,300.4 GB");
    }

    #[test]
    fn a_day_is_written_in_the_readers_language() {
        let day_of = |language| day("2026-08-17".parse().unwrap(), language);
        assert_eq!(day_of(Language::Id), "Sen, 17 Agu 2026");
        assert_eq!(day_of(Language::En), "Mon, 17 Aug 2026");
    }
}
