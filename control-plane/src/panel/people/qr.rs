//! A QR code as an inline drawing: no script, no outside host.

use std::fmt::Write as _;

use hotelhub_http::error::{ApiError, ApiResult};
use qrcodegen::{QrCode, QrCodeEcc};

/// What stands around a code, so that cameras find it.
const MARGIN: i32 = 4;

/// A drawing of squares, one unit each.
pub(super) struct Drawing {
    /// How wide and high it is.
    pub(super) size: i32,
    /// The `d` of the one path.
    pub(super) path: String,
}

/// The QR code of a text.
///
/// # Errors
/// Fails if the text is too long for one; ours are not.
pub(super) fn draw(text: &str) -> ApiResult<Drawing> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(ApiError::internal)?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            let (x, y) = (x + MARGIN, y + MARGIN);
            write!(path, "M{x},{y}h1v1h-1z").map_err(ApiError::internal)?;
        }
    }
    Ok(Drawing { size: code.size() + 2 * MARGIN, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_as_large_as_its_text_needs() {
        let drawing = draw("otpauth://totp/HotelHub:a@b.id?secret=ABC&issuer=HotelHub").unwrap();
        assert!(drawing.size > 21 + 2 * MARGIN && drawing.path.starts_with("M4,4h1v1h-1z"));
    }
}
