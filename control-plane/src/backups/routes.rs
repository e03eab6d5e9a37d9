//! Lists of backups, drills, the preview, and the proof of a deletion.

use actix_web::{
    HttpResponse,
    web::{Data, Path, Query, ServiceConfig},
};
use hotelhub_http::{
    answer::Answer,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    model::{Backup, Deletion, Drill, Filter, KINDS, Place, Preview, Summary},
    store,
};
use crate::{
    app::App,
    database::database_failed,
    paging,
    tenants::{self, Tenant, TenantRef, find_meant},
    vendor_users::Vendor,
};

/// Adds the routes.
pub(super) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/backups").get(list_backups).register(app);
    Endpoint::at("/api/v1/backups/summary").get(summarize_backups).register(app);
    Endpoint::at("/api/v1/restore-drills").get(list_drills).register(app);
    Endpoint::at("/api/v1/tenants/{tenant}/preview").get(show_preview).register(app);
    Endpoint::at("/api/v1/tenants/{tenant}/deletion").get(show_deletion).register(app);
}

/// Which backups to list.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Of this tenant alone: its id or slug.
    #[param(value_type = Option<String>)]
    pub(crate) tenant: Option<TenantRef>,
    /// `nightly`, `manual`, `before_restore` or `final`.
    pub(crate) kind: Option<String>,
    /// Where the last page ended: its `meta.next_cursor`.
    pub(crate) cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    pub(crate) limit: Option<u64>,
}

/// Lists backups, the newest first.
#[utoipa::path(get, path = "/api/v1/backups", tag = "backups", params(ListQuery), responses(
    (status = 200, body = Answer<Vec<Backup>>),
    (status = 401, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn list_backups(
    app: Data<App>,
    vendor: Vendor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("backups.read")?;
    let (backups, cursor) = list(&app, query.into_inner()).await?;
    Ok(Answer::page(backups, cursor, None).ok())
}

/// One page of backups, and the cursor of the next one.
///
/// # Errors
/// Refuses what is no filter or cursor, and says of which parameter.
pub(crate) async fn list(app: &App, query: ListQuery) -> ApiResult<(Vec<Backup>, Option<String>)> {
    let limit = paging::limit(query.limit)?;
    let after: Option<Place> = paging::read_cursor(query.cursor.as_deref())?;
    let kind = one_of("kind", query.kind.clone(), &KINDS)?;
    let filter = Filter { tenant: find_meant(&app.db, query.tenant.as_ref()).await?, kind };
    let found = store::list(&app.db, &filter, after, limit + 1).await;
    let mut backups = found.map_err(database_failed)?;
    let place_of = |it: &Backup| Place { at: it.created_at, id: it.id };
    let cursor = paging::cut(&mut backups, limit, place_of)?;
    Ok((backups, cursor))
}

/// Says how the backups of the fleet stand.
#[utoipa::path(get, path = "/api/v1/backups/summary", tag = "backups", responses(
    (status = 200, body = Answer<Summary>),
    (status = 401, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn summarize_backups(app: Data<App>, _vendor: Vendor) -> ApiResult<HttpResponse> {
    let summary = store::summarize(&app.db, app.clock.now()).await.map_err(database_failed)?;
    Ok(Answer::new(summary).ok())
}

/// Which drills to list.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DrillsQuery {
    /// Of this tenant alone: its id or slug.
    #[param(value_type = Option<String>)]
    pub(crate) tenant: Option<TenantRef>,
    /// `running`, `passed`, `failed` or `broken_off`.
    pub(crate) state: Option<String>,
    /// Where the last page ended: its `meta.next_cursor`.
    pub(crate) cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    pub(crate) limit: Option<u64>,
}

/// Lists restore drills, the newest first.
#[utoipa::path(get, path = "/api/v1/restore-drills", tag = "backups", params(DrillsQuery), responses(
    (status = 200, body = Answer<Vec<Drill>>),
    (status = 401, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn list_drills(
    app: Data<App>,
    vendor: Vendor,
    query: Query<DrillsQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("backups.read")?;
    let (drills, cursor) = drills(&app, query.into_inner()).await?;
    Ok(Answer::page(drills, cursor, None).ok())
}

/// One page of drills, and the cursor of the next one.
///
/// # Errors
/// Refuses what is no filter or cursor, and says of which parameter.
pub(crate) async fn drills(
    app: &App,
    query: DrillsQuery,
) -> ApiResult<(Vec<Drill>, Option<String>)> {
    let limit = paging::limit(query.limit)?;
    let after: Option<Place> = paging::read_cursor(query.cursor.as_deref())?;
    let states = ["running", "passed", "failed", "broken_off"];
    let state = one_of("state", query.state.clone(), &states)?;
    let tenant = find_meant(&app.db, query.tenant.as_ref()).await?;
    let found = store::list_drills(&app.db, (tenant, state), after, limit + 1).await;
    let mut drills = found.map_err(database_failed)?;
    let place_of = |it: &Drill| Place { at: it.started_at, id: it.id };
    let cursor = paging::cut(&mut drills, limit, place_of)?;
    Ok((drills, cursor))
}

/// Shows the preview beside a hotel.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/preview", tag = "backups",
    params(("tenant" = String, Path, description = "id or slug")), responses(
    (status = 200, body = Answer<Preview>),
    (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody, description = "no such tenant, or it has no preview"),
), security(("vendor" = [])))]
pub(crate) async fn show_preview(
    app: Data<App>,
    vendor: Vendor,
    name: Path<TenantRef>,
) -> ApiResult<HttpResponse> {
    vendor.require("backups.read")?;
    let tenant = find_tenant(&app, &name).await?;
    let found = store::find_preview(&app.db, tenant.id).await.map_err(database_failed)?;
    Ok(Answer::new(found.ok_or_else(|| ApiError::not_found("preview"))?).ok())
}

/// Shows the proof that a tenant's data is gone.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/deletion", tag = "backups",
    params(("tenant" = String, Path, description = "id or slug")), responses(
    (status = 200, body = Answer<Deletion>),
    (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody, description = "no such tenant, or it is not deleted"),
), security(("vendor" = [])))]
pub(crate) async fn show_deletion(
    app: Data<App>,
    vendor: Vendor,
    name: Path<TenantRef>,
) -> ApiResult<HttpResponse> {
    vendor.require("backups.read")?;
    let tenant = find_tenant(&app, &name).await?;
    let found = store::find_deletion(&app.db, tenant.id).await.map_err(database_failed)?;
    Ok(Answer::new(found.ok_or_else(|| ApiError::not_found("deletion"))?).ok())
}

/// The tenant of the path.
pub(crate) async fn find_tenant(app: &App, name: &TenantRef) -> ApiResult<Tenant> {
    let found = tenants::store::find_named(&app.db, name).await.map_err(database_failed)?;
    found.ok_or_else(|| ApiError::not_found("tenant"))
}

fn one_of(field: &'static str, text: Option<String>, known: &[&str]) -> ApiResult<Option<String>> {
    match text {
        Some(text) if !known.contains(&&*text) => {
            Err(ApiError::invalid(field, format!("needs to be one of {}", known.join(", "))))
        }
        text => Ok(text),
    }
}
