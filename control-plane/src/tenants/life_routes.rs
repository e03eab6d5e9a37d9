//! `/api/v1/tenants/{tenant}/…`: what the vendor's people do to a tenant's status and access.
//!
//! Each action locks the tenant first, so of two at once the second sees what the first made.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, ServiceConfig},
};
use chrono::{DateTime, Utc};
use hotelhub_core::life::{Access, Status};
use hotelhub_http::{
    answer::Answer,
    body::{JsonBody, NoBody, OptionalJsonBody, Repeat},
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use sea_orm::DatabaseTransaction;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    Tenant, TenantRef,
    body::{TenantDetailsBody, details},
    life_cycle::{Action, RefusedAction, Reminder, Standing, Suspension},
    model::LifeChange,
    store,
};
use crate::{
    app::App,
    audit::{self, Event},
    database::database_failed,
    idempotency::once,
    subscriptions,
    vendor_users::Vendor,
};

/// A reason is a sentence, not a file.
const LONGEST_REASON: usize = 500;

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/tenants/{tenant}/suspend").post(suspend_tenant).register(app);
    Endpoint::at("/api/v1/tenants/{tenant}/resume").post(resume_tenant).register(app);
    Endpoint::at("/api/v1/tenants/{tenant}/activate").post(activate_tenant).register(app);
    Endpoint::at("/api/v1/tenants/{tenant}/access").post(remind_tenant).register(app);
    Endpoint::at("/api/v1/tenants/{tenant}/churn").post(churn_tenant).register(app);
}

/// Why a tenant is suspended, and what it is left with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuspendBody {
    /// For the hotel's owner to read.
    reason: String,
    /// `essential` (what guests in the house need; if left out) or `stopped`.
    access: Option<String>,
}

/// Why a suspension ends.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ResumeBody {
    reason: Option<String>,
}

/// Whether a tenant is reminded to pay, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessBody {
    /// `full` or `grace`.
    access: String,
    reason: String,
}

/// Why the relation ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChurnBody {
    reason: String,
}

/// Suspends a tenant: no new business from now on.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/suspend", tag = "tenants",
    request_body = SuspendBody,
    params(("tenant" = String, Path, description = "id or slug"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<TenantDetailsBody>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TRANSITION_REFUSED`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn suspend_tenant(
    app: Data<App>,
    vendor: Vendor,
    tenant: Path<TenantRef>,
    body: JsonBody<SuspendBody>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.write")?;
    let access = match body.value.access.as_deref() {
        None | Some("essential") => Suspension::Essential,
        Some("stopped") => Suspension::Stopped,
        Some(_) => return Err(ApiError::invalid("access", "needs to be `essential` or `stopped`")),
    };
    let reason = checked_reason(&body.value.reason)?;
    change(&app, (&vendor, &body.repeat), &tenant, (Action::Suspend(access), reason)).await
}

/// Takes a suspension back. Who never paid is a trial again, as long as its time is not over.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/resume", tag = "tenants",
    request_body(content = Option<ResumeBody>),
    params(("tenant" = String, Path, description = "id or slug"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<TenantDetailsBody>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TRANSITION_REFUSED`"),
), security(("vendor" = [])))]
pub(crate) async fn resume_tenant(
    app: Data<App>,
    vendor: Vendor,
    tenant: Path<TenantRef>,
    body: OptionalJsonBody<ResumeBody>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.write")?;
    let JsonBody { value, repeat } = body.0;
    let reason = value.reason.as_deref().map(checked_reason).transpose()?.unwrap_or_default();
    change(&app, (&vendor, &repeat), &tenant, (Action::Resume, reason)).await
}

