//! The cookie that stands for the session of somebody who reads our pages.
//!
//! It holds a secret that only the one host gets back, and no script reads.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use chrono::TimeDelta;

/// The name of the cookie. The prefix makes browsers refuse it for any other host, and needs TLS.
const fn name(over_tls: bool) -> &'static str {
    if over_tls { "__Host-session" } else { "session" }
}

/// The secret that a request brings.
#[must_use]
pub fn read(req: &HttpRequest, over_tls: bool) -> Option<String> {
    req.cookie(name(over_tls)).map(|it| it.value().to_owned())
}

/// A cookie for a page's session, which lasts so long; an empty `secret` takes it away.
#[must_use]
pub fn write(secret: String, lasts: TimeDelta, over_tls: bool) -> Cookie<'static> {
    let seconds = if secret.is_empty() { 0 } else { lasts.num_seconds() };
    Cookie::build(name(over_tls), secret)
        .path("/")
        .http_only(true)
        .secure(over_tls)
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(seconds))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_tls_the_cookie_is_of_this_very_host_and_of_nothing_unencrypted() {
        let cookie = write("x".to_owned(), TimeDelta::hours(1), true).to_string();
        for part in ["__Host-session=x;", "; HttpOnly", "; Secure", "; Path=/", "; Max-Age=3600"] {
            assert!(format!("{cookie};").contains(part), "{part}: {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
        let gone = write(String::new(), TimeDelta::hours(1), false).to_string();
        assert!(gone.starts_with("session=;") && gone.contains("Max-Age=0"), "{gone}");
    }
}
