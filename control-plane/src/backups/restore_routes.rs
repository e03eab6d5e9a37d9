//! Putting a backup, or a bundle that somebody brings, beside a hotel or in its place.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Payload, Query, ServiceConfig},
};
use hotelhub_core::ids::{BackupId, TenantId};
use hotelhub_http::{
    answer::Answer,
    body::{JsonBody, Repeat},
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use sea_orm::DatabaseTransaction;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::{
    bundle_routes::{objects, storage_failed},
    routes::find_tenant,
    store, upload_of,
};
use crate::{
    app::App,
    database::database_failed,
    idempotency::once,
    operations::{Kind, Progress},
    tenants::{
        TenantRef,
        life_cycle::Action,
        life_routes::{find_for_update, standing},
        operation_routes::request,
        store as tenants,
    },
    vendor_users::Vendor,
};

/// No slug has more characters.
const LONGEST_ORIGIN: usize = 63;

/// Adds the routes.
pub(super) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/tenants/{tenant}/restore").post(restore_tenant).register(app);
    Endpoint::at("/api/v1/tenants/{tenant}/import").post(import_tenant).register(app);
}

/// What becomes of the data that is restored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    /// It is shown beside the hotel, on a host name of its own, for a week.
    #[default]
    Preview,
    /// It takes the hotel's place. What it replaces is backed up first.
    Swap,
    /// The preview that is shown goes.
    Discard,
}

/// What to restore.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestoreBody {
    /// A backup of the tenant; the preview that is shown if left out.
    #[schema(value_type = Option<Uuid>)]
    backup_id: Option<BackupId>,
    end: End,
}

/// Restores a backup, or ends a preview: lets it take the hotel's place, or go.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/restore", tag = "backups",
    request_body = RestoreBody,
    params(("tenant" = String, Path, description = "id or slug"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 202, body = Answer<Progress>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`OPERATION_IN_PROGRESS` with \
        `details.operation`, `NO_PREVIEW` or `TRANSITION_REFUSED`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
    (status = 503, body = ErrorBody, description = "`STORAGE_NOT_SET`"),
), security(("vendor" = [])))]
pub(crate) async fn restore_tenant(
    app: Data<App>,
    vendor: Vendor,
    name: Path<TenantRef>,
    body: JsonBody<RestoreBody>,
) -> ApiResult<HttpResponse> {
    vendor.require("backups.restore")?;
    objects(&app)?;
    let JsonBody { value: RestoreBody { backup_id, end }, repeat } = body;
    once(&app, (&vendor, &repeat), StatusCode::ACCEPTED, async |tx| {
        request_restore(tx, &vendor, &name, (backup_id, end)).await
    })
    .await
}

/// Asks for a restore of this backup, or for what becomes of the preview.
///
/// # Errors
/// Refuses what is not possible now.
pub(crate) async fn request_restore(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    name: &TenantRef,
    (backup_id, end): (Option<BackupId>, End),
) -> ApiResult<Progress> {
    let tenant = find_for_update(tx, name).await?;
    standing(&tenant, false).after(Action::Restore)?;
    match backup_id {
        Some(_) if end == End::Discard => {
            return Err(ApiError::invalid("backup_id", "leave it out: a preview is discarded"));
        }
        Some(id) => {
            let found = store::find_kept(tx, tenant.id, id).await.map_err(database_failed)?;
            let unknown = "the tenant has no such backup; list them";
            found.ok_or_else(|| ApiError::invalid("backup_id", unknown))?;
        }
        None if end == End::Preview => {
            return Err(ApiError::invalid("backup_id", "say which backup is to be shown"));
        }
        None => {
            let found = store::find_preview(tx, tenant.id).await.map_err(database_failed)?;
            found.ok_or_else(no_preview)?;
        }
    }
    let wish = json!({ "backup_id": backup_id, "end": end });
    request(tx, (vendor, tenant.id), (Kind::Restore, wish)).await
}

/// What becomes of the data that is brought.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// `preview` or `swap`; `preview` if left out.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    end: End,
    /// That the bundle is of another tenant of this platform is meant; `false` if left out.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    of_another_hotel: bool,
}

