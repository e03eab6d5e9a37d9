//! Logins: passwords, and the tokens and cookies that stand for a session.

pub mod page_cookie;
pub mod passwords;
pub mod tokens;

use actix_web::{HttpRequest, http::header::AUTHORIZATION};

/// The bearer token of a request.
#[must_use]
pub fn bearer(req: &HttpRequest) -> Option<&str> {
    let value = req.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
