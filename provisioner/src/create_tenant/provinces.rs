//! The provinces of Indonesia by their ISO 3166-2 codes, and the clock that each goes by.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};

/// One of the three time zones. None of them has summer time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// West: Waktu Indonesia Barat.
    Wib,
    /// Central: Waktu Indonesia Tengah.
    Wita,
    /// East: Waktu Indonesia Timur.
    Wit,
}

impl Zone {
    /// The name in the IANA time zone database.
    pub(super) const fn iana_name(self) -> &'static str {
        match self {
            Self::Wib => "Asia/Jakarta",
            Self::Wita => "Asia/Makassar",
            Self::Wit => "Asia/Jayapura",
        }
    }

    /// The date there at an instant.
    pub(super) fn date_at(self, now: DateTime<Utc>) -> NaiveDate {
        let hours = match self {
            Self::Wib => 7,
            Self::Wita => 8,
            Self::Wit => 9,
        };
        // `None` only for offsets of a day or more.
        FixedOffset::east_opt(hours * 3_600)
            .map_or_else(|| now.date_naive(), |offset| now.with_timezone(&offset).date_naive())
    }
}

/// The time zone of a province; `None` if the code is no province's.
pub(super) fn zone_of(region: &str) -> Option<Zone> {
    match region.strip_prefix("ID-")? {
        // Sumatra and its islands; Java; west and central Kalimantan.
        "AC" | "SU" | "SB" | "RI" | "KR" | "JA" | "SS" | "BB" | "BE" | "LA" => Some(Zone::Wib),
        "BT" | "JK" | "JB" | "JT" | "YO" | "JI" | "KB" | "KT" => Some(Zone::Wib),
        // Bali and Nusa Tenggara; the rest of Kalimantan; Sulawesi.
        "BA" | "NB" | "NT" | "KS" | "KI" | "KU" => Some(Zone::Wita),
        "SA" | "GO" | "ST" | "SR" | "SN" | "SG" => Some(Zone::Wita),
        // Maluku; Papua with the provinces of 2022.
        "MA" | "MU" | "PA" | "PB" | "PD" | "PE" | "PS" | "PT" => Some(Zone::Wit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_thirty_eight_provinces_have_a_zone() {
        let letters = || 'A'..='Z';
        let codes = letters().flat_map(|a| letters().map(move |b| format!("ID-{a}{b}")));
        assert_eq!(codes.filter(|it| zone_of(it).is_some()).count(), 38);
        assert_eq!(zone_of("ID-XX"), None);
        assert_eq!(zone_of("BA"), None);
    }

    #[test]
    fn the_day_begins_in_the_east() {
        let evening: DateTime<Utc> = "2026-03-01T15:30:00Z".parse().unwrap();
        assert_eq!(Zone::Wib.date_at(evening).to_string(), "2026-03-01");
        assert_eq!(Zone::Wita.date_at(evening).to_string(), "2026-03-01");
        assert_eq!(Zone::Wit.date_at(evening).to_string(), "2026-03-02");
    }
}