/// Brings a hotel's data from elsewhere: the body is the bundle, a ZIP archive as an export gives
/// it. It is read whole before anything is asked for.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/import", tag = "backups",
    request_body(content_type = "application/zip", content = Vec<u8>),
    params(("tenant" = String, Path, description = "id or slug"), ImportQuery,
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 202, body = Answer<Progress>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`OPERATION_IN_PROGRESS` with \
        `details.operation`, `TRANSITION_REFUSED`, or `BUNDLE_OF_ANOTHER_HOTEL` with \
        `details.tenant` unless `of_another_hotel` is true"),
    (status = 422, body = ErrorBody, description = "`BUNDLE_REFUSED` with its reason, or \
        `VALIDATION_FAILED`"),
    (status = 503, body = ErrorBody, description = "`STORAGE_NOT_SET`, `STORAGE_AWAY`, \
        `STORAGE_FULL`, or `IMPORTS_BUSY` while others bring bundles"),
), security(("vendor" = [])))]
pub(crate) async fn import_tenant(
    req: HttpRequest,
    app: Data<App>,
    vendor: Vendor,
    name: Path<TenantRef>,
    query: Query<ImportQuery>,
    payload: Payload,
) -> ApiResult<HttpResponse> {
    vendor.require("backups.restore")?;
    let ImportQuery { end, of_another_hotel } = *query;
    if end == End::Discard {
        return Err(ApiError::invalid("end", "needs to be one of preview, swap"));
    }
    let storage = objects(&app)?;
    let tenant = find_tenant(&app, &name).await?;
    // Before the upload, which may be long; what counts is asked again in the transaction.
    standing(&tenant, false).after(Action::Restore)?;
    let taken = app.imports.take_in(storage, tenant.id, payload).await?;
    // The checksum stands for the body.
    let repeat = Repeat::of(&req, taken.sha256.as_bytes())?;
    let from = &taken.manifest.tenant;
    // A stranger wrote it: more than a slug is not put on record.
    let slug: String = from.slug.chars().take(LONGEST_ORIGIN).collect();
    let origin = json!({ "tenant_id": from.id, "slug": slug });
    let wish =
        json!({ "upload_id": taken.id, "sha256": taken.sha256, "end": end, "origin": origin });
    let mut is_wanted = false;
    let asked = once(&app, (&vendor, &repeat), StatusCode::ACCEPTED, async |tx| {
        let tenant = find_for_update(tx, &name).await?;
        standing(&tenant, false).after(Action::Restore)?;
        if !of_another_hotel {
            refuse_anothers(tx, tenant.id, from.id).await?;
        }
        tracing::info!(
            tenant.id = %tenant.id, from.tenant.id = %from.id, from.slug = slug, rows = taken.manifest.rows(),
            "a bundle was brought"
        );
        let progress = request(tx, (&vendor, tenant.id), (Kind::Restore, wish)).await?;
        is_wanted = true;
        Ok(progress)
    })
    .await;
    if asked.is_err() || !is_wanted {
        // Refused, or a repeat that was answered before: nobody will ask for this object.
        storage.delete(&upload_of(tenant.id, taken.id)).await.map_err(storage_failed)?;
    }
    asked
}

/// Refuses the bundle of one tenant of this platform for another: its guests would be at a hotel that
/// they never wrote to. One from elsewhere has an id that nobody has here.
async fn refuse_anothers(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    origin: TenantId,
) -> ApiResult<()> {
    if origin == tenant {
        return Ok(());
    }
    let found = tenants::find(tx, origin).await.map_err(database_failed)?;
    let Some(owner) = found else { return Ok(()) };
    let message = format!(
        "the bundle is of {} (`{}`), another hotel of this platform; bring one of this hotel's, or \
         say `of_another_hotel=true` if this hotel is to have the other one's data",
        owner.company_name, owner.slug
    );
    let refusal = ApiError::refused(StatusCode::CONFLICT, "BUNDLE_OF_ANOTHER_HOTEL", message);
    Err(refusal.with_detail("tenant", owner.id.to_string()))
}

fn no_preview() -> ApiError {
    ApiError::refused(
        StatusCode::CONFLICT,
        "NO_PREVIEW",
        "the tenant has no preview; restore a backup as one first",
    )
}
