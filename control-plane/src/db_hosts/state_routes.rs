//! `/api/v1/db-hosts/{db_host}/…`: what a database host is used for. Asking for what is already so
//! changes nothing.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, ServiceConfig},
};
use hotelhub_http::{
    answer::Answer,
    body::NoBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use sea_orm::DatabaseTransaction;

use super::{
    body::{DbHostBody, shown},
    model::HostState,
    store,
};
use crate::{
    app::App,
    audit::{self, Event},
    database::database_failed,
    idempotency::once,
    vendor_users::Vendor,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/db-hosts/{db_host}/cordon").post(cordon_db_host).register(app);
    Endpoint::at("/api/v1/db-hosts/{db_host}/uncordon").post(uncordon_db_host).register(app);
    Endpoint::at("/api/v1/db-hosts/{db_host}/drain").post(drain_db_host).register(app);
}

/// Lets no more tenants in; a drain that is under way ends where it is.
#[utoipa::path(post, path = "/api/v1/db-hosts/{db_host}/cordon", tag = "db-hosts",
    params(("db_host" = String, Path, description = "id or name"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<DbHostBody>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn cordon_db_host(
    app: Data<App>,
    vendor: Vendor,
    name: Path<String>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    become_state(&app, (&vendor, &body), &name, HostState::Cordoned).await
}

/// Lets tenants in again; a drain that is under way ends where it is.
#[utoipa::path(post, path = "/api/v1/db-hosts/{db_host}/uncordon", tag = "db-hosts",
    params(("db_host" = String, Path, description = "id or name"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<DbHostBody>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn uncordon_db_host(
    app: Data<App>,
    vendor: Vendor,
    name: Path<String>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    become_state(&app, (&vendor, &body), &name, HostState::Active).await
}

/// Moves all tenants away, a few at a time. The host is empty once `databases` and `leaving` are 0;
/// until then the moves need it.
#[utoipa::path(post, path = "/api/v1/db-hosts/{db_host}/drain", tag = "db-hosts",
    params(("db_host" = String, Path, description = "id or name"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<DbHostBody>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn drain_db_host(
    app: Data<App>,
    vendor: Vendor,
    name: Path<String>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    become_state(&app, (&vendor, &body), &name, HostState::Draining).await
}

async fn become_state(
    app: &App,
    (vendor, body): (&Vendor, &NoBody),
    name: &str,
    state: HostState,
) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.write")?;
    once(app, (vendor, &body.0), StatusCode::OK, async |tx| {
        become_in(tx, vendor, name, state).await
    })
    .await
}

/// Has a host used for something else, as one of the vendor's people wants it.
///
/// # Errors
/// 404 if there is no such host.
pub(crate) async fn become_in(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    name: &str,
    state: HostState,
) -> ApiResult<DbHostBody> {
    let found = store::find_named(tx, name).await.map_err(database_failed)?;
    let host = found.ok_or_else(|| ApiError::not_found("database host"))?;
    if host.state != state {
        store::update_state(tx, host.id, state).await.map_err(database_failed)?;
        let by = vendor.user;
        tracing::info!(db_host.id = %host.id, vendor_user.id = %by, %state, "a host changed");
    }
    let event = Event::of(match state {
        HostState::Active => "db_host.uncordon",
        HostState::Cordoned => "db_host.cordon",
        HostState::Draining => "db_host.drain",
    });
    let event = event.on("db_host", host.id).with("name", &*host.name);
    audit::record(tx, vendor, event.with("before", host.state.as_str())).await?;
    shown(tx, name).await
}
