//! `/upcall/v1/tenants/{tenant_id}/exports`, for replicas of tenant-api.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, ServiceConfig},
};
use hotelhub_core::ids::{OperationId, TenantId};
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use sea_orm::TransactionTrait as _;

use super::{
    model::{Asked, Export, ExportBody},
    service, store,
};
use crate::{
    app::App,
    audit::Actor,
    backups::bundle_routes::{objects, send_bundle},
    database::database_failed,
    replica::Replica,
    tenants::{self, TenantRef},
};

const PATH: &str = "/upcall/v1/tenants/{tenant_id}/exports";

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at(PATH).get(list_exports).register(app);
    let one = Endpoint::at(&format!("{PATH}/{{export_id}}"));
    one.get(show_export).put(ask_for_export).register(app);
    Endpoint::at(&format!("{PATH}/{{export_id}}/bundle")).get(download_export).register(app);
}

/// Lists the exports that a hotel's owner asked for, the newest first: those that are on their way or
/// kept, and those that failed within a month.
#[utoipa::path(get, path = "/upcall/v1/tenants/{tenant_id}/exports", tag = "upcall",
    params(("tenant_id" = Uuid, Path)), responses(
    (status = 200, body = Answer<Vec<Export>>),
    (status = 401, body = ErrorBody),
), security(("replica" = [])))]
pub(crate) async fn list_exports(
    app: Data<App>,
    _replica: Replica,
    tenant: Path<TenantId>,
) -> ApiResult<HttpResponse> {
    let found = store::list(&app.db, *tenant).await.map_err(database_failed)?;
    Ok(Answer::new(found).ok())
}

/// Shows an export that a hotel's owner asked for.
#[utoipa::path(get, path = "/upcall/v1/tenants/{tenant_id}/exports/{export_id}", tag = "upcall",
    params(("tenant_id" = Uuid, Path), ("export_id" = Uuid, Path)), responses(
    (status = 200, body = Answer<Export>),
    (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody),
), security(("replica" = [])))]
pub(crate) async fn show_export(
    app: Data<App>,
    _replica: Replica,
    path: Path<(TenantId, OperationId)>,
) -> ApiResult<HttpResponse> {
    Ok(Answer::new(find(&app, path.into_inner()).await?).ok())
}

/// Asks for an export of all that a hotel has, for its owner. To ask again under the same id changes
/// nothing.
#[utoipa::path(put, path = "/upcall/v1/tenants/{tenant_id}/exports/{export_id}", tag = "upcall",
    params(("tenant_id" = Uuid, Path), ("export_id" = Uuid, Path)), request_body = ExportBody,
    responses(
    (status = 202, body = Answer<Export>),
    (status = 401, body = ErrorBody), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`OPERATION_IN_PROGRESS` or `TRANSITION_REFUSED`"),
    (status = 429, body = ErrorBody, description = "`EXPORT_LIMIT`"),
    (status = 503, body = ErrorBody, description = "`STORAGE_NOT_SET`"),
), security(("replica" = [])))]
pub(crate) async fn ask_for_export(
    app: Data<App>,
    _replica: Replica,
    path: Path<(TenantId, OperationId)>,
    body: JsonBody<ExportBody>,
) -> ApiResult<HttpResponse> {
    let (tenant, id) = path.into_inner();
    objects(&app)?;
    let asked = Asked { id, by: body.value.hotel_user_id };
    let tx = app.db.begin().await.map_err(database_failed)?;
    let export = service::ask(&tx, tenant, asked, app.clock.now()).await?;
    tx.commit().await.map_err(database_failed)?;
    Ok(Answer::new(export).with_status(StatusCode::ACCEPTED))
}

/// The bundle of an export as a file.
#[utoipa::path(get, path = "/upcall/v1/tenants/{tenant_id}/exports/{export_id}/bundle",
    tag = "upcall", params(("tenant_id" = Uuid, Path), ("export_id" = Uuid, Path)), responses(
    (status = 200, description = "a ZIP archive", content_type = "application/zip"),
    (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody, description = "no such export, or it is not whole"),
    (status = 410, body = ErrorBody, description = "`BACKUP_LOST`"),
    (status = 503, body = ErrorBody, description = "`STORAGE_NOT_SET` or `STORAGE_AWAY`"),
), security(("replica" = [])))]
pub(crate) async fn download_export(
    app: Data<App>,
    _replica: Replica,
    path: Path<(TenantId, OperationId)>,
) -> ApiResult<HttpResponse> {
    let (tenant, id) = path.into_inner();
    let export = find(&app, (tenant, id)).await?;
    let backup = export.backup().ok_or_else(|| ApiError::not_found("export"))?;
    let found = tenants::store::find_named(&app.db, &TenantRef::Id(tenant)).await;
    let found = found.map_err(database_failed)?.ok_or_else(|| ApiError::not_found("tenant"))?;
    let owner = Actor::system("the hotel's owner", app.clock.now());
    send_bundle(&app, owner, (&found, backup)).await
}

async fn find(app: &App, (tenant, id): (TenantId, OperationId)) -> ApiResult<Export> {
    let found = store::find(&app.db, tenant, id).await.map_err(database_failed)?;
    found.ok_or_else(|| ApiError::not_found("export"))
}
