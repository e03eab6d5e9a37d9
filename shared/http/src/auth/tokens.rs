//! Access tokens: short-lived JWTs (`EdDSA`) that point at a session.
//!
//! The token alone is only a tamper-proof pointer: whoever serves a request also checks the
//! session's row, so logout and a change of roles count at the next request. Verifying a signature
//! costs a third of a small request, so a verified token is remembered until it expires.

use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::{
    clock::Clock,
    ids::{SessionId, UserId},
    keys::Keyring,
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

/// How long an access token is good for.
pub const ACCESS_TTL: TimeDelta = TimeDelta::minutes(15);
/// How long a session lives without a refresh.
pub const SESSION_TTL: TimeDelta = TimeDelta::days(30);
const REMEMBERED: usize = 20_000;
/// PKCS #8 v1 header of a 32-byte Ed25519 seed.
const PKCS8_ED25519: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// The keys cannot sign.
#[derive(Debug, thiserror::Error)]
#[error("TOKEN_KEYS holds a key that cannot sign")]
pub struct UnusableKey;

/// A token could not be made.
#[derive(Debug, thiserror::Error)]
#[error("sign an access token")]
pub struct IssueError(#[from] jsonwebtoken::errors::Error);

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    /// The person.
    pub sub: UserId,
    /// The session.
    pub sid: SessionId,
    typ: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Makes and verifies the tokens of one issuer. Cheap to clone.
#[derive(Clone)]
pub struct Tokens(Arc<Inner>);

struct Inner {
    issuer: &'static str,
    clock: Clock,
    signing: (String, EncodingKey),
    verifying: Vec<(String, DecodingKey)>,
    verified: Cache<String, Arc<Claims>>,
}

impl Tokens {
    /// Tokens of `issuer`, signed with the first of `keys`.
    ///
    /// # Errors
    /// Refuses keys that cannot sign.
    pub fn new(issuer: &'static str, keys: &Keyring, clock: Clock) -> Result<Self, UnusableKey> {
        let mut signing = None;
        let mut verifying = Vec::new();
        for (id, seed) in keys.iter() {
            let pair =
                Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_rejected| UnusableKey)?;
            verifying.push((id.to_owned(), DecodingKey::from_ed_der(pair.public_key().as_ref())));
            if signing.is_none() {
                let der = [PKCS8_ED25519.as_slice(), seed.as_slice()].concat();
                signing = Some((id.to_owned(), EncodingKey::from_ed_der(&der)));
            }
        }
        let signing = signing.ok_or(UnusableKey)?;
        let verified = Cache::new(REMEMBERED);
        Ok(Self(Arc::new(Inner { issuer, clock, signing, verifying, verified })))
    }

    /// A token for `audience`, and the seconds it is good for.
    ///
    /// # Errors
    /// Fails if signing fails.
    pub fn issue(
        &self,
        audience: &str,
        user: UserId,
        session: SessionId,
    ) -> Result<(String, i64), IssueError> {
        let now = self.0.clock.now().timestamp();
        let claims = Claims {
            iss: self.0.issuer.to_owned(),
            aud: audience.to_owned(),
            sub: user,
            sid: session,
            typ: "access".to_owned(),
            iat: now,
            nbf: now,
            exp: now + ACCESS_TTL.num_seconds(),
        };
        let (kid, key) = &self.0.signing;
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(kid.clone());
        header.typ = Some("at+jwt".to_owned());
        Ok((jsonwebtoken::encode(&header, &claims, key)?, ACCESS_TTL.num_seconds()))
    }

    /// What `token` says, if it is ours, meant for `audience`, and good now. No reason is given for
    /// a refusal: it would only help a forger.
    #[must_use]
    pub fn verify(&self, token: &str, audience: &str) -> Option<Arc<Claims>> {
        let claims = match self.0.verified.get(token) {
            Some(known) => known,
            None => {
                let claims = Arc::new(self.decode(token)?);
                self.0.verified.insert(token.to_owned(), Arc::clone(&claims));
                claims
            }
        };
        let now = self.0.clock.now();
        let good = claims.aud == audience && at(claims.nbf) <= now && now < at(claims.exp);
        good.then_some(claims)
    }

    /// Times are checked against our own clock, which tests move.
    fn decode(&self, token: &str) -> Option<Claims> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some("at+jwt") {
            return None;
        }
        let kid = header.kid?;
        let (_, key) = self.0.verifying.iter().find(|(id, _)| *id == kid)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[self.0.issuer]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        validation.validate_exp = false;
        validation.validate_aud = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).ok()?.claims;
        (claims.typ == "access").then_some(claims)
    }
}

fn at(timestamp: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(timestamp, 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    const KEY: &str = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const OTHER: &str = "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn tokens(keys: &str, at: &str) -> Tokens {
        Tokens::new("hotel", &keys.parse().unwrap(), Clock::fixed(at.parse().unwrap())).unwrap()
    }

    fn issued(tokens: &Tokens) -> String {
        tokens.issue("tenant:a", UserId::generate(), SessionId::generate()).unwrap().0
    }

    #[test]
    fn a_token_is_good_for_its_audience_and_its_time() {
        let token = issued(&tokens(KEY, "2026-01-01T00:00:00Z"));

        let now = tokens(KEY, "2026-01-01T00:14:59Z");
        assert!(now.verify(&token, "tenant:a").is_some());
        assert!(now.verify(&token, "tenant:a").is_some(), "also when it is remembered");
        assert!(now.verify(&token, "tenant:b").is_none());
        assert!(tokens(KEY, "2026-01-01T00:15:00Z").verify(&token, "tenant:a").is_none());
        assert!(tokens(KEY, "2025-12-31T23:59:59Z").verify(&token, "tenant:a").is_none());
    }

    #[test]
    fn a_forged_token_is_refused() {
        let ours = tokens(KEY, "2026-01-01T00:00:00Z");
        let token = issued(&ours);
        let parts: Vec<&str> = token.split('.').collect();
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);

        let stranger = issued(&tokens(OTHER, "2026-01-01T00:00:00Z"));
        let unsigned =
            format!("{}.{}.", encoded(r#"{"alg":"none","typ":"at+jwt","kid":"k1"}"#), parts[1]);
        let symmetric = jsonwebtoken::encode(
            &Header { kid: Some("k1".into()), typ: Some("at+jwt".into()), ..Header::default() },
            &serde_json::json!({"iss": "hotel", "aud": "tenant:a"}),
            &EncodingKey::from_secret(b"guess"),
        )
        .unwrap();
        let altered = format!("{}.{}.{}", parts[0], encoded(r#"{"aud":"tenant:a"}"#), parts[2]);

        for forged in [stranger, unsigned, symmetric, altered, String::new(), "x.y.z".to_owned()] {
            assert!(ours.verify(&forged, "tenant:a").is_none(), "{forged}");
        }
    }

    #[test]
    fn a_token_of_a_key_that_was_rotated_is_still_good() {
        let token = issued(&tokens(KEY, "2026-01-01T00:00:00Z"));
        let rotated = format!("k2:{},{KEY}", OTHER.trim_start_matches("k1:"));
        assert!(tokens(&rotated, "2026-01-01T00:00:00Z").verify(&token, "tenant:a").is_some());
    }
}
