//! Codes of a second factor: TOTP by RFC 6238, six digits, a new one every 30 seconds.
//!
//! Which time step a code belongs to is told, so that whoever checks it can refuse a step that was
//! used before. The step before and the one after the present count as well, as clocks differ.

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret as _, SecretString};

use crate::keys::{equal_secrets, random_bytes};

/// How long a code is shown.
pub const STEP_SECONDS: i64 = 30;
const DIGITS: usize = 6;
/// RFC 4226 asks for as many bits as the hash has.
const SECRET_BYTES: usize = 20;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What an authenticator and we share, in the form that people type.
#[must_use]
pub fn random_secret() -> SecretString {
    SecretString::from(base32(&random_bytes::<SECRET_BYTES>()))
}

/// What an authenticator reads from a QR code.
#[must_use]
pub fn address(issuer: &str, account: &str, secret: &SecretString) -> SecretString {
    let escaped = |text: &str| -> String {
        let plain = |it: u8| it.is_ascii_alphanumeric() || b"-._~".contains(&it);
        let escape = |it| if plain(it) { char::from(it).to_string() } else { format!("%{it:02X}") };
        text.bytes().map(escape).collect()
    };
    let (issuer, account) = (escaped(issuer), escaped(account));
    SecretString::from(format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}",
        secret.expose_secret()
    ))
}

/// The time step whose code this is, if it is that of now or next to it and comes after `last`,
/// which was used.
#[must_use]
pub fn matching_step(secret: &SecretString, code: &str, now: i64, last: i64) -> Option<i64> {
    let key = from_base32(secret.expose_secret())?;
    let present = now.div_euclid(STEP_SECONDS);
    // All are worked out, whichever it is.
    let steps = [present - 1, present, present + 1];
    let matching = steps.map(|step| equal_secrets(&code_of(&key, step), code).then_some(step));
    matching.into_iter().flatten().find(|step| *step > last)
}

/// The code of a time, for tests and authenticators.
#[must_use]
pub fn code_at(secret: &SecretString, now: i64) -> Option<String> {
    let key = from_base32(secret.expose_secret())?;
    Some(code_of(&key, now.div_euclid(STEP_SECONDS)))
}

fn code_of(key: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let from = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
    let four = tag.iter().skip(from).take(4);
    let number = four.fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte)) & 0x7fff_ffff;
    format!("{:0DIGITS$}", number % 10_u32.pow(6))
}

/// Bytes as letters and digits that are not mistaken for each other.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut held, mut bits) = (0_u32, 0_u32);
    let letter = |it: u32| {
        let index = usize::try_from(it & 31).unwrap_or_default();
        ALPHABET.get(index).copied().map_or('A', char::from)
    };
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits)));
    }
    text
}

fn from_base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0_u32);
    for letter in text.bytes() {
        let value = ALPHABET.iter().position(|it| *it == letter.to_ascii_uppercase())?;
        held = (held << 5) | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
        }
        held &= (1 << bits) - 1;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc() -> SecretString {
        SecretString::from(base32(b"12345678901234567890"))
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, without the first two of its eight digits.
        for (now, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(&rfc(), now).unwrap(), code, "{now}");
        }
    }

    #[test]
    fn a_code_counts_in_its_step_and_those_beside_it_and_once() {
        let (secret, now) = (rfc(), 1_234_567_890);
        let (step, code) = (now / 30, code_at(&rfc(), now).unwrap());
        let matching = |now, last| matching_step(&secret, &code, now, last);
        assert_eq!(matching(now, 0), Some(step));
        assert_eq!(matching(now + 30, 0), Some(step));
        assert_eq!(matching(now - 30, 0), Some(step));
        assert_eq!(matching(now + 60, 0), None);
        assert_eq!(matching(now - 60, 0), None);
        assert_eq!(matching(now, step), None, "used");
        assert_eq!(matching_step(&secret, "", now, 0), None);
    }

    #[test]
    fn a_secret_reads_back_and_goes_into_an_address() {
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI");
        assert_eq!(from_base32("mzxw6ytboi").unwrap(), b"foobar");
        assert!(from_base32("01").is_none());
        assert_eq!(random_secret().expose_secret().len(), 32);
        let address = address("Hotel Hub", "a+b@c.id", &SecretString::from("ABC"));
        let expected = "otpauth://totp/Hotel%20Hub:a%2Bb%40c.id?secret=ABC&issuer=Hotel%20Hub";
        assert_eq!(address.expose_secret(), expected);
    }
}
