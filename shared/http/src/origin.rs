//! Forms are only believed from our own pages.
//!
//! Two hotels on one base domain are "same-site" to a browser, so cookies alone do not tell them
//! apart: a form counts only if the browser says that it came from the very same origin.

use actix_web::{HttpRequest, http::StatusCode};
use url::Url;

use crate::error::ApiError;

/// Refuses a form that was sent from another origin.
///
/// # Errors
/// 403 unless `Sec-Fetch-Site` is `same-origin`, or, from a browser that does not send it, `Origin`
/// names this host.
pub fn require_same_origin(req: &HttpRequest) -> Result<(), ApiError> {
    let header = |name| req.headers().get(name).and_then(|it| it.to_str().ok());
    let own = match header("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => header("origin")
            .and_then(|it| Url::parse(it).ok())
            .is_some_and(|origin| names_host(&origin, header("host").unwrap_or_default())),
    };
    if own {
        return Ok(());
    }
    Err(ApiError::refused(
        StatusCode::FORBIDDEN,
        "CROSS_ORIGIN",
        "this form was sent from another site; open the page again and repeat it there",
    ))
}

fn names_host(origin: &Url, host: &str) -> bool {
    let port = origin.port().map(|it| format!(":{it}")).unwrap_or_default();
    origin.host_str().is_some_and(|it| format!("{it}{port}").eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn verdict(headers: &[(&'static str, &'static str)]) -> bool {
        let mut req = TestRequest::post().insert_header(("host", "a.hotelhub.id:8080"));
        for header in headers {
            req = req.insert_header(*header);
        }
        require_same_origin(&req.to_http_request()).is_ok()
    }

    #[test]
    fn only_our_own_pages_send_forms() {
        assert!(verdict(&[("sec-fetch-site", "same-origin")]));
        assert!(!verdict(&[("sec-fetch-site", "same-site")]));
        assert!(!verdict(&[("sec-fetch-site", "none")]));
        assert!(verdict(&[("origin", "http://a.hotelhub.id:8080")]));
        assert!(!verdict(&[("origin", "http://b.hotelhub.id:8080")]));
        assert!(!verdict(&[]));
    }
}
