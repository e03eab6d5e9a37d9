//! What happens around every request: its id, its log line, limits, headers, and the one form of
//! errors.

use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{
            ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION,
            REFERRER_POLICY, REFRESH, X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    web::Data,
};
use hotelhub_core::{
    errors::Chain,
    ids::{RequestId, TenantId},
    spans::{Kind, Span},
    trace::{TRACEPARENT, TraceContext},
};
use tracing::Instrument;

use crate::{error::ApiError, limits::Limits};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

/// In seconds: whoever reads a page needs a moment.
const SOONEST_RELOAD: u32 = 2;

/// Paths that answer programs: JSON, errors included.
const FOR_PROGRAMS: &[&str] =
    &["/api", "/upcall", "/webhooks", "/tls", "/health", "/livez", "/readyz", "/openapi.json"];

/// Below it stands what lets in whoever reads it: the one-time links of support.
const SECRET_BELOW: &str = "/support/";
/// How such a path is told.
const WITHOUT_SECRET: &str = "/support/…";

/// Writes an error as a page for people.
#[derive(Clone, Copy, Debug)]
pub struct ErrorPage(pub fn(&HttpRequest, &ApiError, &str) -> String);

/// Which hotel a request is for, as its log lines say.
#[derive(Clone, Copy, Debug)]
pub struct TenantOf(pub fn(&HttpRequest) -> Option<TenantId>);

/// Where a request is answered instead, if not here: it is led there for good, with its method.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere(pub fn(&HttpRequest) -> Option<String>);

/// Adds the headers that a program gives every answer, errors included.
#[derive(Clone, Copy, Debug)]
pub struct AnswerHeaders(pub fn(&HttpRequest, &mut HeaderMap));

/// The id of the request, for handlers that write it down.
#[must_use]
pub fn request_id(req: &HttpRequest) -> RequestId {
    req.extensions().get::<RequestId>().copied().unwrap_or_else(RequestId::generate)
}

/// The request's place in its trace, for what it causes.
#[must_use]
pub fn trace_of(req: &HttpRequest) -> TraceContext {
    let known = req.extensions().get::<TraceContext>().copied();
    known.unwrap_or_else(|| begun(request_id(req), req.method()))
}

pub(crate) async fn frame(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = asked_id(req.headers()).unwrap_or_else(RequestId::generate);
    let cause = asked_trace(req.headers());
    let trace = cause.map_or_else(|| begun(id, req.method()), TraceContext::child);
    let told = Span::begin(Kind::Server, trace, cause);
    req.extensions_mut().insert(id);
    req.extensions_mut().insert(trace);
    // Keeping a span costs a tenth of a small request: there is one when details are asked for, and
    // the lines written here name the request themselves.
    let span = tracing::debug_span!(
        "request",
        request.id = %id,
        trace_id = %trace.trace_id(),
        http.method = %req.method(),
        http.path = told_path(req.path()),
        tenant.id = tenant_of(req.request()).map(tracing::field::display),
    );
    let started = std::time::Instant::now();
    let is_head = req.method() == Method::HEAD;
    let is_safe = req.method().is_safe();
    let admitted = match req.app_data::<Data<Limits>>() {
        Some(limits) => limits.admit(req.request()),
        None => Ok(()),
    };
    // The request must have one owner while it is routed, so none is kept here meanwhile.
    let mut response = match admitted {
        Ok(()) => match elsewhere(req.request()) {
            Some(answer) => req.into_response(answer),
            None => {
                let answered = next.call(req).instrument(span.clone()).await?;
                answered.map_into_boxed_body()
            }
        },
        Err(error) => req.error_response(error),
    };

    let _entered = span.enter();
    let request = response.request().clone();
    if let Some(error) = response.response().error() {
        response = in_our_form(&request, error, (id, trace));
    }
    if is_head {
        response = response.map_body(|_, _| BoxBody::new(()));
    }
    add_headers(&request, response.headers_mut(), id);
    if let Some(AnswerHeaders(add)) = request.app_data::<AnswerHeaders>() {
        add(&request, response.headers_mut());
    }
    let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
    if let Some(told) = told {
        tell(told, &request, id, response.status());
    }
    // What changes something is worth a line; the rest is there with `hotelhub_http=debug`.
    let status = response.status().as_u16();
    if is_safe {
        tracing::debug!(http.status = status, milliseconds, "answered");
    } else {
        tracing::info!(
            request.id = %id,
            trace_id = %trace.trace_id(),
            tenant.id = tenant_of(&request).map(tracing::field::display),
            http.method = %request.method(),
            http.path = told_path(request.path()),
            http.status = status,
            milliseconds,
            "answered"
        );
    }
    Ok(response)
}

/// Ends the span of a request. Its name is the route, since addresses are too many.
fn tell(span: Span, req: &HttpRequest, id: RequestId, status: StatusCode) {
    let method = req.method();
    let mut span = span
        .with("request.id", id)
        .with("http.request.method", method)
        .with("url.path", told_path(req.path()))
        .with_number("http.response.status_code", status.as_u16());
    if let Some(tenant) = tenant_of(req) {
        span = span.with("tenant.id", tenant);
    }
    if status.is_server_error() {
        span = span.failed(status);
    }
    match req.match_pattern() {
        Some(route) => span.with("http.route", &route).end(format!("{method} {route}")),
        None => span.end(method.as_str()),
    }
}

