//! `/api/v1/exports`: everything that the hotel has, for its owner.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Path, ServiceConfig},
};
use hotelhub_core::ids::OperationId;
use hotelhub_http::{
    answer::Answer,
    body::NoBody,
    endpoint::Endpoint,
    error::{ApiResult, ErrorBody},
};

use super::{model::Export, service};
use crate::desk::{Desk, WhileInFlight};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/exports").get(list_exports).post(ask_for_export).register(app);
    Endpoint::at("/api/v1/exports/{export_id}").get(show_export).register(app);
    Endpoint::at("/api/v1/exports/{export_id}/bundle").get(download_export).register(app);
}

/// Asks for an export of everything that the hotel has, the owner alone. One is made at a time, and a
/// few within a day.
#[utoipa::path(post, path = "/api/v1/exports", tag = "exports",
    params(("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 202, body = Answer<Export>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`EXPORT_IN_PROGRESS`"),
    (status = 429, body = ErrorBody, description = "`EXPORT_LIMIT`"),
    (status = 503, body = ErrorBody, description = "`EXPORTS_UNAVAILABLE` or `TENANT_UPDATING`"),
))]
pub(crate) async fn ask_for_export(desk: Desk, body: NoBody) -> ApiResult<HttpResponse> {
    let export = service::ask(&desk, &body.0, WhileInFlight::Refuse).await?;
    Ok(Answer::new(export).with_status(StatusCode::ACCEPTED))
}

/// Lists the exports that are on their way or kept, the newest first, and those that failed lately.
#[utoipa::path(get, path = "/api/v1/exports", tag = "exports", responses(
    (status = 200, body = Answer<Vec<Export>>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 503, body = ErrorBody, description = "`EXPORTS_UNAVAILABLE` or `TENANT_UPDATING`"),
))]
pub(crate) async fn list_exports(desk: Desk) -> ApiResult<HttpResponse> {
    let ((), exports) = service::list(&desk, async |_, _| Ok(())).await?;
    Ok(Answer::new(exports?).ok())
}

/// Shows how far an export is.
#[utoipa::path(get, path = "/api/v1/exports/{export_id}", tag = "exports",
    params(("export_id" = Uuid, Path)), responses(
    (status = 200, body = Answer<Export>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 503, body = ErrorBody, description = "`EXPORTS_UNAVAILABLE` or `TENANT_UPDATING`"),
))]
pub(crate) async fn show_export(desk: Desk, id: Path<OperationId>) -> ApiResult<HttpResponse> {
    Ok(Answer::new(service::find(&desk, *id).await?).ok())
}

/// The bundle of an export as a file: a ZIP archive of tables in CSV with a manifest, guests' data
/// included. The download is recorded in the hotel's audit log.
#[utoipa::path(get, path = "/api/v1/exports/{export_id}/bundle", tag = "exports",
    params(("export_id" = Uuid, Path)), responses(
    (status = 200, description = "a ZIP archive", content_type = "application/zip"),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody, description = "no such export, it is not whole, or its \
        file is lost"),
    (status = 503, body = ErrorBody, description = "`EXPORTS_UNAVAILABLE` or `TENANT_UPDATING`"),
))]
pub(crate) async fn download_export(
    desk: Desk,
    id: Path<OperationId>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    service::download(&desk, *id, &body.0).await
}
