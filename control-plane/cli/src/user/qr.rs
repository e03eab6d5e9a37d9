//! A QR code drawn with letters.

use qrcodegen::{QrCode, QrCodeEcc};

/// What stands around a code, so that cameras find it.
const MARGIN: i32 = 4;

/// The QR code of a text, two rows of squares in a line, for light letters on a dark ground; none if
/// the text is too long for one.
pub(super) fn draw(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let reach = -MARGIN..code.size() + MARGIN;
    // What is outside of the code is light.
    let is_light = |x, y| !code.get_module(x, y);
    let line = |y: i32| -> String {
        let letter = |x| match (is_light(x, y), is_light(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        reach.clone().map(letter).collect()
    };
    let lines: Vec<String> = reach.clone().step_by(2).map(line).collect();
    Some(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_as_wide_as_it_is_high_with_light_around_it() {
        let drawing = draw("otpauth://totp/HotelHub:a@b.id?secret=ABC&issuer=HotelHub").unwrap();
        let lines: Vec<&str> = drawing.lines().collect();
        let width = lines.first().unwrap().chars().count();
        assert!(lines.iter().all(|it| it.chars().count() == width), "{drawing}");
        assert_eq!(lines.len(), width.div_ceil(2));
        assert!(lines.first().unwrap().chars().all(|it| it == '█'), "{drawing}");
        // A finder stands in the corner.
        assert!(lines.get(2).unwrap().starts_with("████ ▄▄▄▄▄ █"), "{drawing}");
        assert!(draw(&"x".repeat(4_000)).is_none());
    }
}
