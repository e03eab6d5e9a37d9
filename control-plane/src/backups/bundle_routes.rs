//! Taking data along: asking for a backup, and its bundle as a file.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_LENGTH},
    },
    web::{Data, Path, ServiceConfig},
};
use futures_util::TryStreamExt as _;
use hotelhub_core::{errors::Chain, ids::BackupId};
use hotelhub_http::{
    answer::Answer,
    body::NoBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use hotelhub_storage::{Storage, StorageError};
use sea_orm::{DatabaseTransaction, TransactionTrait as _};
use serde_json::json;

use super::{model::Backup, routes::find_tenant, store};
use crate::{
    app::App,
    audit::{self, Actor, Event},
    database::database_failed,
    idempotency::once,
    operations::{Kind, Progress},
    tenants::{
        Tenant, TenantRef,
        life_cycle::Action,
        life_routes::{find_for_update, standing},
        operation_routes::request,
    },
    vendor_users::Vendor,
};

/// The SHA-256 of the whole bundle in hexadecimal digits, so that whoever takes it along can compare.
const BUNDLE_SHA256: &str = "X-Bundle-SHA256";

/// Adds the routes.
pub(super) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/tenants/{tenant}/export").post(export_tenant).register(app);
    Endpoint::at("/api/v1/tenants/{tenant}/backups/{backup}/bundle")
        .get(download_bundle)
        .register(app);
}

/// Makes a backup of all that a tenant has, to be taken along or gone back to: a bundle in an open
/// format. `figures.backup_id` of the operation is its id.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/export", tag = "backups",
    params(("tenant" = String, Path, description = "id or slug"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 202, body = Answer<Progress>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`OPERATION_IN_PROGRESS` with \
        `details.operation`, or `TRANSITION_REFUSED`"),
    (status = 503, body = ErrorBody, description = "`STORAGE_NOT_SET`"),
), security(("vendor" = [])))]
pub(crate) async fn export_tenant(
    app: Data<App>,
    vendor: Vendor,
    name: Path<TenantRef>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    vendor.require("backups.write")?;
    objects(&app)?;
    once(&app, (&vendor, &body.0), StatusCode::ACCEPTED, async |tx| {
        request_backup(tx, &vendor, &name).await
    })
    .await
}

/// Asks for a backup.
///
/// # Errors
/// Refuses what is not possible now.
pub(crate) async fn request_backup(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    name: &TenantRef,
) -> ApiResult<Progress> {
    let tenant = find_for_update(tx, name).await?;
    standing(&tenant, false).after(Action::BackUp)?;
    request(tx, (vendor, tenant.id), (Kind::Backup, json!({}))).await
}

/// The bundle of a backup as a file: everything that the hotel had, its guests' data included.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/backups/{backup}/bundle", tag = "backups",
    params(("tenant" = String, Path, description = "id or slug"), ("backup" = Uuid, Path)), responses(
    (status = 200, description = "a ZIP archive", content_type = "application/zip", headers(
        ("X-Bundle-SHA256" = String, description = "of the archive, in hexadecimal digits"))),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 410, body = ErrorBody, description = "`BACKUP_LOST`: object storage does not have its \
        file any more"),
    (status = 503, body = ErrorBody, description = "`STORAGE_NOT_SET` or `STORAGE_AWAY`"),
), security(("vendor" = [])))]
pub(crate) async fn download_bundle(
    app: Data<App>,
    vendor: Vendor,
    path: Path<(TenantRef, BackupId)>,
) -> ApiResult<HttpResponse> {
    vendor.require("backups.take_along")?;
    let (name, id) = path.into_inner();
    let tenant = find_tenant(&app, &name).await?;
    send_bundle(&app, &vendor, (&tenant, id)).await
}

/// Sends the bundle of a backup, and notes who took it.
///
/// # Errors
/// 404 if there is no such backup, 410 if its file is lost; fails if the storage does.
pub(crate) async fn send_bundle(
    app: &App,
    by: impl Into<Actor>,
    (tenant, id): (&Tenant, BackupId),
) -> ApiResult<HttpResponse> {
    let found = store::find_kept(&app.db, tenant.id, id).await.map_err(database_failed)?;
    let backup = found.ok_or_else(|| ApiError::not_found("backup"))?;
    let found = objects(app)?.stream(&backup.object_name).await.map_err(storage_failed)?;
    let (bytes, pieces) = found.ok_or_else(|| lost(&backup))?;
    let event = Event::of("tenant.take_along").on("backup", id).of_tenant(Some(tenant.id));
    let tx = app.db.begin().await.map_err(database_failed)?;
    audit::record(&tx, by, event).await?;
    tx.commit().await.map_err(database_failed)?;
    let day = backup.taken_at.map(|it| it.format("-%Y-%m-%d").to_string()).unwrap_or_default();
    let file = format!("attachment; filename=\"{}{day}.zip\"", tenant.slug);
    let pieces = pieces.map_ok(actix_web::web::Bytes::from).inspect_err(|error| {
        tracing::warn!(error = %Chain(error), "a bundle broke off on its way out");
    });
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((CONTENT_DISPOSITION, file))
        .insert_header((BUNDLE_SHA256, backup.sha256.unwrap_or_default()))
        .insert_header((CONTENT_LENGTH, bytes))
        .no_chunking(bytes)
        .streaming(pieces))
}

/// The backup is on record, and object storage has nothing under its name: somebody took it away
/// there.
fn lost(backup: &Backup) -> ApiError {
    tracing::error!(backup.id = %backup.id, tenant.id = %backup.tenant_id, "a backup's file is lost");
    ApiError::refused(
        StatusCode::GONE,
        "BACKUP_LOST",
        "object storage does not have the file of this backup any more; use another backup, and have \
         one made now",
    )
}

/// Where bundles are.
pub(crate) fn objects(app: &App) -> ApiResult<&Storage> {
    app.objects.as_ref().ok_or_else(|| {
        ApiError::unavailable(
            "STORAGE_NOT_SET",
            "this platform keeps no backups: its operator has to set STORAGE_URL",
            60,
        )
    })
}

/// Object storage did not do what was asked.
pub(super) fn storage_failed(error: StorageError) -> ApiError {
    let (code, message, seconds) = match &error {
        StorageError::Full(_) => {
            ("STORAGE_FULL", "object storage is full: its operator has to give it more room", 60)
        }
        _ => ("STORAGE_AWAY", "object storage does not answer; try again soon", 10),
    };
    ApiError::unavailable(code, message, seconds).caused_by(error)
}
