//! `/api/v1/tenants/{tenant}/support-access`: asked of the hotel itself.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query, ServiceConfig},
};
use hotelhub_http::{
    answer::Answer,
    body::{JsonBody, NoBody},
    endpoint::Endpoint,
    error::{ApiResult, ErrorBody},
};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    model::{EntryBody, RequestSupportBody, SupportGrant},
    service::{self, Asked, Asking},
};
use crate::{
    app::App,
    jobs::hotel_routes::{find_ready, refused_by_hotel},
    tenants::TenantRef,
    vendor_users::Vendor,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    let at = |rest| Endpoint::at(&format!("/api/v1/tenants/{{tenant}}/support-access{rest}"));
    at("").get(list_support_access).post(request_support_access).register(app);
    at("/{id}/enter").post(enter_as_support).register(app);
    at("/{id}/end").post(end_support_access).register(app);
}

/// Which page.
#[derive(Debug, Default, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SupportQuery {
    /// Where the last page ended: its `meta.next_cursor`.
    pub(crate) cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    pub(crate) limit: Option<i64>,
}

/// Lists who asked to come into the hotel, the newest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/support-access", tag = "support-access",
    params(("tenant" = String, Path, description = "id or slug"), SupportQuery), responses(
    (status = 200, body = Answer<Vec<SupportGrant>>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TENANT_NOT_READY`"),
    (status = 503, body = ErrorBody, description = "`TENANT_UNREACHABLE`, or the hotel's own"),
), security(("vendor" = [])))]
pub(crate) async fn list_support_access(
    req: HttpRequest,
    app: Data<App>,
    vendor: Vendor,
    name: Path<TenantRef>,
    query: Query<SupportQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("support_access.read")?;
    let tenant = find_ready(&app, &name).await?;
    let asking = Asking { app: &app, req: &req, vendor: &vendor, tenant: &tenant };
    match service::list(asking, &query.into_inner()).await? {
        Ok((found, cursor)) => Ok(Answer::page(found, cursor, None).ok()),
        Err(error) => refused_by_hotel(error, &req),
    }
}

/// Asks the hotel to let one in. Its owner or a manager answers on the hotel's own page, unless the
/// hotel has said that nobody needs to ask. Who has an open request or stay there is told of that.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/support-access", tag = "support-access",
    request_body = RequestSupportBody,
    params(("tenant" = String, Path, description = "id or slug")), responses(
    (status = 200, body = Answer<SupportGrant>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TENANT_NOT_READY`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
    (status = 503, body = ErrorBody, description = "`TENANT_UNREACHABLE`, or the hotel's own"),
), security(("vendor" = [])))]
pub(crate) async fn request_support_access(
    req: HttpRequest,
    app: Data<App>,
    vendor: Vendor,
    name: Path<TenantRef>,
    body: JsonBody<RequestSupportBody>,
) -> ApiResult<HttpResponse> {
    vendor.require("support_access.write")?;
    let tenant = find_ready(&app, &name).await?;
    let asking = Asking { app: &app, req: &req, vendor: &vendor, tenant: &tenant };
    answer(service::request(asking, &body.value).await, &req)
}

/// Gives a one-time link into the hotel's pages to whoever was allowed in. The session that it begins
/// ends with the stay.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/support-access/{id}/enter",
    tag = "support-access",
    params(("tenant" = String, Path, description = "id or slug"), ("id" = Uuid, Path)), responses(
    (status = 200, body = Answer<EntryBody>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody, description = "there is none, or it is somebody else's"),
    (status = 409, body = ErrorBody, description = "`SUPPORT_ACCESS_OVER` or `TENANT_NOT_READY`"),
    (status = 503, body = ErrorBody, description = "`TENANT_UNREACHABLE`, or the hotel's own"),
), security(("vendor" = [])))]
pub(crate) async fn enter_as_support(
    req: HttpRequest,
    app: Data<App>,
    vendor: Vendor,
    path: Path<(TenantRef, Uuid)>,
    _: NoBody,
) -> ApiResult<HttpResponse> {
    vendor.require("support_access.write")?;
    let (name, id) = path.into_inner();
    let tenant = find_ready(&app, &name).await?;
    let asking = Asking { app: &app, req: &req, vendor: &vendor, tenant: &tenant };
    answer(service::enter(asking, id).await, &req)
}

/// Ends a request or a stay, and its session, at once.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/support-access/{id}/end",
    tag = "support-access",
    params(("tenant" = String, Path, description = "id or slug"), ("id" = Uuid, Path)), responses(
    (status = 200, body = Answer<SupportGrant>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`SUPPORT_ACCESS_OVER` or `TENANT_NOT_READY`"),
    (status = 503, body = ErrorBody, description = "`TENANT_UNREACHABLE`, or the hotel's own"),
), security(("vendor" = [])))]
pub(crate) async fn end_support_access(
    req: HttpRequest,
    app: Data<App>,
    vendor: Vendor,
    path: Path<(TenantRef, Uuid)>,
    _: NoBody,
) -> ApiResult<HttpResponse> {
    vendor.require("support_access.write")?;
    let (name, id) = path.into_inner();
    let tenant = find_ready(&app, &name).await?;
    let asking = Asking { app: &app, req: &req, vendor: &vendor, tenant: &tenant };
    answer(service::end(asking, id).await, &req)
}

fn answer<T: Serialize>(asked: Asked<T>, req: &HttpRequest) -> ApiResult<HttpResponse> {
    match asked? {
        Ok(found) => Ok(Answer::new(found).with_status(StatusCode::OK)),
        Err(error) => refused_by_hotel(error, req),
    }
}
