//! Forms that our own pages send.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::{StatusCode, header::CONTENT_TYPE},
    web::{Bytes, Query},
};
use hotelhub_core::keys::random_token;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use crate::{
    body::{Repeat, refuse_nul_in_form},
    error::{ApiError, ApiResult},
    origin::require_same_origin,
};

/// The hidden field that makes two clicks one.
const KEY_FIELD: &str = "form_key";

/// A form that came from a page of this very host, and how a second click is recognised.
#[derive(Debug)]
pub struct PageForm<T> {
    /// What was typed.
    pub value: T,
    /// How a second click is recognised.
    pub repeat: Repeat,
}

/// A key for one form on one page.
#[must_use]
pub fn fresh_key() -> String {
    random_token().expose_secret().to_owned()
}

impl<T: DeserializeOwned + 'static> FromRequest for PageForm<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = ApiResult<Self>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let req = req.clone();
        let bytes = Bytes::from_request(&req, payload);
        Box::pin(async move {
            require_same_origin(&req)?;
            require_form(&req)?;
            let bytes = bytes.await.map_err(|_error| {
                ApiError::refused(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "PAYLOAD_TOO_LARGE",
                    "the form is too large",
                )
            })?;
            read(&req, &bytes)
        })
    }
}

fn read<T: DeserializeOwned>(req: &HttpRequest, bytes: &[u8]) -> ApiResult<PageForm<T>> {
    refuse_nul_in_form(bytes)?;
    let mut repeat = Repeat::of(req, bytes)?;
    repeat.key = form_urlencoded::parse(bytes)
        .find(|(name, _)| name == KEY_FIELD)
        .map(|(_, key)| key.into_owned())
        .filter(|it| (1..=255).contains(&it.len()));
    let text = std::str::from_utf8(bytes)
        .map_err(|error| ApiError::malformed("the form is not text").caused_by(error))?;
    let value = Query::<T>::from_query(text)
        .map_err(|error| ApiError::malformed(error.to_string()))?
        .into_inner();
    Ok(PageForm { value, repeat })
}

fn require_form(req: &HttpRequest) -> ApiResult<()> {
    let found = req.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or("");
    let essence = found.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Ok(());
    }
    Err(ApiError::refused(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "UNSUPPORTED_MEDIA_TYPE",
        "send the form as application/x-www-form-urlencoded",
    ))
}