/// Makes a customer of a trial.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/activate", tag = "tenants",
    params(("tenant" = String, Path, description = "id or slug"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<TenantDetailsBody>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TRANSITION_REFUSED`"),
), security(("vendor" = [])))]
pub(crate) async fn activate_tenant(
    app: Data<App>,
    vendor: Vendor,
    tenant: Path<TenantRef>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.write")?;
    change(&app, (&vendor, &body.0), &tenant, (Action::Activate, "")).await
}

/// Reminds a tenant in use to pay (`grace`), or stops reminding it (`full`).
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/access", tag = "tenants",
    request_body = AccessBody,
    params(("tenant" = String, Path, description = "id or slug"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<TenantDetailsBody>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TRANSITION_REFUSED`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn remind_tenant(
    app: Data<App>,
    vendor: Vendor,
    tenant: Path<TenantRef>,
    body: JsonBody<AccessBody>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.write")?;
    let reminder = match body.value.access.as_str() {
        "full" => Reminder::Off,
        "grace" => Reminder::On,
        _ => return Err(ApiError::invalid("access", "needs to be `full` or `grace`")),
    };
    let reason = checked_reason(&body.value.reason)?;
    change(&app, (&vendor, &body.repeat), &tenant, (Action::Remind(reminder), reason)).await
}

/// Ends the relation: the tenant's owner gets what is theirs, and nobody else gets in.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/churn", tag = "tenants",
    request_body = ChurnBody,
    params(("tenant" = String, Path, description = "id or slug"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<TenantDetailsBody>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TRANSITION_REFUSED`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn churn_tenant(
    app: Data<App>,
    vendor: Vendor,
    tenant: Path<TenantRef>,
    body: JsonBody<ChurnBody>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.end")?;
    let reason = checked_reason(&body.value.reason)?;
    change(&app, (&vendor, &body.repeat), &tenant, (Action::Churn, reason)).await
}

async fn change(
    app: &App,
    by: (&Vendor, &Repeat),
    name: &TenantRef,
    (action, reason): (Action, &str),
) -> ApiResult<HttpResponse> {
    let (vendor, _) = by;
    once(app, by, StatusCode::OK, async |tx| {
        change_in(tx, (vendor, app.clock.now()), name, (action, reason)).await
    })
    .await
}

/// Changes where a tenant stands, as one of the vendor's people wants.
///
/// # Errors
/// Refuses what is not possible from where it stands, and changes nothing then.
pub(crate) async fn change_in(
    tx: &DatabaseTransaction,
    (vendor, at): (&Vendor, DateTime<Utc>),
    name: &TenantRef,
    (action, reason): (Action, &str),
) -> ApiResult<TenantDetailsBody> {
    let tenant = find_for_update(tx, name).await?;
    let is_trialing = subscriptions::is_trialing(tx, tenant.id).await.map_err(database_failed)?;
    let is_trial_left = is_trialing && tenant.trial_ends_at.is_some_and(|end| end > at);
    let (status, access) = standing(&tenant, is_trial_left).after(action)?;
    let is_over = status == Status::Churned;
    let churned_at = is_over.then(|| tenant.churned_at.unwrap_or(at));
    let change = LifeChange { status, access, reason, churned_at, at };
    let changed = store::update_life(tx, tenant.id, change).await.map_err(database_failed)?;
    subscriptions::follow(tx, tenant.id, status).await.map_err(database_failed)?;
    tracing::info!(
        tenant.id = %tenant.id, vendor_user.id = %vendor.user, ?action,
        %status, %access, "changed where a tenant stands"
    );
    let answer = details(tx, changed).await?;
    let event = Event::of(named(action)).on_tenant(tenant.id).with("reason", reason);
    let event = event.with("before", stands(tenant.status, tenant.access));
    audit::record(tx, vendor, event.with("after", stands(status, access))).await?;
    Ok(answer)
}

/// What the audit log calls it.
const fn named(action: Action) -> &'static str {
    match action {
        Action::Suspend(_) => "tenant.suspend",
        Action::Resume => "tenant.resume",
        Action::Activate => "tenant.activate",
        Action::Remind(_) => "tenant.access",
        Action::Churn => "tenant.churn",
        Action::Move => "tenant.move",
        Action::BackUp => "tenant.export",
        Action::Restore => "tenant.restore",
        Action::Delete => "tenant.delete",
    }
}

fn stands(status: Status, access: Access) -> serde_json::Value {
    json!({ "status": status.as_str(), "access": access.as_str() })
}

/// The tenant of an action, held until the transaction ends.
pub(crate) async fn find_for_update(
    tx: &DatabaseTransaction,
    name: &TenantRef,
) -> ApiResult<Tenant> {
    let found = store::find_named_for_update(tx, name).await.map_err(database_failed)?;
    found.ok_or_else(|| ApiError::not_found("tenant"))
}

/// Where a tenant stands.
pub(crate) const fn standing(tenant: &Tenant, is_trial_left: bool) -> Standing {
    let Tenant { status, provisioning, access, .. } = *tenant;
    Standing { status, provisioning, access, is_trial_left }
}

/// A reason as it is stored.
///
/// # Errors
/// Refuses one that says nothing, or is no sentence any more.
pub(crate) fn checked_reason(reason: &str) -> ApiResult<&str> {
    let reason = reason.trim();
    if (1..=LONGEST_REASON).contains(&reason.chars().count()) {
        return Ok(reason);
    }
    Err(ApiError::invalid("reason", format!("needs 1 to {LONGEST_REASON} characters")))
}

impl From<RefusedAction> for ApiError {
    fn from(refused: RefusedAction) -> Self {
        let code = match refused {
            RefusedAction::NotChurned(_) => "TENANT_NOT_CHURNED",
            RefusedAction::NotReady(_)
            | RefusedAction::Elsewhere { .. }
            | RefusedAction::Transition(_) => "TRANSITION_REFUSED",
        };
        Self::refused(StatusCode::CONFLICT, code, refused.to_string())
    }
}
