//! The stay that somebody looks for: as it was typed, and as it was understood.

use chrono::{Days, NaiveDate};
use serde::Deserialize;

use super::{faults::Faults, texts::Texts};
use crate::availability::{Party, Stay};

/// A stay as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct TypedAsk {
    #[serde(default)]
    pub(super) arrival: String,
    #[serde(default)]
    pub(super) departure: String,
    #[serde(default)]
    pub(super) adults: String,
    #[serde(default)]
    pub(super) children: String,
}

/// A stay that was understood.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) stay: Stay,
    pub(super) party: Party,
}

impl TypedAsk {
    /// The same, with two adults for the night of `business_date` where nothing was typed.
    pub(super) fn or_tonight(mut self, business_date: NaiveDate) -> Self {
        let or = |text: &mut String, usual: String| {
            if text.trim().is_empty() {
                *text = usual;
            }
        };
        or(&mut self.arrival, business_date.to_string());
        let arrival = self.arrival.trim().parse().unwrap_or(business_date);
        or(&mut self.departure, next_day(arrival).to_string());
        or(&mut self.adults, "2".to_owned());
        or(&mut self.children, "0".to_owned());
        self
    }

    /// What was typed, understood; or all that is wrong with it.
    pub(super) fn read(&self, business_date: NaiveDate, t: &Texts) -> Result<Ask, Faults> {
        let mut faults = Faults::default();
        let arrival: Option<NaiveDate> = self.arrival.trim().parse().ok();
        let departure: Option<NaiveDate> = self.departure.trim().parse().ok();
        match arrival {
            None => faults.add("arrival", t.fault_date),
            Some(it) if it < business_date => faults.add("arrival", t.fault_arrival),
            Some(_) => {}
        }
        if departure.is_none() {
            faults.add("departure", t.fault_date);
        }
        let stay = arrival.zip(departure).map(|(arrival, departure)| Stay::new(arrival, departure));
        if stay.as_ref().is_some_and(Result::is_err) {
            faults.add("departure", t.fault_departure);
        }
        let adults = self.adults.trim().parse().ok().filter(|it| (1..=20).contains(it));
        let children = self.children.trim().parse().ok().filter(|it| (0..=20).contains(it));
        if adults.is_none() {
            faults.add("adults", t.fault_adults);
        }
        if children.is_none() {
            faults.add("children", t.fault_children);
        }
        match (stay, adults, children) {
            (Some(Ok(stay)), Some(adults), Some(children)) if faults.is_empty() => {
                Ok(Ask { stay, party: Party { adults, children } })
            }
            _ => Err(faults),
        }
    }
}

pub(super) fn next_day(date: NaiveDate) -> NaiveDate {
    date.checked_add_days(Days::new(1)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use hotelhub_http::language::Language;

    use super::*;

    fn read(arrival: &str, departure: &str, adults: &str) -> Result<Ask, Vec<&'static str>> {
        let today = "2026-08-17".parse().unwrap();
        let typed = TypedAsk {
            arrival: arrival.to_owned(),
            departure: departure.to_owned(),
            adults: adults.to_owned(),
            children: String::new(),
        };
        typed
            .or_tonight(today)
            .read(today, Texts::of(Language::Id))
            .map_err(|faults| faults.list().iter().map(|it| it.field).collect())
    }

    #[test]
    fn nothing_typed_means_tonight_for_two() {
        let ask = read("", "", "").unwrap();
        assert_eq!(ask.stay.arrival.to_string(), "2026-08-17");
        assert_eq!(ask.stay.nights(), 1);
        assert_eq!(ask.party, Party { adults: 2, children: 0 });
    }

    #[test]
    fn all_faults_are_named_at_once() {
        assert_eq!(read("soon", "later", "0").unwrap_err(), ["arrival", "departure", "adults"]);
        assert_eq!(read("2026-08-16", "", "").unwrap_err(), ["arrival"]);
        assert_eq!(read("2026-08-20", "2026-08-20", "").unwrap_err(), ["departure"]);
    }
}
