//! `PATCH` and `DELETE` of `/api/v1/db-hosts/{db_host}`: a host gets another address, or goes.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use hotelhub_http::{
    answer::Answer,
    body::{JsonBody, NoBody},
    error::{ApiError, ApiResult, ErrorBody},
};
use sea_orm::DatabaseTransaction;

use super::{
    body::{DbHostBody, shown},
    model::{ChangeDbHost, DbHost, HostState},
    routes::seal,
    store,
};
use crate::{
    app::App,
    audit::{self, Event},
    database::database_failed,
    idempotency::once,
    vendor_users::Vendor,
};

/// Changes what is left of a host's registration. Replicas follow a new address at once.
#[utoipa::path(patch, path = "/api/v1/db-hosts/{db_host}", tag = "db-hosts",
    request_body = ChangeDbHost,
    params(("db_host" = String, Path, description = "id or name"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<DbHostBody>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`DB_HOST_NAME_TAKEN`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn change_db_host(
    app: Data<App>,
    vendor: Vendor,
    name: Path<String>,
    body: JsonBody<ChangeDbHost>,
) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.write")?;
    let JsonBody { value: change, repeat } = body;
    once(&app, (&vendor, &repeat), StatusCode::OK, async |tx| {
        change_in(tx, (&app, &vendor), &name, change).await
    })
    .await
}

/// Forgets a host that holds nothing any more. The server itself is left as it is.
#[utoipa::path(delete, path = "/api/v1/db-hosts/{db_host}", tag = "db-hosts",
    params(("db_host" = String, Path, description = "id or name"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<DbHostBody>, description = "as it was"),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description =
        "`DB_HOST_ACTIVE`: drain it first; `DB_HOST_IN_USE`: wait until it is empty"),
), security(("vendor" = [])))]
pub(crate) async fn remove_db_host(
    app: Data<App>,
    vendor: Vendor,
    name: Path<String>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.write")?;
    once(&app, (&vendor, &body.0), StatusCode::OK, async |tx| remove_in(tx, &vendor, &name).await)
        .await
}

/// Changes a host, as one of the vendor's people wants it.
///
/// # Errors
/// Refuses what is wrong, and a name that is taken.
pub(crate) async fn change_in(
    tx: &DatabaseTransaction,
    (app, vendor): (&App, &Vendor),
    name: &str,
    change: ChangeDbHost,
) -> ApiResult<DbHostBody> {
    let host = find(tx, name).await?;
    change.check()?;
    let admin_url = change.admin_url.as_ref();
    let sealed = admin_url.map(|it| seal(app, host.id, it)).transpose()?;
    let event = Event::of("db_host.change").on("db_host", host.id).with("name", &*host.name);
    store::update(tx, host.id, change, sealed).await?;
    audit::record(tx, vendor, event).await?;
    tracing::info!(db_host.id = %host.id, vendor_user.id = %vendor.user, "changed a database host");
    shown(tx, &host.id.to_string()).await
}

/// Forgets a host, as one of the vendor's people wants it.
///
/// # Errors
/// Refuses one that takes tenants in, or holds a database.
pub(crate) async fn remove_in(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    name: &str,
) -> ApiResult<DbHostBody> {
    let id = find(tx, name).await?.id;
    store::hold(tx, id).await.map_err(database_failed)?;
    // Counted while it is held.
    let host = find(tx, &id.to_string()).await?;
    if host.state == HostState::Active {
        let what = "the host takes tenants in; drain it first";
        return Err(ApiError::refused(StatusCode::CONFLICT, "DB_HOST_ACTIVE", what));
    }
    if host.databases + host.warm + host.leaving > 0 {
        let what = format!(
            "the host holds {} databases of tenants and {} that are still to be dropped, {} of them \
             previews, which can be discarded; drain it, and wait until both are 0",
            host.databases, host.leaving, host.previews
        );
        return Err(ApiError::refused(StatusCode::CONFLICT, "DB_HOST_IN_USE", what));
    }
    store::delete(tx, id).await.map_err(database_failed)?;
    let event = Event::of("db_host.remove").on("db_host", id).with("name", &*host.name);
    audit::record(tx, vendor, event).await?;
    tracing::info!(db_host.id = %id, vendor_user.id = %vendor.user, "removed a database host");
    Ok(host.into())
}

async fn find(tx: &DatabaseTransaction, name: &str) -> ApiResult<DbHost> {
    let found = store::find_named(tx, name).await.map_err(database_failed)?;
    found.ok_or_else(|| ApiError::not_found("database host"))
}
