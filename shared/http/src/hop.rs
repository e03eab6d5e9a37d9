//! How a request came to us: over TLS, by somebody who ended TLS before us, or plainly.

use actix_web::{HttpRequest, web::Data};

use crate::client_addr::TrustedProxies;

/// Set by those who pass requests on.
const MARKS: [&str; 4] = ["x-forwarded-for", "forwarded", "via", "x-real-ip"];

/// Whether whoever asks came without TLS as far as anybody can tell. Only then may a request be led to
/// `https://`: one that came through an edge which ends TLS would come back by the same way, for ever.
///
/// `X-Forwarded-Proto` is believed from everybody: whoever lies stays where they are, and nobody else
/// is led anywhere by it.
#[must_use]
pub fn is_plain(req: &HttpRequest) -> bool {
    if req.app_config().secure() {
        return false;
    }
    let lines = req.headers().get_all("x-forwarded-proto");
    let mut hops = lines.flat_map(|it| it.to_str().unwrap_or("?").split(',')).peekable();
    if hops.peek().is_some() {
        // Whoever ended TLS is one of them.
        return hops.all(|it| it.trim().eq_ignore_ascii_case("http"));
    }
    let is_passed_on = MARKS.iter().any(|it| req.headers().contains_key(*it));
    let proxies = req.app_data::<Data<TrustedProxies>>();
    let is_edge = || req.peer_addr().zip(proxies).is_some_and(|(it, all)| all.trusts(it.ip()));
    !is_passed_on && !is_edge()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn is_plain_with(peer: &str, headers: &[(&str, &str)]) -> bool {
        let trusted = TrustedProxies::of("10.0.0.0/8".parse().unwrap());
        let mut req = TestRequest::get().peer_addr(peer.parse().unwrap());
        for header in headers {
            req = req.append_header(*header);
        }
        is_plain(&req.app_data(Data::new(trusted)).to_http_request())
    }

    #[test]
    fn only_who_certainly_came_without_tls_came_plainly() {
        let (guest, edge) = ("203.0.113.9:4000", "10.0.0.1:4000");
        assert!(is_plain_with(guest, &[]));
        for (peer, headers) in [
            (edge, &[][..]),
            (edge, &[("x-forwarded-proto", "https")]),
            // An edge that nobody has named to us.
            (guest, &[("x-forwarded-proto", "HTTPS")]),
            (guest, &[("x-forwarded-for", "198.51.100.7")]),
            (guest, &[("forwarded", "for=198.51.100.7;proto=https")]),
            (guest, &[("via", "1.1 edge")]),
            (guest, &[("x-forwarded-proto", "http, https")]),
            (guest, &[("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")]),
            (guest, &[("x-forwarded-proto", "odd")]),
        ] {
            assert!(!is_plain_with(peer, headers), "{peer} {headers:?}");
        }
        for peer in [guest, edge] {
            assert!(is_plain_with(peer, &[("x-forwarded-proto", "http")]), "{peer}");
        }
    }
}
