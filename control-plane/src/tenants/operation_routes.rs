//! `POST /api/v1/tenants/{tenant}/move`: long work that the provisioner does to a tenant's data.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, ServiceConfig},
};
use hotelhub_core::ids::{DbHostId, OperationId, TenantId};
use hotelhub_http::{
    answer::Answer,
    body::{JsonBody, OptionalJsonBody},
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use sea_orm::DatabaseTransaction;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    TenantRef,
    life_cycle::Action,
    life_routes::{find_for_update, standing},
    store,
};
use crate::{
    app::App,
    audit::{self, Event},
    database::database_failed,
    db_hosts::{self, HostState},
    idempotency::once,
    operations::{self, Kind, NewOperation, Progress},
    vendor_users::Vendor,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/tenants/{tenant}/move").post(move_tenant).register(app);
}

/// Where a tenant is to go.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MoveBody {
    /// Id or name of a database host; the roomiest other one if left out.
    db_host: Option<String>,
}

/// Moves the tenant's data to another database host, with a short pause for writers.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/move", tag = "tenants",
    request_body(content = Option<MoveBody>),
    params(("tenant" = String, Path, description = "id or slug"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 202, body = Answer<Progress>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`OPERATION_IN_PROGRESS` with \
        `details.operation`, `TRANSITION_REFUSED` or `DB_HOST_NOT_ACTIVE`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn move_tenant(
    app: Data<App>,
    vendor: Vendor,
    name: Path<TenantRef>,
    body: OptionalJsonBody<MoveBody>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.write")?;
    let JsonBody { value: MoveBody { db_host }, repeat } = body.0;
    once(&app, (&vendor, &repeat), StatusCode::ACCEPTED, async |tx| {
        request_move(tx, &vendor, &name, db_host.as_deref()).await
    })
    .await
}

/// Asks for a move to this host, or to the roomiest other one.
///
/// # Errors
/// Refuses what is not possible now.
pub(crate) async fn request_move(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    name: &TenantRef,
    db_host: Option<&str>,
) -> ApiResult<Progress> {
    let tenant = find_for_update(tx, name).await?;
    standing(&tenant, false).after(Action::Move)?;
    let target = match db_host {
        Some(host) => Some(find_target(tx, tenant.id, host).await?),
        None => None,
    };
    let wish = json!({ "db_host_id": target });
    request(tx, (vendor, tenant.id), (Kind::Move, wish)).await
}

async fn find_target(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    host: &str,
) -> ApiResult<DbHostId> {
    let found = db_hosts::find_named(tx, host).await.map_err(database_failed)?;
    let host =
        found.ok_or_else(|| ApiError::invalid("db_host", "there is no such database host"))?;
    if host.state != HostState::Active {
        return Err(ApiError::refused(
            StatusCode::CONFLICT,
            "DB_HOST_NOT_ACTIVE",
            format!("the database host is `{}` and takes nobody in", host.state),
        ));
    }
    let placement = store::find_placement(tx, tenant).await.map_err(database_failed)?;
    if placement.is_some_and(|it| it.db_host_id == host.id.as_uuid()) {
        return Err(ApiError::invalid("db_host", "holds the tenant already"));
    }
    Ok(host.id)
}

pub(crate) async fn request(
    tx: &DatabaseTransaction,
    (vendor, tenant): (&Vendor, TenantId),
    (kind, wish): (Kind, serde_json::Value),
) -> ApiResult<Progress> {
    let mut event = match kind {
        Kind::Move => Event::of("tenant.move"),
        Kind::Backup => Event::of("tenant.export"),
        Kind::Restore => Event::of("tenant.restore"),
        Kind::Create | Kind::Delete => Event::of("tenant.delete"),
    };
    event = event.on_tenant(tenant).with("wish", wish.clone());
    let id = OperationId::generate();
    let wanted = NewOperation { id, tenant, kind, wish, requested_by: Some(vendor.user) };
    let operation = operations::insert(tx, wanted).await?;
    tracing::info!(
        tenant.id = %tenant, operation.id = %operation, vendor_user.id = %vendor.user,
        kind = kind.as_str(), "asked for an operation"
    );
    let written = operations::find(tx, operation).await.map_err(database_failed)?;
    let missing = || ApiError::internal("the operation just written is not there");
    let written = written.ok_or_else(missing)?;
    audit::record(tx, vendor, event.with("operation", operation.to_string())).await?;
    Ok(written)
}
