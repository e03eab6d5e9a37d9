//! `/api/v1/attention`, for the vendor's people.

use actix_web::{
    HttpResponse,
    web::{Data, ServiceConfig},
};
use hotelhub_http::{
    answer::Answer,
    endpoint::Endpoint,
    error::{ApiResult, ErrorBody},
};

use super::Attention;
use crate::{app::App, vendor_users::Vendor};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/attention").get(show_attention).register(app);
}

/// Says what needs somebody's attention now: at most ten of a kind.
#[utoipa::path(get, path = "/api/v1/attention", tag = "attention", responses(
    (status = 200, body = Answer<Attention>),
    (status = 401, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn show_attention(app: Data<App>, vendor: Vendor) -> ApiResult<HttpResponse> {
    Ok(Answer::new(super::now(&app, &vendor).await?).ok())
}