/// A path as log lines and spans tell it: many may read those, who may not come in.
fn told_path(path: &str) -> &str {
    if path.starts_with(SECRET_BELOW) { WITHOUT_SECRET } else { path }
}

fn elsewhere(req: &HttpRequest) -> Option<HttpResponse> {
    let Elsewhere(of) = req.app_data()?;
    let address = HeaderValue::from_str(&of(req)?).ok()?;
    Some(HttpResponse::PermanentRedirect().insert_header((LOCATION, address)).finish())
}

fn tenant_of(req: &HttpRequest) -> Option<TenantId> {
    req.app_data::<TenantOf>().and_then(|TenantOf(of)| of(req))
}

/// A client may bring its own id, if it is a UUID.
fn asked_id(headers: &HeaderMap) -> Option<RequestId> {
    headers.get(REQUEST_ID)?.to_str().ok()?.parse().ok()
}

/// A client may bring the trace that the request is part of.
fn asked_trace(headers: &HeaderMap) -> Option<TraceContext> {
    headers.get(TRACEPARENT)?.to_str().ok()?.parse().ok()
}

/// The trace of a request that is part of none yet. What only looks is worth keeping if somebody
/// asks for it.
fn begun(id: RequestId, method: &Method) -> TraceContext {
    TraceContext::beginning(id.as_uuid(), !method.is_safe())
}

fn in_our_form(
    req: &HttpRequest,
    error: &Error,
    (id, trace): (RequestId, TraceContext),
) -> ServiceResponse<BoxBody> {
    let stranger;
    let error = match error.as_error::<ApiError>() {
        Some(ours) => ours,
        None => {
            stranger = adopted(error);
            &stranger
        }
    };
    if error.status().is_server_error() {
        tracing::error!(
            request.id = %id,
            trace_id = %trace.trace_id(),
            tenant.id = tenant_of(req).map(tracing::field::display),
            http.method = %req.method(),
            http.path = told_path(req.path()),
            code = error.code(),
            error = %Chain(error),
            "request failed"
        );
    } else {
        tracing::debug!(code = error.code(), error = %Chain(error), "request refused");
    }
    let head = error.head();
    let page = req.app_data::<ErrorPage>().filter(|_| wants_page(req));
    let (kind, body) = match page {
        Some(ErrorPage(page)) => ("text/html; charset=utf-8", page(req, error, &id.to_string())),
        None => (
            "application/json",
            serde_json::to_string(&error.body(&id.to_string())).unwrap_or_default(),
        ),
    };
    let mut response: HttpResponse = head.set_body(BoxBody::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(seconds) = page.and(reload_after(req.method(), error)) {
        response.headers_mut().insert(REFRESH, HeaderValue::from(seconds));
    }
    ServiceResponse::new(req.clone(), response)
}

/// After how many seconds a browser looks again by itself: where something is away for a moment, on
/// a page that was only looked at.
fn reload_after(method: &Method, error: &ApiError) -> Option<u32> {
    let passes = error.status() == StatusCode::SERVICE_UNAVAILABLE && method.is_safe();
    passes.then(|| error.retry_after_seconds().unwrap_or_default().max(SOONEST_RELOAD))
}

/// An error that the framework made: its status is right, its form is not ours.
fn adopted(error: &Error) -> ApiError {
    let status = error.as_response_error().status_code();
    let text = error.to_string();
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::refused(status, "PAYLOAD_TOO_LARGE", "the body is too large")
        }
        it if it.is_client_error() => ApiError::refused(status, "MALFORMED_REQUEST", text),
        _ => ApiError::internal(text),
    }
}

/// Tells whether the answer is for a person rather than a program.
#[must_use]
pub fn wants_page(req: &HttpRequest) -> bool {
    let path = req.path();
    let for_programs = FOR_PROGRAMS.iter().any(|it| {
        path.strip_prefix(it).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let accepts = req.headers().get(ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let prefers_json = accepts.contains("application/json") && !accepts.contains("text/html");
    !for_programs && !prefers_json
}

fn add_headers(req: &HttpRequest, headers: &mut HeaderMap, id: RequestId) {
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    let fixed = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("content-security-policy"), CONTENT_SECURITY_POLICY),
        (HeaderName::from_static("x-frame-options"), "DENY"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    // Only meaningful over TLS, where browsers heed it; never for a customer's other subdomains.
    if req.app_data::<crate::server::PublicTls>().is_some_and(|it| it.0) {
        headers.insert(
            HeaderName::from_static("strict-transport-security"),
            HeaderValue::from_static("max-age=31536000"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_of_support_is_told_without_its_secret() {
        assert_eq!(told_path("/support/Xk3-secret"), "/support/…");
        assert_eq!(told_path("/support/Xk3-secret/more"), "/support/…");
        for path in ["/support-access/0189/allow", "/support-access", "/reservations", "/"] {
            assert_eq!(told_path(path), path);
        }
    }

    #[test]
    fn only_what_was_looked_at_and_is_away_for_a_moment_is_looked_at_again() {
        let away = ApiError::unavailable("AWAY", "wait", 1);
        assert_eq!(reload_after(&Method::GET, &away), Some(SOONEST_RELOAD));
        let long = ApiError::unavailable("AWAY", "wait", 60);
        assert_eq!(reload_after(&Method::GET, &long), Some(60));
        assert_eq!(reload_after(&Method::POST, &away), None);
        assert_eq!(reload_after(&Method::GET, &ApiError::not_found("page")), None);
        assert_eq!(reload_after(&Method::GET, &ApiError::internal("broken")), None);
    }
}
