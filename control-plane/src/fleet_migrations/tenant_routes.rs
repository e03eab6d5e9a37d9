//! `/api/v1/fleet-migrations/{id}/tenants`: how far each tenant is.

use actix_web::{
    HttpResponse,
    web::{Data, Path, Query, ServiceConfig},
};
use hotelhub_core::ids::FleetMigrationId;
use hotelhub_http::{
    answer::Answer,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    model::{FleetTenant, TenantPlace},
    routes::shown,
    store,
};
use crate::{app::App, database::database_failed, paging, vendor_users::Vendor};

/// How far a tenant can be.
pub(crate) const STATES: [&str; 4] = ["pending", "done", "quarantined", "gone"];

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    let tenants = Endpoint::at("/api/v1/fleet-migrations/{id}/tenants");
    tenants.get(list_fleet_tenants).register(app);
}

/// Which tenants to list.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TenantQuery {
    /// `pending`, `done`, `quarantined` or `gone`.
    pub(crate) state: Option<String>,
    /// Where the last page ended: its `meta.next_cursor`.
    pub(crate) cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    pub(crate) limit: Option<u64>,
}

/// Lists the tenants of a fleet migration, ring by ring; none until a provisioner has begun it.
#[utoipa::path(get, path = "/api/v1/fleet-migrations/{id}/tenants", tag = "fleet-migrations",
    params(("id" = Uuid, Path), TenantQuery), responses(
    (status = 200, body = Answer<Vec<FleetTenant>>),
    (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn list_fleet_tenants(
    app: Data<App>,
    vendor: Vendor,
    id: Path<FleetMigrationId>,
    query: Query<TenantQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("fleet_migrations.read")?;
    let (found, cursor) = list(&app, *id, query.into_inner()).await?;
    Ok(Answer::page(found, cursor, None).ok())
}

/// One page of a fleet migration's tenants, and the cursor of the next one.
///
/// # Errors
/// 404 if there is no such migration; refuses what is no state, cursor or limit.
pub(crate) async fn list(
    app: &App,
    id: FleetMigrationId,
    query: TenantQuery,
) -> ApiResult<(Vec<FleetTenant>, Option<String>)> {
    let limit = paging::limit(query.limit)?;
    let after: Option<TenantPlace> = paging::read_cursor(query.cursor.as_deref())?;
    let state = query.state.as_deref();
    if state.is_some_and(|it| !STATES.contains(&it)) {
        let why = format!("needs to be one of {}", STATES.join(", "));
        return Err(ApiError::invalid("state", why));
    }
    shown(&app.db, id).await?;
    let mut found = store::list_tenants(&app.db, (id, state), after, limit + 1)
        .await
        .map_err(database_failed)?;
    let place_of = |it: &FleetTenant| TenantPlace { ring: it.ring, tenant_id: it.tenant_id };
    let cursor = paging::cut(&mut found, limit, place_of)?;
    Ok((found, cursor))
}
