//! `/api/v1/tenants/{tenant}/hold-deletion` and `/release-deletion`.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, ServiceConfig},
};
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiResult, ErrorBody},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::service;
use crate::{
    app::App,
    idempotency::once,
    tenants::{TenantRef, body::TenantDetailsBody, life_routes::checked_reason},
    vendor_users::Vendor,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/tenants/{tenant}/hold-deletion").post(hold_deletion).register(app);
    Endpoint::at("/api/v1/tenants/{tenant}/release-deletion").post(release_deletion).register(app);
}

/// Why a deletion is held back, or is not any more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldBody {
    reason: String,
}

/// Holds the deletion of a churned tenant's data back, e.g. because a court asks for it.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/hold-deletion", tag = "tenants",
    request_body = HoldBody,
    params(("tenant" = String, Path, description = "id or slug"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<TenantDetailsBody>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TENANT_NOT_CHURNED`, `TRANSITION_REFUSED`, or \
        `OPERATION_IN_PROGRESS` with `details.operation`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn hold_deletion(
    app: Data<App>,
    vendor: Vendor,
    name: Path<TenantRef>,
    body: JsonBody<HoldBody>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.end")?;
    let reason = checked_reason(&body.value.reason)?;
    let by = (&vendor, app.clock.now());
    once(&app, (&vendor, &body.repeat), StatusCode::OK, async |tx| {
        service::hold(tx, by, &name, reason).await
    })
    .await
}

/// Lets the deletion of a churned tenant's data take its course; its owner is told two weeks before.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/release-deletion", tag = "tenants",
    request_body = HoldBody,
    params(("tenant" = String, Path, description = "id or slug"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<TenantDetailsBody>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TENANT_NOT_CHURNED`, `TRANSITION_REFUSED` or \
        `DELETION_NOT_HELD`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn release_deletion(
    app: Data<App>,
    vendor: Vendor,
    name: Path<TenantRef>,
    body: JsonBody<HoldBody>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.end")?;
    let reason = checked_reason(&body.value.reason)?;
    once(&app, (&vendor, &body.repeat), StatusCode::OK, async |tx| {
        service::release(tx, &vendor, &name, reason).await
    })
    .await
}
