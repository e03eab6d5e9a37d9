//! `/api/v1/db-hosts`, for the vendor's people.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, ServiceConfig},
};
use hotelhub_core::ids::DbHostId;
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};

use super::{
    body::{DbHostBody, shown},
    model::NewDbHost,
    store::{self, InsertDbHostError, Registration},
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
    Endpoint::at("/api/v1/db-hosts").get(list_db_hosts).post(add_db_host).register(app);
    Endpoint::at("/api/v1/db-hosts/{db_host}").get(show_db_host).register(app);
}

/// Lists the database hosts.
#[utoipa::path(get, path = "/api/v1/db-hosts", tag = "db-hosts", responses(
    (status = 200, body = Answer<Vec<DbHostBody>>), (status = 401, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn list_db_hosts(app: Data<App>, vendor: Vendor) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.read")?;
    let hosts = store::list(&app.db).await.map_err(database_failed)?;
    let total = i64::try_from(hosts.len()).map_err(ApiError::internal)?;
    let bodies: Vec<DbHostBody> = hosts.into_iter().map(DbHostBody::from).collect();
    Ok(Answer::page(bodies, None, Some(total)).ok())
}

/// Adds a database host, where hotels are made from now on.
#[utoipa::path(post, path = "/api/v1/db-hosts", tag = "db-hosts", request_body = NewDbHost,
    params(("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 201, body = Answer<DbHostBody>),
    (status = 401, body = ErrorBody),
    (status = 403, body = ErrorBody, description = "not a super administrator"),
    (status = 409, body = ErrorBody, description = "`DB_HOST_NAME_TAKEN`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn add_db_host(
    app: Data<App>,
    vendor: Vendor,
    body: JsonBody<NewDbHost>,
) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.write")?;
    let JsonBody { value: host, repeat } = body;
    host.check()?;
    let id = DbHostId::generate();
    let place = format!("db_hosts.admin_url.{id}");
    let sealed_admin_url =
        app.sealing_keys.seal(&place, &host.admin_url).map_err(ApiError::internal)?;
    once(&app, (&vendor, &repeat), StatusCode::CREATED, async |tx| {
        let (key_id, now) = (&*app.db_host_key_id, app.clock.now());
        let name = host.name.trim().to_owned();
        store::insert(tx, host, Registration { id, sealed_admin_url, key_id, now }).await?;
        tracing::info!(db_host.id = %id, vendor_user.id = %vendor.user, "added a database host");
        let added = shown(tx, &name).await?;
        let event = Event::of("db_host.add").on("db_host", id).with("name", &*name);
        audit::record(tx, &vendor, event).await?;
        Ok(added)
    })
    .await
}

/// Shows a database host.
#[utoipa::path(get, path = "/api/v1/db-hosts/{db_host}", tag = "db-hosts",
    params(("db_host" = String, Path, description = "id or name")), responses(
    (status = 200, body = Answer<DbHostBody>),
    (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn show_db_host(
    app: Data<App>,
    vendor: Vendor,
    name: Path<String>,
) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.read")?;
    Ok(Answer::new(shown(&app.db, &name).await?).ok())
}

impl From<InsertDbHostError> for ApiError {
    fn from(error: InsertDbHostError) -> Self {
        match error {
            InsertDbHostError::NameTaken => Self::refused(
                StatusCode::CONFLICT,
                "DB_HOST_NAME_TAKEN",
                "another database host has this name; choose another one",
            )
            .with_detail("name", "is taken"),
            InsertDbHostError::Database(error) => database_failed(error),
        }
    }
}
