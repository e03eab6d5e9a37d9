//! `/api/v1/db-hosts`, for the vendor's people.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query, ServiceConfig},
};
use hotelhub_core::ids::DbHostId;
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use sea_orm::DatabaseTransaction;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    body::{DbHostBody, shown},
    change_routes::{change_db_host, remove_db_host},
    model::{DbHost, NewDbHost, Place},
    store::{self, InsertDbHostError, Registration},
};
use crate::{
    app::App,
    audit::{self, Event},
    database::database_failed,
    idempotency::once,
    paging,
    vendor_users::Vendor,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/db-hosts").get(list_db_hosts).post(add_db_host).register(app);
    Endpoint::at("/api/v1/db-hosts/{db_host}")
        .get(show_db_host)
        .patch(change_db_host)
        .delete(remove_db_host)
        .register(app);
}

/// Which page of the hosts.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Where the last page ended: its `meta.next_cursor`.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    limit: Option<u64>,
}

/// Lists the database hosts by name. `meta.total` counts all of them.
#[utoipa::path(get, path = "/api/v1/db-hosts", tag = "db-hosts", params(ListQuery), responses(
    (status = 200, body = Answer<Vec<DbHostBody>>), (status = 401, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn list_db_hosts(
    app: Data<App>,
    vendor: Vendor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.read")?;
    let limit = paging::limit(query.limit)?;
    let after: Option<Place> = paging::read_cursor(query.cursor.as_deref())?;
    let all = store::list_names(&app.db).await.map_err(database_failed)?;
    let total = i64::try_from(all.len()).map_err(ApiError::internal)?;
    let found = store::list_page(&app.db, after, limit + 1).await;
    let mut hosts = found.map_err(database_failed)?;
    let place_of = |it: &DbHost| Place { name: it.name.clone() };
    let cursor = paging::cut(&mut hosts, limit, place_of)?;
    let bodies: Vec<DbHostBody> = hosts.into_iter().map(DbHostBody::from).collect();
    Ok(Answer::page(bodies, cursor, Some(total)).ok())
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
    let sealed = Sealed::of(&app, &host)?;
    once(&app, (&vendor, &repeat), StatusCode::CREATED, async |tx| {
        add_in(tx, &app, &vendor, (host, sealed)).await
    })
    .await
}

/// How a new host is logged in to, sealed for its id.
pub(crate) struct Sealed {
    id: DbHostId,
    admin_url: String,
}

impl Sealed {
    /// Seals the admin URL of a host that has no id yet.
    ///
    /// # Errors
    /// Fails if it cannot be sealed.
    pub(crate) fn of(app: &App, host: &NewDbHost) -> ApiResult<Self> {
        let id = DbHostId::generate();
        Ok(Self { id, admin_url: seal(app, id, &host.admin_url)? })
    }
}

/// The admin URL of a host as it is stored.
pub(super) fn seal(app: &App, id: DbHostId, admin_url: &SecretString) -> ApiResult<String> {
    let place = format!("db_hosts.admin_url.{id}");
    app.sealing_keys.seal(&place, admin_url).map_err(ApiError::internal)
}

/// Writes a host that was checked, as one of the vendor's people wants it.
///
/// # Errors
/// Refuses a name that is taken.
pub(crate) async fn add_in(
    tx: &DatabaseTransaction,
    app: &App,
    vendor: &Vendor,
    (host, sealed): (NewDbHost, Sealed),
) -> ApiResult<DbHostBody> {
    let Sealed { id, admin_url: sealed_admin_url } = sealed;
    let (key_id, now) = (&*app.db_host_key_id, app.clock.now());
    let name = host.name.trim().to_owned();
    store::insert(tx, host, Registration { id, sealed_admin_url, key_id, now }).await?;
    tracing::info!(db_host.id = %id, vendor_user.id = %vendor.user, "added a database host");
    let event = Event::of("db_host.add").on("db_host", id).with("name", &*name);
    audit::record(tx, vendor, event).await?;
    shown(tx, &name).await
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
