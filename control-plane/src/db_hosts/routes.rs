//! `/api/v1/db-hosts`, for the vendor's people.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, ServiceConfig},
};
use chrono::{DateTime, Utc};
use hotelhub_core::ids::DbHostId;
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use sea_orm::TransactionTrait;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    model::{DbHost, NewDbHost},
    store::{self, InsertDbHostError, Registration},
};
use crate::{
    app::App,
    database::database_failed,
    idempotency::{self, Key, WhileBusy},
    vendor_users::Vendor,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/db-hosts").get(list_db_hosts).post(add_db_host).register(app);
}

/// A database host. How to log in there is never shown.
#[derive(Serialize, ToSchema)]
pub(crate) struct DbHostBody {
    #[schema(value_type = Uuid)]
    id: DbHostId,
    name: String,
    address: String,
    port: i32,
    /// Which key makes the login passwords of its databases.
    key_id: String,
    /// `active`, `cordoned` or `draining`.
    state: String,
    max_databases: i32,
    max_connections: i32,
    created_at: DateTime<Utc>,
}

/// Lists the database hosts.
#[utoipa::path(get, path = "/api/v1/db-hosts", tag = "db-hosts", responses(
    (status = 200, body = Answer<Vec<DbHostBody>>), (status = 401, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn list_db_hosts(app: Data<App>, _vendor: Vendor) -> ApiResult<HttpResponse> {
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
    let key = Key::of(&app.fingerprints, &vendor.user.to_string(), &repeat);
    let id = DbHostId::generate();
    let place = format!("db_hosts.admin_url.{id}");
    let sealed_admin_url =
        app.sealing_keys.seal(&place, &host.admin_url).map_err(ApiError::internal)?;
    let now = app.clock.now();

    let tx = app.db.begin().await.map_err(database_failed)?;
    if let Some(kept) = idempotency::hold(&tx, key.as_ref(), WhileBusy::Refuse).await? {
        return kept.again();
    }
    let registration = Registration { id, sealed_admin_url, key_id: &app.db_host_key_id, now };
    let added = store::insert(&tx, host, registration).await?;
    let answer = Answer::new(DbHostBody::from(added));
    idempotency::keep(&tx, key.as_ref(), StatusCode::CREATED, &answer, now).await?;
    tx.commit().await.map_err(database_failed)?;
    tracing::info!(db_host.id = %id, vendor_user.id = %vendor.user, "added a database host");
    Ok(answer.with_status(StatusCode::CREATED))
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

impl From<DbHost> for DbHostBody {
    fn from(host: DbHost) -> Self {
        Self {
            id: host.id,
            name: host.name,
            address: host.address,
            port: host.port,
            key_id: host.key_id,
            state: host.state,
            max_databases: host.max_databases,
            max_connections: host.max_connections,
            created_at: host.created_at,
        }
    }
}
