//! Keys with ids, and what is made with them: sealed secrets and database passwords.
//!
//! A sealed secret is `v1.<key id>.<nonce>.<ciphertext>`, AES-256-GCM, bound to the place it is
//! stored in: moved to another row it does not open. Keys rotate by adding a new one in front;
//! what was sealed with an older key still opens while that key is listed.

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    digest, hmac, rand,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

use crate::ids::DatabaseId;

const KEY_BYTES: usize = 32;

/// Why a list of keys was not understood. Never repeats a key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeys {
    /// An entry is not `id:base64`.
    #[error("needs entries of the form `id:base64`, joined with commas")]
    Form,
    /// A key has the wrong length.
    #[error("key `{0}` is not 32 bytes of base64 (make one: `openssl rand -base64 32`)")]
    Length(String),
}

/// Why a sealed secret did not open.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// It is not in our form.
    #[error("the text is not a sealed secret")]
    Form,
    /// The key it was sealed with is not listed any more.
    #[error("the key `{0}` is not configured")]
    UnknownKey(String),
    /// It was altered, or moved from another place.
    #[error("the secret was altered or belongs elsewhere")]
    Refused,
}

/// Keys by id. The first is used for new work, the others only to read old work.
#[derive(Clone)]
pub struct Keyring(Vec<(String, [u8; KEY_BYTES])>);

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(id, _)| id)).finish()
    }
}

impl FromStr for Keyring {
    type Err = InvalidKeys;

    fn from_str(text: &str) -> Result<Self, InvalidKeys> {
        let mut keys = Vec::new();
        for entry in text.split(',') {
            let (id, key) = entry.trim().split_once(':').ok_or(InvalidKeys::Form)?;
            if id.is_empty() || id.contains('.') {
                return Err(InvalidKeys::Form);
            }
            let key = base64::engine::general_purpose::STANDARD
                .decode(key)
                .or_else(|_| URL_SAFE_NO_PAD.decode(key))
                .ok()
                .and_then(|it| <[u8; KEY_BYTES]>::try_from(it).ok())
                .ok_or_else(|| InvalidKeys::Length(id.to_owned()))?;
            keys.push((id.to_owned(), key));
        }
        Ok(Self(keys))
    }
}

impl Keyring {
    /// The id of the key for new work.
    #[must_use]
    pub fn current_id(&self) -> &str {
        self.0.first().map_or("", |(id, _)| id)
    }

    /// All keys, the current one first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8; KEY_BYTES])> {
        self.0.iter().map(|(id, key)| (id.as_str(), key))
    }

    fn find(&self, id: &str) -> Option<&[u8; KEY_BYTES]> {
        self.iter().find(|(it, _)| *it == id).map(|(_, key)| key)
    }

    /// Seals `secret` for the one place that `place` names, e.g. `db_hosts.admin_url.<id>`.
    ///
    /// # Errors
    /// Fails only if the machine gives no randomness.
    pub fn seal(&self, place: &str, secret: &SecretString) -> Result<String, UnsealError> {
        let (id, key) = self.iter().next().ok_or(UnsealError::Form)?;
        let cipher = cipher(key)?;
        let mut text = secret.expose_secret().as_bytes().to_vec();
        let nonce = cipher
            .seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut text)
            .map_err(|_unspecified| UnsealError::Refused)?;
        let nonce = URL_SAFE_NO_PAD.encode(nonce.as_ref());
        Ok(format!("v1.{id}.{nonce}.{}", URL_SAFE_NO_PAD.encode(text)))
    }

    /// Opens what [`Keyring::seal`] made for the same `place`.
    ///
    /// # Errors
    /// Refuses a text that was altered, moved, or sealed with a key that is not listed.
    pub fn unseal(&self, place: &str, sealed: &str) -> Result<SecretString, UnsealError> {
        let mut parts = sealed.splitn(4, '.');
        let (Some("v1"), Some(id), Some(nonce), Some(text)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(UnsealError::Form);
        };
        let key = self.find(id).ok_or_else(|| UnsealError::UnknownKey(id.to_owned()))?;
        let nonce = URL_SAFE_NO_PAD.decode(nonce).ok().ok_or(UnsealError::Form)?;
        let nonce = Nonce::try_assume_unique_for_key(&nonce).ok().ok_or(UnsealError::Form)?;
        let mut text = URL_SAFE_NO_PAD.decode(text).ok().ok_or(UnsealError::Form)?;
        let opened = cipher(key)?
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut text)
            .map_err(|_unspecified| UnsealError::Refused)?;
        String::from_utf8(opened.to_vec()).map(SecretString::from).ok().ok_or(UnsealError::Form)
    }

    /// The login password of a tenant database: an HMAC, so that no list of passwords exists.
    ///
    /// `key_id` is the database host's key version. `None` if that key is not listed.
    #[must_use]
    pub fn database_password(&self, key_id: &str, database: DatabaseId) -> Option<SecretString> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.find(key_id)?);
        let tag = hmac::sign(&key, database.as_uuid().as_bytes());
        Some(SecretString::from(URL_SAFE_NO_PAD.encode(tag.as_ref())))
    }
}

