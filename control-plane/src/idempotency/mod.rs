//! Answers that are kept, so that a repeated request gets the same one and changes nothing.
//!
//! A key is held by a lock while its request runs, and written with the answer in the transaction
//! of the request's own effect. A refusal changes nothing, so it is not kept. Keys are forgotten a
//! day later.

mod entity;
mod once;
mod store;

use actix_web::{HttpResponse, http::StatusCode};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use hotelhub_core::keys::{Keyring, sha256, signature};
use hotelhub_http::{
    answer::Answer,
    body::Repeat,
    error::{ApiError, ApiResult},
};
use sea_orm::{DatabaseConnection, DatabaseTransaction};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;

use crate::database::database_failed;

pub(crate) use self::{
    once::{once, once_by_form, once_showing},
    store::forget_old,
};

/// Recognises a repeated request without letting anybody guess what was in it.
///
/// A signup's body holds a password: a plain checksum of it in a table would let a thief of the
/// table try passwords by the million. With a key of ours in it, it does not.
#[derive(Clone, Debug)]
pub(crate) struct Fingerprints(SecretString);

impl Fingerprints {
    pub(crate) fn new(keys: &Keyring) -> Self {
        let key = keys.iter().next().map(|(_, key)| [b"idempotency".as_slice(), key].concat());
        Self(SecretString::from(STANDARD.encode(sha256(&key.unwrap_or_default()))))
    }

    fn of(&self, repeat: &Repeat) -> Vec<u8> {
        signature(&self.0, &repeat.request_sha256).into_bytes()
    }

    /// A secret that goes with one key, the same each time, so that a repeat is shown the one that is
    /// good. It is kept nowhere, and nobody finds it from the key alone.
    pub(crate) fn secret_of(&self, key: &Key) -> SecretString {
        let named = format!("secret of {}/{}", key.actor, key.key);
        SecretString::from(signature(&self.0, named.as_bytes()))
    }
}

/// What to do while another request with the same key still runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WhileBusy {
    /// Programs are told, and come back.
    Refuse,
    /// A person who clicked twice waits for the first click's answer.
    Wait,
}

/// An answer that was given before.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    status: i32,
    /// The body, envelope included.
    pub(crate) body: Value,
}

impl Kept {
    /// The same answer again.
    pub(crate) fn again(&self) -> ApiResult<HttpResponse> {
        let status = u16::try_from(self.status).unwrap_or_default();
        let status = StatusCode::from_u16(status).map_err(ApiError::internal)?;
        Ok(HttpResponse::build(status).json(&self.body))
    }
}

/// One key of one actor, and the request that it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    actor: String,
    key: String,
    fingerprint: Vec<u8>,
}

impl Key {
    /// The key of a request, if the client sent one.
    pub(crate) fn of(fingerprints: &Fingerprints, actor: &str, repeat: &Repeat) -> Option<Self> {
        let key = repeat.key.clone()?;
        Some(Self { actor: actor.to_owned(), key, fingerprint: fingerprints.of(repeat) })
    }
}

/// The kept answer, if there is one by now. Holds nothing: a look before costly work.
///
/// # Errors
/// Refuses a key that was used for another request.
pub(crate) async fn peek(db: &DatabaseConnection, key: Option<&Key>) -> ApiResult<Option<Kept>> {
    let Some(key) = key else { return Ok(None) };
    store::find(db, key).await.map_err(database_failed)?.map(|it| same(key, it)).transpose()
}

/// The kept answer, if this is a repeat. Otherwise holds the key until the transaction ends.
///
/// # Errors
/// Refuses a key that was used for another request, or whose request still runs.
pub(crate) async fn hold(
    tx: &DatabaseTransaction,
    key: Option<&Key>,
    busy: WhileBusy,
) -> ApiResult<Option<Kept>> {
    let Some(key) = key else { return Ok(None) };
    match busy {
        WhileBusy::Wait => store::lock(tx, key).await.map_err(database_failed)?,
        WhileBusy::Refuse if store::try_lock(tx, key).await.map_err(database_failed)? => {}
        WhileBusy::Refuse => return Err(Repeat::in_flight()),
    }
    store::find(tx, key).await.map_err(database_failed)?.map(|it| same(key, it)).transpose()
}

/// Keeps the answer, if the client sent a key.
///
/// # Errors
/// Fails if the database does.
pub(crate) async fn keep<T: Serialize>(
    tx: &DatabaseTransaction,
    key: Option<&Key>,
    status: StatusCode,
    answer: &Answer<T>,
    now: DateTime<Utc>,
) -> ApiResult<()> {
    let Some(key) = key else { return Ok(()) };
    let body = serde_json::to_value(answer).map_err(ApiError::internal)?;
    let kept = Kept { status: i32::from(status.as_u16()), body };
    store::insert(tx, key, kept, now).await.map_err(database_failed)
}

fn same(key: &Key, (fingerprint, kept): (Vec<u8>, Kept)) -> ApiResult<Kept> {
    if fingerprint == key.fingerprint { Ok(kept) } else { Err(Repeat::reused()) }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_fingerprint_depends_on_the_request_and_on_our_key() {
        let of = |keys: &str, request: &[u8]| {
            let repeat = Repeat { key: Some("k".to_owned()), request_sha256: sha256(request) };
            Fingerprints::new(&keys.parse().unwrap()).of(&repeat)
        };
        let ours = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let other = "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

        assert_eq!(of(ours, b"a"), of(ours, b"a"));
        assert_ne!(of(ours, b"a"), of(ours, b"b"));
        assert_ne!(of(ours, b"a"), of(other, b"a"));
    }

    #[test]
    fn a_secret_is_that_of_one_key_of_one_actor() {
        let keys = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let fingerprints = Fingerprints::new(&keys.parse().unwrap());
        let of = |actor: &str, key: &str| {
            let repeat = Repeat { key: Some(key.to_owned()), request_sha256: sha256(b"a") };
            let key = Key::of(&fingerprints, actor, &repeat).unwrap();
            fingerprints.secret_of(&key).expose_secret().to_owned()
        };

        assert_eq!(of("ayu", "k"), of("ayu", "k"));
        assert_ne!(of("ayu", "k"), of("ayu", "l"));
        assert_ne!(of("ayu", "k"), of("budi", "k"));
        assert!(of("ayu", "k").len() >= 43);
    }
}
