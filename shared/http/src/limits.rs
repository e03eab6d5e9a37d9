//! How often one client address may ask, before any work is done for it.
//!
//! Each replica counts for itself. A limit of 0 per minute is no limit.

use std::{net::IpAddr, num::NonZeroU32};

use actix_web::HttpRequest;
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use hotelhub_core::config::Reader;

use crate::{client_addr::client_addr, error::ApiError, frame::wants_page};

/// Where anybody may ask for work to be done: each call costs a look somewhere.
const CALLS: [&str; 2] = ["/api/", "/.well-known/acme-challenge/"];

/// Limits per client address and minute.
#[derive(Clone, Copy, Debug)]
pub struct LimitsConfig {
    /// `RATE_LIMIT_API_PER_MINUTE`: anonymous calls of the API, and looks by certificate authorities,
    /// of which one has a handful for each certificate. Default 100.
    pub api: u32,
    /// `RATE_LIMIT_FORMS_PER_MINUTE`: forms sent from pages. Default 60.
    pub forms: u32,
    /// `RATE_LIMIT_LOGINS_PER_MINUTE`: logins and signups. Default 10.
    pub logins: u32,
}

impl LimitsConfig {
    /// Reads the three limits.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let api = reader.or("RATE_LIMIT_API_PER_MINUTE", 100);
        let forms = reader.or("RATE_LIMIT_FORMS_PER_MINUTE", 60);
        let logins = reader.or("RATE_LIMIT_LOGINS_PER_MINUTE", 10);
        Some(Self { api: api?, forms: forms?, logins: logins? })
    }
}

/// Tells whether a request carries a token that was verified. A program without one knows no such
/// requests: a header that anybody can send makes nobody known.
#[derive(Clone, Copy, Debug)]
pub struct Verified(pub fn(&HttpRequest) -> bool);

/// What each client address has used.
#[derive(Debug)]
pub struct Limits {
    api: Option<DefaultKeyedRateLimiter<IpAddr>>,
    forms: Option<DefaultKeyedRateLimiter<IpAddr>>,
    logins: Option<DefaultKeyedRateLimiter<IpAddr>>,
}

impl Limits {
    /// Limits that nobody has used yet.
    #[must_use]
    pub fn new(config: LimitsConfig) -> Self {
        let limiter = |per_minute| {
            NonZeroU32::new(per_minute).map(|it| RateLimiter::keyed(Quota::per_minute(it)))
        };
        Self {
            api: limiter(config.api),
            forms: limiter(config.forms),
            logins: limiter(config.logins),
        }
    }

    /// Admits any request: calls without a verified token and forms are counted, all else is not.
    pub(crate) fn admit(&self, req: &HttpRequest) -> Result<(), ApiError> {
        let path = req.path();
        if CALLS.iter().any(|it| path.starts_with(it)) {
            // Without a limit there is nothing to lift.
            let verified = self.api.is_none()
                || req.app_data::<Verified>().is_some_and(|Verified(of)| of(req));
            if verified { Ok(()) } else { take(self.api.as_ref(), client_addr(req)) }
        } else if req.method().is_safe() || !wants_page(req) {
            Ok(())
        } else {
            take(self.forms.as_ref(), client_addr(req))
        }
    }

    /// Admits a login or a signup. Call it before any hashing.
    ///
    /// # Errors
    /// 429 with the seconds to wait.
    pub fn admit_login(&self, req: &HttpRequest) -> Result<(), ApiError> {
        take(self.logins.as_ref(), client_addr(req))
    }

    /// Forgets addresses that have not asked for a while.
    pub fn forget_idle(&self) {
        for it in [&self.api, &self.forms, &self.logins].into_iter().flatten() {
            it.retain_recent();
        }
    }
}

fn take(limiter: Option<&DefaultKeyedRateLimiter<IpAddr>>, addr: IpAddr) -> Result<(), ApiError> {
    let Some(limiter) = limiter else { return Ok(()) };
    limiter.check_key(&network(addr)).map_err(|not_until| {
        let wait = not_until.wait_time_from(DefaultClock::default().now());
        ApiError::too_many(u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX))
    })
}

/// One customer of an IPv6 provider has a /64 of addresses.
fn network(addr: IpAddr) -> IpAddr {
    match addr.to_canonical() {
        v4 @ IpAddr::V4(_) => v4,
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header::AUTHORIZATION, test::TestRequest};

    use super::*;
    use crate::auth::bearer;

    fn limits() -> Limits {
        Limits::new(LimitsConfig { api: 1, forms: 1, logins: 1 })
    }

    fn call(from: &str) -> TestRequest {
        let known = Verified(|req| bearer(req) == Some("good"));
        TestRequest::get()
            .uri("/api/v1/guests")
            .app_data(known)
            .peer_addr(format!("{from}:4000").parse().unwrap())
    }

    #[test]
    fn only_a_verified_token_lifts_the_limit_of_the_anonymous() {
        let limits = limits();
        let admitted = |authorization: Option<&'static str>| {
            let call = call("203.0.113.9");
            let call = match authorization {
                Some(value) => call.insert_header((AUTHORIZATION, value)),
                None => call,
            };
            limits.admit(&call.to_http_request()).is_ok()
        };

        assert!(admitted(None));
        for unknown in [None, Some("Bearer bad"), Some("Basic Z29vZA=="), Some("x")] {
            assert!(!admitted(unknown), "{unknown:?}");
        }
        assert!(admitted(Some("Bearer good")));
    }

    #[test]
    fn whoever_looks_as_certificate_authorities_do_is_counted_with_the_anonymous() {
        let limits = limits();
        let looked = |from| {
            let look =
                call(from).uri("/.well-known/acme-challenge/evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ");
            limits.admit(&look.to_http_request()).is_ok()
        };

        assert!(looked("203.0.113.9"));
        assert!(!looked("203.0.113.9"));
        assert!(looked("203.0.113.10"), "an authority that looks from elsewhere");
    }

    #[test]
    fn one_client_is_counted_once_however_its_address_is_written() {
        let limits = limits();
        let admitted = |from| limits.admit(&call(from).to_http_request()).is_ok();

        assert!(admitted("203.0.113.9"));
        assert!(!admitted("[::ffff:203.0.113.9]"));
        assert!(admitted("[::ffff:203.0.113.10]"), "another client");
        assert!(admitted("[2001:db8::1]"));
        assert!(!admitted("[2001:db8::2]"), "the same network");
    }
}
