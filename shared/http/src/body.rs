//! Request bodies: JSON and forms, with the checksum that makes a repeat recognisable.

use std::{future::Future, pin::Pin};

use actix_web::{
    Error, FromRequest, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{StatusCode, header::CONTENT_TYPE},
    middleware::Next,
    web::Bytes,
};
use hotelhub_core::keys::sha256;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// Greatest length of an `Idempotency-Key`.
const KEY_LENGTH: usize = 255;

/// A JSON body, and what is needed to recognise a repeat of the request.
#[derive(Debug)]
pub struct JsonBody<T> {
    /// The body.
    pub value: T,
    /// How a repeat is recognised.
    pub repeat: Repeat,
}

/// How a repeat of a request is recognised.
#[derive(Clone, Debug)]
pub struct Repeat {
    /// The `Idempotency-Key`, if the client sent one.
    pub key: Option<String>,
    /// SHA-256 of method, path with query, and body.
    pub request_sha256: Vec<u8>,
}

impl Repeat {
    /// Reads the key and the checksum of a request with this body.
    ///
    /// # Errors
    /// Refuses a key that is empty, too long or not printable ASCII.
    pub fn of(req: &HttpRequest, body: &[u8]) -> Result<Self, ApiError> {
        let key = req
            .headers()
            .get("idempotency-key")
            .map(|it| {
                it.to_str()
                    .ok()
                    .filter(|it| (1..=KEY_LENGTH).contains(&it.len()))
                    .map(str::to_owned)
                    .ok_or_else(|| {
                        ApiError::malformed("Idempotency-Key needs 1 to 255 printable characters")
                    })
            })
            .transpose()?;
        let target = req.uri().path_and_query().map_or("", |it| it.as_str());
        let mut text = format!("{}\n{target}\n", req.method()).into_bytes();
        text.extend_from_slice(body);
        Ok(Self { key, request_sha256: sha256(&text) })
    }

    /// The refusal of a key that was used for another request.
    #[must_use]
    pub fn reused() -> ApiError {
        ApiError::refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            "IDEMPOTENCY_KEY_REUSED",
            "this Idempotency-Key belongs to another request; use a new one",
        )
    }

    /// The refusal of a key whose first request is still being worked on.
    #[must_use]
    pub fn in_flight() -> ApiError {
        ApiError::refused(
            StatusCode::CONFLICT,
            "IDEMPOTENCY_KEY_IN_FLIGHT",
            "the first request with this Idempotency-Key is still being worked on; repeat it soon",
        )
        .retry_after(1)
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let req = req.clone();
        let bytes = Bytes::from_request(&req, payload);
        Box::pin(async move {
            require_type(&req, "application/json")?;
            let bytes = bytes.await.map_err(|error| unreadable(&error))?;
            read(&req, &bytes)
        })
    }
}

/// A JSON body that may be left out: its defaults are meant then.
#[derive(Debug)]
pub struct OptionalJsonBody<T>(pub JsonBody<T>);

impl<T: DeserializeOwned + Default + 'static> FromRequest for OptionalJsonBody<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let req = req.clone();
        let bytes = Bytes::from_request(&req, payload);
        Box::pin(async move {
            let bytes = bytes.await.map_err(|error| unreadable(&error))?;
            if bytes.is_empty() {
                let repeat = Repeat::of(&req, &bytes)?;
                return Ok(Self(JsonBody { value: T::default(), repeat }));
            }
            require_type(&req, "application/json")?;
            read(&req, &bytes).map(Self)
        })
    }
}

fn read<T: DeserializeOwned>(req: &HttpRequest, bytes: &[u8]) -> Result<JsonBody<T>, ApiError> {
    let repeat = Repeat::of(req, bytes)?;
    let value = serde_json::from_slice(bytes)
        .map_err(|error| ApiError::malformed(format!("the JSON body: {error}")))?;
    if json_has_nul(bytes) {
        return Err(has_nul("the JSON body"));
    }
    Ok(JsonBody { value, repeat })
}

/// No body, and what is needed to recognise a repeat of the request.
#[derive(Debug)]
pub struct NoBody(pub Repeat);

impl FromRequest for NoBody {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Repeat::of(req, b"").map(NoBody))
    }
}

/// Refuses an address with the character NUL in it, which PostgreSQL's texts cannot hold.
pub(crate) async fn refuse_nul_in_address(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let target = req.uri().path_and_query().map_or("", |it| it.as_str());
    if urlencoded_has_nul(target.as_bytes()) {
        return Ok(req.error_response(has_nul("the address")));
    }
    next.call(req).await.map(ServiceResponse::map_into_boxed_body)
}

/// Refuses a form with the character NUL in it, which PostgreSQL's texts cannot hold.
///
/// # Errors
/// 400 if there is one.
pub fn refuse_nul_in_form(urlencoded: &[u8]) -> Result<(), ApiError> {
    if urlencoded_has_nul(urlencoded) { Err(has_nul("the form")) } else { Ok(()) }
}

/// Tells whether a text or a name in this well-formed JSON holds the character NUL.
#[must_use]
pub fn json_has_nul(json: &[u8]) -> bool {
    // Backslashes stand only in strings, each before what it escapes; a bare NUL is no JSON.
    let mut rest = json;
    while let Some(at) = rest.iter().position(|it| *it == b'\\') {
        let escape = rest.split_at(at).1;
        if escape.starts_with(br"\u0000") {
            return true;
        }
        rest = escape.get(2..).unwrap_or_default();
    }
    false
}

/// A percent sign that is meant is itself written as `%25`, so `%00` has one meaning.
fn urlencoded_has_nul(text: &[u8]) -> bool {
    text.contains(&0) || text.windows(3).any(|it| it == b"%00")
}

fn has_nul(what: &str) -> ApiError {
    ApiError::malformed(format!("{what} holds the character NUL; leave it out"))
}

fn require_type(req: &HttpRequest, wanted: &'static str) -> Result<(), ApiError> {
    let found = req.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or("");
    let essence = found.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    Err(ApiError::refused(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "UNSUPPORTED_MEDIA_TYPE",
        format!("send the body as {wanted}"),
    ))
}

fn unreadable(error: &actix_web::Error) -> ApiError {
    match error.as_response_error().status_code() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "PAYLOAD_TOO_LARGE",
            "the body is larger than 256 KiB",
        ),
        _ => ApiError::malformed("the body could not be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_is_found_in_json_however_it_is_surrounded() {
        for bad in [r#"{"a":"\u0000"}"#, r#"["\\\u0000"]"#, r#"{"\u0000":1}"#, r#"["é\n\u0000"]"#]
        {
            assert!(json_has_nul(bad.as_bytes()), "{bad}");
        }
        for good in [r#"["\\u0000"]"#, r#"["\u0001 u0000 \""]"#, "[]", ""] {
            assert!(!json_has_nul(good.as_bytes()), "{good}");
        }
    }

    #[test]
    fn nul_is_found_in_addresses_and_forms() {
        assert!(refuse_nul_in_form(b"name=a%00b").is_err());
        assert!(refuse_nul_in_form(b"name=a\0b").is_err());
        assert!(refuse_nul_in_form(b"name=a%2500b+%20").is_ok());
    }
}
