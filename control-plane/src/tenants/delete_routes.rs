//! `DELETE /api/v1/tenants/{tenant}`: the end of a tenant's data, in its time or for a reason.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use chrono::{DateTime, Utc};
use hotelhub_http::{
    answer::Answer,
    body::{JsonBody, OptionalJsonBody},
    error::{ApiError, ApiResult, ErrorBody},
};
use sea_orm::DatabaseTransaction;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    Tenant, TenantRef,
    life_cycle::Action,
    life_routes::{find_for_update, standing},
    operation_routes::request,
};
use crate::{
    app::App,
    idempotency::once,
    operations::{Kind, Progress},
    retention::{KEPT, require_not_held},
    vendor_users::Vendor,
};

/// What is said of a deletion.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DeleteBody {
    /// Why the data goes before its time, e.g. because the hotel asks for it.
    waive_retention: Option<String>,
    /// Whether no last backup is kept for 30 days either.
    #[schema(default = false)]
    without_final_backup: bool,
}

/// Removes the data of a churned tenant for good, and lets its names go: for 30 days nobody else can
/// have them.
///
/// Data is kept for 90 days after the end of the relation, unless a reason is given. What was
/// destroyed stays on record as proof.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}", tag = "tenants",
    params(("tenant" = String, Path, description = "id or slug"),
           ("Idempotency-Key" = Option<String>, Header)),
    request_body(content = Option<DeleteBody>), responses(
    (status = 202, body = Answer<Progress>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TENANT_NOT_CHURNED`, `RETENTION_NOT_OVER` \
        with `details.kept_until`, `DELETION_HELD`, `OPERATION_IN_PROGRESS` with `details.operation`, or \
        `TRANSITION_REFUSED`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn delete_tenant(
    app: Data<App>,
    vendor: Vendor,
    name: Path<TenantRef>,
    body: OptionalJsonBody<DeleteBody>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.end")?;
    let JsonBody { value: DeleteBody { waive_retention, without_final_backup }, repeat } = body.0;
    let waiver = waive_retention.as_deref().map(checked_waiver).transpose()?;
    let wanted = Deletion { waiver, without_final_backup, now: app.clock.now() };
    once(&app, (&vendor, &repeat), StatusCode::ACCEPTED, async |tx| {
        request_deletion(tx, &vendor, &name, wanted).await
    })
    .await
}

/// A deletion that was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deletion<'a> {
    /// Why the data goes before its time.
    pub(crate) waiver: Option<&'a str>,
    pub(crate) without_final_backup: bool,
    pub(crate) now: DateTime<Utc>,
}

/// Asks for the end of a churned tenant.
///
/// # Errors
/// Refuses what is not possible now, and what is too early without a reason.
pub(crate) async fn request_deletion(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    name: &TenantRef,
    Deletion { waiver, without_final_backup, now }: Deletion<'_>,
) -> ApiResult<Progress> {
    let tenant = find_for_update(tx, name).await?;
    standing(&tenant, false).after(Action::Delete)?;
    require_not_held(tx, tenant.id, now).await?;
    if waiver.is_none() {
        require_retention_over(&tenant, now)?;
    }
    let wish = json!({ "final_backup": !without_final_backup, "waive_retention": waiver });
    request(tx, (vendor, tenant.id), (Kind::Delete, wish)).await
}

/// Why the data goes before its time, as it was typed.
///
/// # Errors
/// Refuses what is no sentence.
pub(crate) fn checked_waiver(reason: &str) -> ApiResult<&str> {
    let reason = reason.trim();
    if (1..=500).contains(&reason.chars().count()) {
        return Ok(reason);
    }
    Err(ApiError::invalid("waive_retention", "needs a reason of 1 to 500 characters"))
}

fn require_retention_over(tenant: &Tenant, now: DateTime<Utc>) -> ApiResult<()> {
    let kept_until = tenant.churned_at.unwrap_or(now) + KEPT;
    if kept_until <= now {
        return Ok(());
    }
    let message = format!(
        "the data is kept for {} days after the end of the relation; to delete it before, \
         say why in `waive_retention`",
        KEPT.num_days()
    );
    Err(ApiError::refused(StatusCode::CONFLICT, "RETENTION_NOT_OVER", message)
        .with_detail("kept_until", kept_until.to_rfc3339()))
}
