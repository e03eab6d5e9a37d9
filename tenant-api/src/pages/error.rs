//! Errors as people see them. No cause is shown: only what to do next, and the request's id.

use actix_web::{HttpRequest, http::StatusCode, web::Data};
use askama::Template;
use hotelhub_core::errors::Chain;
use hotelhub_http::error::ApiError;

use super::{shell::Shell, texts::Texts};
use crate::{
    access::PREVIEW,
    app::App,
    site::{UNKNOWN_HOST, route_of},
    support::service::ADDRESS_NOT_ALLOWED,
};

#[derive(Template)]
#[template(path = "pages/error.html")]
struct Page<'a> {
    shell: Shell,
    title: &'static str,
    lead: &'static str,
    link: Option<(&'static str, String)>,
    request_id: &'a str,
}

/// Writes an error as a page.
pub(crate) fn error_page(req: &HttpRequest, error: &ApiError, request_id: &str) -> String {
    let app = req.app_data::<Data<App>>();
    // Who has no such hotel learns no name of one.
    let route = app.filter(|_| error.code() != UNKNOWN_HOST).and_then(|it| route_of(it, req));
    let hotel = route.as_ref().map_or("HotelHub", |it| it.company_name.as_str());
    let shell = Shell::outside(req, hotel);
    let t = shell.t;
    let (title, lead) = words(t, error);
    let control = app.map(|it| it.addresses.control.to_string());
    let link = match error.code() {
        UNKNOWN_HOST => control.map(|it| (t.unknown_sign_up, it)),
        "TENANT_SUSPENDED" => control.map(|it| (t.to_subscription, it)),
        _ => route.map(|_| (t.error_home, "/".to_owned())),
    };
    Page { shell, title, lead, link, request_id }.render().unwrap_or_else(|fault| {
        tracing::error!(error = %Chain(&fault), "the error page was not written");
        String::new()
    })
}

fn words(t: &Texts, error: &ApiError) -> (&'static str, &'static str) {
    match (error.code(), error.status()) {
        (UNKNOWN_HOST, _) => (t.unknown_title, t.unknown_lead),
        ("TENANT_PROVISIONING", _) => (t.preparing_title, t.preparing_lead),
        ("TENANT_UPDATING", _) => (t.updating_title, t.updating_lead),
        ("TENANT_SUSPENDED", _) => (t.stopped_title, t.stopped_lead),
        ("TENANT_READ_ONLY", _) => (t.error_title, t.being_moved),
        (PREVIEW, _) => (t.error_title, t.preview),
        ("CROSS_ORIGIN", _) => (t.error_title, t.cross_origin_lead),
        (ADDRESS_NOT_ALLOWED, _) => (t.error_title, t.not_from_there_lead),
        (_, StatusCode::NOT_FOUND) => (t.not_found_title, t.not_found_lead),
        (_, StatusCode::FORBIDDEN) => (t.error_title, t.forbidden_lead),
        (_, StatusCode::TOO_MANY_REQUESTS) => (t.error_title, t.too_many_lead),
        (_, StatusCode::SERVICE_UNAVAILABLE) => (t.error_title, t.busy_lead),
        (_, it) if it.is_client_error() => (t.error_title, t.malformed_lead),
        _ => (t.error_title, t.internal_lead),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn page(error: &ApiError) -> String {
        let req = TestRequest::with_uri("/?lang=en").to_http_request();
        error_page(&req, error, "the-request")
    }

    #[test]
    fn a_cause_is_never_shown_and_the_request_always() {
        let page = page(&ApiError::internal("relation \"secrets\" does not exist"));
        assert!(!page.contains("secrets") && page.contains("the-request"), "{page}");
    }
}
