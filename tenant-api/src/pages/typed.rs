//! What people type into fields: room numbers and amounts.

use hotelhub_core::money::Rupiah;

/// Rooms that can be added at once.
const MOST_ROOMS: usize = 200;

/// The numbers in a list of numbers and ranges, e.g. `101-110, 201`. `None` if it holds none, too
/// many, or a range that is not one.
pub(super) fn room_numbers(text: &str) -> Option<Vec<String>> {
    let mut numbers = Vec::new();
    for part in text.split([',', ';', '\n']).map(str::trim).filter(|it| !it.is_empty()) {
        match part.split_once('-') {
            Some((from, to)) => numbers.extend(range(from.trim(), to.trim())?),
            None => numbers.push(part.to_owned()),
        }
        if numbers.len() > MOST_ROOMS {
            return None;
        }
    }
    let fit = numbers.iter().all(|it| (1..=12).contains(&it.chars().count()));
    (fit && !numbers.is_empty()).then_some(numbers)
}

/// The rooms from `A101` to `A110`, or to `110`; noughts in front are kept.
fn range(from: &str, to: &str) -> Option<impl Iterator<Item = String> + use<>> {
    let digits_at = |it: &str| it.len() - it.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (prefix, first) = from.split_at_checked(digits_at(from))?;
    let (other_prefix, last) = to.split_at_checked(digits_at(to))?;
    if other_prefix != prefix && !other_prefix.is_empty() {
        return None;
    }
    let width = first.len();
    let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
    let count = last.checked_sub(first)?;
    if usize::try_from(count).ok()? >= MOST_ROOMS {
        return None;
    }
    let prefix = prefix.to_owned();
    Some((first..=last).map(move |number| format!("{prefix}{number:0width$}")))
}

/// An amount in whole rupiah, with or without `Rp` and separators between groups of three digits.
pub(super) fn rupiah(text: &str) -> Option<Rupiah> {
    let text = text.trim();
    let text = text.strip_prefix("Rp").or_else(|| text.strip_prefix("IDR")).unwrap_or(text).trim();
    let mut groups = text.split(['.', ',', ' ']);
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let plain = rest.is_empty() || (1..=3).contains(&first.len());
    if !plain || rest.iter().any(|it| it.len() != 3) {
        return None;
    }
    let digits = first.to_owned() + &rest.concat();
    let is_number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
    is_number.then(|| digits.parse().ok().map(Rupiah::new)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_ranges_of_rooms_are_understood() {
        let read = |text| room_numbers(text).map(|it| it.join(" "));
        assert_eq!(read("101-103, 201").as_deref(), Some("101 102 103 201"));
        assert_eq!(read("A08-A10").as_deref(), Some("A08 A09 A10"));
        assert_eq!(read("B1 - 2;Villa Melati").as_deref(), Some("B1 B2 Villa Melati"));
        for bad in ["", " , ", "110-101", "A1-B2", "1-", "1-1000", "-", "4294967290-4294967299999"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(read("this is longer than a door"), None);
    }

    #[test]
    fn amounts_are_whole_rupiah_however_they_are_written() {
        for text in ["750000", "750.000", "750,000", "Rp 750.000", " Rp750 000 "] {
            assert_eq!(rupiah(text), Some(Rupiah::new(750_000)), "{text}");
        }
        for bad in [
            "",
            "Rp",
            "750.00",
            "750000.50",
            "7500.000",
            "-1",
            "1e6",
            ".000",
            "99999999999999999999",
        ] {
            assert_eq!(rupiah(bad), None, "{bad}");
        }
    }
}
