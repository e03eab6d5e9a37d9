//! The one error type that leaves a handler, and its wire form.
//!
//! Domain code does not know this module: it returns its own `thiserror` enum, and the routes of an
//! aggregate turn that into an [`ApiError`], variant by variant.

use std::{collections::BTreeMap, error::Error};

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use serde::Serialize;

/// The result of a handler.
pub type ApiResult<T> = Result<T, ApiError>;

type Cause = Box<dyn Error + Send + Sync>;

/// An error that a client will see.
#[derive(Debug, thiserror::Error)]
#[error("{code}")]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: BTreeMap<&'static str, Vec<String>>,
    retry_after_seconds: Option<u32>,
    allow: Option<String>,
    /// For the log only: never sent.
    #[source]
    cause: Option<Cause>,
}

impl ApiError {
    /// The request cannot be done, and the client can tell why from `code`.
    ///
    /// `code` is stable, for programs; `message` is for people and says what to do next.
    pub fn refused(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: BTreeMap::new(),
            retry_after_seconds: None,
            allow: None,
            cause: None,
        }
    }

    /// A bug or an unforeseen state on our side. The client learns nothing of `cause`.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        let message = "the server failed to handle the request; quote the request id to support";
        let mut error = Self::refused(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", message);
        error.cause = Some(cause.into());
        error
    }

    /// Something we need is away for a moment.
    pub fn unavailable(code: &'static str, message: impl Into<String>, seconds: u32) -> Self {
        let mut error = Self::refused(StatusCode::SERVICE_UNAVAILABLE, code, message);
        error.retry_after_seconds = Some(seconds);
        error
    }

    /// The body, the path or the query is not understood.
    pub fn malformed(why: impl Into<String>) -> Self {
        Self::refused(StatusCode::BAD_REQUEST, "MALFORMED_REQUEST", why)
    }

    /// What was understood breaks rules; `field` and `why` name the first one.
    pub fn invalid(field: &'static str, why: impl Into<String>) -> Self {
        Self::refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            "VALIDATION_FAILED",
            "some fields are not acceptable; see `details`",
        )
        .with_detail(field, why)
    }

    /// No token, or one that says nothing here. The same answer for every reason.
    pub fn unauthenticated() -> Self {
        Self::refused(
            StatusCode::UNAUTHORIZED,
            "UNAUTHENTICATED",
            "log in at /api/v1/auth/login and send the access token as a bearer token",
        )
    }

    /// The person may not do that.
    pub fn forbidden(permission: &str) -> Self {
        let message = format!("your roles do not include `{permission}`; ask the owner for it");
        Self::refused(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    /// Nothing that the caller may know of is there.
    pub fn not_found(what: &str) -> Self {
        Self::refused(StatusCode::NOT_FOUND, "NOT_FOUND", format!("there is no such {what}"))
    }

    /// Too many requests.
    pub fn too_many(seconds: u32) -> Self {
        let message = format!("too many requests; try again in {seconds} s");
        let mut error = Self::refused(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message);
        error.retry_after_seconds = Some(seconds);
        error
    }

    /// The route is there, the method is not.
    pub(crate) fn wrong_method(allow: String) -> Self {
        let message = format!("use one of {allow}");
        let mut error =
            Self::refused(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message);
        error.allow = Some(allow);
        error
    }

    /// Adds what is wrong with one field.
    #[must_use]
    pub fn with_detail(mut self, field: &'static str, why: impl Into<String>) -> Self {
        self.details.entry(field).or_default().push(why.into());
        self
    }

    /// Adds the cause, for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The text for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What is wrong with each field.
    #[must_use]
    pub fn details(&self) -> &BTreeMap<&'static str, Vec<String>> {
        &self.details
    }

    /// Seconds after which to try again.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u32> {
        self.retry_after_seconds
    }

    /// The body in the contract's form.
    #[must_use]
    pub fn body(&self, request_id: &str) -> ErrorBody {
        ErrorBody {
            success: false,
            error: ErrorDetails {
                code: self.code.to_owned(),
                message: self.message.clone(),
                details: self
                    .details
                    .iter()
                    .map(|(field, why)| ((*field).to_owned(), why.clone()))
                    .collect(),
                request_id: request_id.to_owned(),
            },
        }
    }

    /// A response with the right status and headers and no body yet.
    pub(crate) fn head(&self) -> HttpResponse {
        let mut head = HttpResponse::build(self.status);
        if let Some(seconds) = self.retry_after_seconds {
            head.insert_header((RETRY_AFTER, seconds));
        }
        if let Some(allow) = self.allow.as_deref().and_then(|it| HeaderValue::from_str(it).ok()) {
            head.insert_header((ALLOW, allow));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            head.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        head.finish()
    }
}

/// The frame gives the answer its body, since only the frame knows the request.
impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.head()
    }
}

/// The body of every error.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ErrorBody {
    /// Always false.
    pub success: bool,
    /// What went wrong.
    pub error: ErrorDetails,
}

/// What went wrong.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ErrorDetails {
    /// Stable, for programs.
    pub code: String,
    /// For people; may change.
    pub message: String,
    /// What is wrong with each field, or what could be used instead.
    pub details: BTreeMap<String, Vec<String>>,
    /// Quote it to support.
    pub request_id: String,
}
