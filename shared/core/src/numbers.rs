//! Whole numbers as people read them.

/// The number with `mark` between its thousands, e.g. `-1.250.000`.
#[must_use]
pub fn grouped(number: i64, mark: char) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut written = String::from(if number < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            written.push(mark);
        }
        written.push(digit);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_between_thousands_and_nowhere_else() {
        let written = [0, 999, 1_000, 123_456].map(|it| grouped(it, '.'));
        assert_eq!(written, ["0", "999", "1.000", "123.456"]);
        assert_eq!(grouped(-1_234_567, ','), "-1,234,567");
        assert_eq!(grouped(-123, ','), "-123");
    }
}
