//! `/api/v1/fleet-migrations/{id}/…`: what can be done to a fleet migration that is not over.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, ServiceConfig},
};
use hotelhub_core::ids::FleetMigrationId;
use hotelhub_http::{
    answer::Answer,
    body::{JsonBody, NoBody},
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use sea_orm::DatabaseTransaction;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    model::{FleetMigration, State},
    routes::{shown, unknown},
    store,
};
use crate::{
    app::App,
    audit::{self, Event},
    database::database_failed,
    idempotency::once,
    tenants::{TenantRef, store as tenants},
    vendor_users::Vendor,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    let action = |name| Endpoint::at(&format!("/api/v1/fleet-migrations/{{id}}/{name}"));
    action("resume").post(resume_fleet_migration).register(app);
    action("cancel").post(cancel_fleet_migration).register(app);
    action("set-aside").post(set_tenant_aside).register(app);
}

/// Who is set aside.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetAsideBody {
    /// Slug or id.
    #[schema(value_type = String)]
    tenant: TenantRef,
}

/// Lets a run go on that halted, and has it try the quarantined again.
#[utoipa::path(post, path = "/api/v1/fleet-migrations/{id}/resume", tag = "fleet-migrations",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<FleetMigration>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TRANSITION_REFUSED`"),
), security(("vendor" = [])))]
pub(crate) async fn resume_fleet_migration(
    app: Data<App>,
    vendor: Vendor,
    id: Path<FleetMigrationId>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    vendor.require("fleet_migrations.write")?;
    once(&app, (&vendor, &body.0), StatusCode::OK, async |tx| resume_in(tx, &vendor, *id).await)
        .await
}

/// Lets a run go on.
///
/// # Errors
/// Refuses one that has not begun or is over.
pub(crate) async fn resume_in(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    id: FleetMigrationId,
) -> ApiResult<FleetMigration> {
    let state = find_open(tx, id).await?;
    if !matches!(state, State::Running | State::Halted) {
        return Err(refused(state, "there is nothing to resume yet"));
    }
    store::resume(tx, id).await.map_err(database_failed)?;
    tracing::info!(
        fleet_migration.id = %id, vendor_user.id = %vendor.user, "resumed a fleet migration"
    );
    let event = Event::of("fleet_migration.resume").on("fleet_migration", id);
    audit::record(tx, vendor, event).await?;
    shown(tx, id).await
}

/// Stops a run where it is: no tenant is begun any more.
#[utoipa::path(post, path = "/api/v1/fleet-migrations/{id}/cancel", tag = "fleet-migrations",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<FleetMigration>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TRANSITION_REFUSED`"),
), security(("vendor" = [])))]
pub(crate) async fn cancel_fleet_migration(
    app: Data<App>,
    vendor: Vendor,
    id: Path<FleetMigrationId>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    vendor.require("fleet_migrations.write")?;
    once(&app, (&vendor, &body.0), StatusCode::OK, async |tx| cancel_in(tx, &vendor, *id).await)
        .await
}

/// Stops a run where it is.
///
/// # Errors
/// Refuses one that is over.
pub(crate) async fn cancel_in(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    id: FleetMigrationId,
) -> ApiResult<FleetMigration> {
    find_open(tx, id).await?;
    store::cancel(tx, id).await.map_err(database_failed)?;
    tracing::info!(
        fleet_migration.id = %id, vendor_user.id = %vendor.user, "cancelled a fleet migration"
    );
    let event = Event::of("fleet_migration.cancel").on("fleet_migration", id);
    audit::record(tx, vendor, event).await?;
    shown(tx, id).await
}

/// Leaves a tenant on the schema that it has.
#[utoipa::path(post, path = "/api/v1/fleet-migrations/{id}/set-aside", tag = "fleet-migrations",
    request_body = SetAsideBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<FleetMigration>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TRANSITION_REFUSED`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn set_tenant_aside(
    app: Data<App>,
    vendor: Vendor,
    id: Path<FleetMigrationId>,
    body: JsonBody<SetAsideBody>,
) -> ApiResult<HttpResponse> {
    vendor.require("fleet_migrations.write")?;
    let JsonBody { value: SetAsideBody { tenant }, repeat } = body;
    once(&app, (&vendor, &repeat), StatusCode::OK, async |tx| {
        set_aside_in(tx, &vendor, *id, &tenant).await
    })
    .await
}

/// Leaves a tenant on the schema that it has.
///
/// # Errors
/// Refuses a run that is over, and a tenant that is none.
pub(crate) async fn set_aside_in(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    id: FleetMigrationId,
    tenant: &TenantRef,
) -> ApiResult<FleetMigration> {
    find_open(tx, id).await?;
    let found = tenants::find_named(tx, tenant).await.map_err(database_failed)?;
    let found = found.ok_or_else(|| ApiError::invalid("tenant", "there is no such tenant"))?;
    store::set_aside(tx, id, found.id).await.map_err(database_failed)?;
    tracing::info!(
        fleet_migration.id = %id, tenant.id = %found.id, vendor_user.id = %vendor.user,
        "set a tenant aside"
    );
    let event = Event::of("fleet_migration.set_aside").on("fleet_migration", id);
    audit::record(tx, vendor, event.of_tenant(Some(found.id))).await?;
    shown(tx, id).await
}

/// The state of a fleet migration that is not over, held until the transaction ends.
async fn find_open(tx: &DatabaseTransaction, id: FleetMigrationId) -> ApiResult<State> {
    let found = store::find_for_update(tx, id).await.map_err(database_failed)?;
    let FleetMigration { state, cancelled_at, .. } = found.ok_or_else(unknown)?;
    if state.is_over() || cancelled_at.is_some() {
        let over = if cancelled_at.is_some() { State::Cancelled } else { state };
        return Err(refused(over, "start a new one: it takes those who were left behind"));
    }
    Ok(state)
}

fn refused(state: State, hint: &str) -> ApiError {
    let message = format!("the fleet migration is `{}`; {hint}", state.as_str());
    ApiError::refused(StatusCode::CONFLICT, "TRANSITION_REFUSED", message)
}
