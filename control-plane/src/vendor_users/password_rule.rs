//! What a password must be like that one of the vendor's people chooses.

use hotelhub_http::error::{ApiError, ApiResult};
use secrecy::{ExposeSecret as _, SecretString};
use zxcvbn::{Score, zxcvbn};

const LENGTH: std::ops::RangeInclusive<usize> = 12..=128;

/// Refuses a password that is short, or weak: also one that is made of the person's own words.
pub(super) fn check(password: &SecretString, email: &str, name: &str) -> ApiResult<()> {
    let password = password.expose_secret();
    if !LENGTH.contains(&password.chars().count()) {
        let (least, most) = (LENGTH.start(), LENGTH.end());
        let why = format!("needs {least} to {most} characters");
        return Err(ApiError::invalid("password", why));
    }
    let own: Vec<&str> = name.split_whitespace().chain(email.split(['@', '.'])).collect();
    let own = [own, vec!["hotelhub", "hotel"]].concat();
    if zxcvbn(password, &own).score() < Score::Three {
        let why = "is easy to guess: take some words more that do not belong together";
        return Err(ApiError::invalid("password", why));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_known_words_are_no_password() {
        let check = |text: &str| {
            let password = SecretString::from(text);
            super::check(&password, "ayu.lestari@hotelhub.id", "Ayu Lestari").is_ok()
        };
        assert!(check("kopi-tubruk-di-teras-villa"));
        for weak in ["kopi-tubruk", "password1234", &"x".repeat(129)] {
            assert!(!check(weak), "{weak}");
        }
    }
}