fn cipher(key: &[u8; KEY_BYTES]) -> Result<RandomizedNonceKey, UnsealError> {
    RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_unspecified| UnsealError::Refused)
}

/// 32 random bytes as text, for tokens that a person or a program carries.
#[must_use]
pub fn random_token() -> SecretString {
    SecretString::from(URL_SAFE_NO_PAD.encode(random_bytes::<32>()))
}

/// Random bytes.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0_u8; N];
    #[expect(clippy::expect_used, reason = "a machine without randomness must not go on")]
    rand::fill(&mut bytes).expect("the machine gives randomness");
    bytes
}

/// The SHA-256 of a text: what is stored of a token that somebody else carries.
#[must_use]
pub fn sha256(text: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, text).as_ref().to_vec()
}

/// A keyed checksum of `text`, as text.
#[must_use]
pub fn signature(key: &SecretString, text: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret().as_bytes());
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, text).as_ref())
}

/// Tells whether two secrets are equal, in a time that does not depend on where they differ.
#[must_use]
pub fn equal_secrets(one: &str, other: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const NEW: &str = "k2:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    #[test]
    fn a_sealed_secret_opens_only_in_its_own_place() {
        let keys: Keyring = OLD.parse().unwrap();
        let sealed = keys.seal("row 1", &SecretString::from("hunter2")).unwrap();

        assert_eq!(keys.unseal("row 1", &sealed).unwrap().expose_secret(), "hunter2");
        assert_eq!(keys.unseal("row 2", &sealed).unwrap_err(), UnsealError::Refused);
        assert!(!sealed.contains("hunter2"));
    }

    #[test]
    fn an_old_key_still_opens_after_rotation_and_not_after_removal() {
        let sealed = OLD.parse::<Keyring>().unwrap().seal("row", &SecretString::from("x")).unwrap();

        let both: Keyring = format!("{NEW},{OLD}").parse().unwrap();
        assert_eq!(both.unseal("row", &sealed).unwrap().expose_secret(), "x");
        assert!(both.seal("row", &SecretString::from("y")).unwrap().starts_with("v1.k2."));

        let only_new: Keyring = NEW.parse().unwrap();
        assert_eq!(
            only_new.unseal("row", &sealed).unwrap_err(),
            UnsealError::UnknownKey("k1".to_owned())
        );
    }

    #[test]
    fn a_database_password_depends_on_key_and_database() {
        let keys: Keyring = format!("{NEW},{OLD}").parse().unwrap();
        let id = DatabaseId::generate();
        let password =
            |key, id| keys.database_password(key, id).unwrap().expose_secret().to_owned();

        assert_eq!(password("k1", id), password("k1", id));
        assert_ne!(password("k1", id), password("k2", id));
        assert_ne!(password("k1", id), password("k1", DatabaseId::generate()));
        assert!(keys.database_password("k9", id).is_none());
    }
}
