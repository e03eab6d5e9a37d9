//! `/api/v1/fleet-migrations`: asked for, listed, shown.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query, ServiceConfig},
};
use hotelhub_core::{ids::FleetMigrationId, life::Provisioning};
use hotelhub_http::{
    answer::Answer,
    body::{JsonBody, OptionalJsonBody},
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    model::{FleetMigration, NewFleetMigration, NewFleetMigrationBody, Place},
    store::{self, InsertFleetMigrationError},
};
use crate::{
    app::App,
    audit::{self, Event},
    database::database_failed,
    following::{Seen, Whose, follow},
    idempotency::once,
    paging,
    tenants::{TenantRef, store as tenants},
    vendor_users::Vendor,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/fleet-migrations")
        .get(list_fleet_migrations)
        .post(create_fleet_migration)
        .register(app);
    Endpoint::at("/api/v1/fleet-migrations/{id}").get(show_fleet_migration).register(app);
    let events = Endpoint::at("/api/v1/fleet-migrations/{id}/events");
    events.get(follow_fleet_migration).register(app);
}

/// Which page.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Where the last page ended: its `meta.next_cursor`.
    pub(crate) cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    pub(crate) limit: Option<u64>,
}

/// Asks for a new schema in every tenant database, ring by ring.
#[utoipa::path(post, path = "/api/v1/fleet-migrations", tag = "fleet-migrations",
    request_body(content = Option<NewFleetMigrationBody>),
    params(("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 201, body = Answer<FleetMigration>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 409, body = ErrorBody, description =
        "`FLEET_MIGRATION_IN_PROGRESS` with `details.fleet_migration`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn create_fleet_migration(
    app: Data<App>,
    vendor: Vendor,
    body: OptionalJsonBody<NewFleetMigrationBody>,
) -> ApiResult<HttpResponse> {
    vendor.require("fleet_migrations.write")?;
    let JsonBody { value: body, repeat } = body.0;
    body.check()?;
    once(&app, (&vendor, &repeat), StatusCode::CREATED, async |tx| {
        create_in(tx, &vendor, &body).await
    })
    .await
}

/// Asks for a fleet migration, as one of the vendor's people wants it.
///
/// # Errors
/// Refuses a body that is wrong, and a second one while one is not over.
pub(crate) async fn create_in(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    body: &NewFleetMigrationBody,
) -> ApiResult<FleetMigration> {
    let new = NewFleetMigration {
        schema_version: body.schema_version,
        canaries: find_canaries(tx, &body.canaries).await?,
        workers: body.workers(),
        max_failures: body.max_failures(),
        requested_by: vendor.user,
    };
    let id = store::insert(tx, new).await?;
    tracing::info!(
        fleet_migration.id = %id, vendor_user.id = %vendor.user, "asked for a fleet migration"
    );
    let event = Event::of("fleet_migration.create").on("fleet_migration", id);
    let event = event.with("schema_version", body.schema_version);
    audit::record(tx, vendor, event.with("canaries", body.canaries.clone())).await?;
    shown(tx, id).await
}

/// Lists fleet migrations, the newest first.
#[utoipa::path(get, path = "/api/v1/fleet-migrations", tag = "fleet-migrations",
    params(ListQuery), responses(
    (status = 200, body = Answer<Vec<FleetMigration>>),
    (status = 401, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn list_fleet_migrations(
    app: Data<App>,
    vendor: Vendor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("fleet_migrations.read")?;
    let (found, cursor) = list(&app, query.into_inner()).await?;
    Ok(Answer::page(found, cursor, None).ok())
}

/// One page of fleet migrations, and the cursor of the next one.
///
/// # Errors
/// Refuses what is no cursor or limit.
pub(crate) async fn list(
    app: &App,
    query: ListQuery,
) -> ApiResult<(Vec<FleetMigration>, Option<String>)> {
    let limit = paging::limit(query.limit)?;
    let after: Option<Place> = paging::read_cursor(query.cursor.as_deref())?;
    let mut found = store::list(&app.db, after, limit + 1).await.map_err(database_failed)?;
    let place_of = |it: &FleetMigration| Place { requested_at: it.requested_at, id: it.id };
    let cursor = paging::cut(&mut found, limit, place_of)?;
    Ok((found, cursor))
}

/// Shows how far a fleet migration is.
#[utoipa::path(get, path = "/api/v1/fleet-migrations/{id}", tag = "fleet-migrations",
    params(("id" = Uuid, Path)), responses(
    (status = 200, body = Answer<FleetMigration>),
    (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn show_fleet_migration(
    app: Data<App>,
    vendor: Vendor,
    id: Path<FleetMigrationId>,
) -> ApiResult<HttpResponse> {
    vendor.require("fleet_migrations.read")?;
    Ok(Answer::new(shown(&app.db, *id).await?).ok())
}

/// Tells how far a fleet migration is, whenever that changes: `step`, and `done` at its end.
#[utoipa::path(get, path = "/api/v1/fleet-migrations/{id}/events", tag = "fleet-migrations",
    params(("id" = Uuid, Path)), responses(
    (status = 200, content_type = "text/event-stream", body = Answer<FleetMigration>, description =
        "events `step` and at last `done`, each with the body of `/api/v1/fleet-migrations/{id}`"),
    (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 503, body = ErrorBody, description = "`TOO_MANY_STREAMS`: ask for the migration"),
), security(("vendor" = [])))]
pub(crate) async fn follow_fleet_migration(
    app: Data<App>,
    _vendor: Vendor,
    id: Path<FleetMigrationId>,
) -> ApiResult<HttpResponse> {
    let id = *id;
    follow(app, Whose::Nobodys, async move |app| {
        let migration = shown(&app.db, id).await?;
        let is_over = migration.state.is_over();
        let content = serde_json::to_string(&Answer::new(migration)).map_err(ApiError::internal)?;
        Ok(Seen { content, is_over })
    })
    .await
}

/// The fleet migration with this id.
///
/// # Errors
/// 404 if there is none.
pub(crate) async fn shown(
    db: &impl ConnectionTrait,
    id: FleetMigrationId,
) -> ApiResult<FleetMigration> {
    let found = store::find(db, id).await.map_err(database_failed)?;
    found.ok_or_else(unknown)
}

pub(super) fn unknown() -> ApiError {
    ApiError::not_found("fleet migration")
}

/// The tenants of these names, each once; all that are none are named at once.
async fn find_canaries(tx: &DatabaseTransaction, names: &[String]) -> ApiResult<Vec<Uuid>> {
    let mut canaries = Vec::new();
    let mut faults = Vec::new();
    for name in names {
        let found = tenants::find_named(tx, &TenantRef::from(name.clone())).await;
        match found.map_err(database_failed)? {
            Some(it) if it.provisioning != Provisioning::Ready => {
                faults.push(format!("`{name}` is `{}`, not `ready`", it.provisioning));
            }
            Some(it) if canaries.contains(&it.id.as_uuid()) => {}
            Some(it) => canaries.push(it.id.as_uuid()),
            None => faults.push(format!("there is no tenant `{name}`")),
        }
    }
    let mut faults = faults.into_iter();
    let Some(first) = faults.next() else { return Ok(canaries) };
    Err(faults
        .fold(ApiError::invalid("canaries", first), |error, it| error.with_detail("canaries", it)))
}

impl From<InsertFleetMigrationError> for ApiError {
    fn from(error: InsertFleetMigrationError) -> Self {
        match error {
            InsertFleetMigrationError::InProgress(open) => Self::refused(
                StatusCode::CONFLICT,
                "FLEET_MIGRATION_IN_PROGRESS",
                "another fleet migration is not over; wait for it, or cancel it",
            )
            .with_detail("fleet_migration", open.to_string()),
            InsertFleetMigrationError::Database(error) => database_failed(error),
        }
    }
}
