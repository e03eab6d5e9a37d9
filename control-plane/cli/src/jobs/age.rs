//! How long ago something was written, as it is typed: `90s`, `15m`, `24h` or `7d`.

use std::str::FromStr;

/// An age in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Age(pub(super) i64);

impl FromStr for Age {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let wrong = "needs to be a number with s, m, h or d, e.g. 24h";
        let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(wrong)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(wrong),
        };
        let number: u32 = number.parse().map_err(|_no_number| wrong)?;
        Ok(Self(i64::from(number) * seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_a_unit() {
        let read = |text: &str| text.parse::<Age>().map(|it| it.0);
        assert_eq!(read("90s"), Ok(90));
        assert_eq!(read("15m"), Ok(900));
        assert_eq!(read("24h"), Ok(86_400));
        assert_eq!(read("7d"), Ok(604_800));
        for bad in ["", "h", "24", "-1h", "1w", "1.5h", "24ü", "99999999999d"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
