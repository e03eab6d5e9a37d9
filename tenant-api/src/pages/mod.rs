//! Pages for the front desk.

use actix_web::{HttpRequest, web::ServiceConfig};
use hotelhub_http::error::ApiError;

/// Adds the routes.
pub(crate) fn register(_app: &mut ServiceConfig) {}

/// Writes an error as a page.
pub(crate) fn error_page(_req: &HttpRequest, error: &ApiError, _request_id: &str) -> String {
    error.message().to_owned()
}
