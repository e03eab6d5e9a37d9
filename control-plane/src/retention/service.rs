//! Holding a deletion back, and letting it take its course.

use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use hotelhub_core::ids::TenantId;
use hotelhub_http::error::{ApiError, ApiResult};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};

use super::{KEPT, NOTICE, ON_ITS_WAY, UntoldOwner, stores::plans as store};
use crate::{
    audit::{self, Event},
    database::database_failed,
    operations::{self, Kind, State},
    tenants::{
        Tenant, TenantRef,
        body::{TenantDetailsBody, details},
        life_cycle::Action,
        life_routes::{find_for_update, standing},
    },
    vendor_users::Vendor,
};

/// Holds the deletion of a churned tenant back, whoever wants it.
///
/// # Errors
/// Refuses what has not churned, and what is being deleted already.
pub(crate) async fn hold(
    tx: &DatabaseTransaction,
    (vendor, at): (&Vendor, DateTime<Utc>),
    name: &TenantRef,
    reason: &str,
) -> ApiResult<TenantDetailsBody> {
    let tenant = find_churned(tx, name).await?;
    let newest = operations::find_latest(tx, tenant.id).await.map_err(database_failed)?;
    let is_deleted =
        newest.filter(|it| it.kind == Kind::Delete.as_str() && it.state != State::Undone);
    if let Some(operation) = is_deleted {
        let message = "the tenant is being deleted already; wait for the end of it";
        let refusal = ApiError::refused(StatusCode::CONFLICT, "OPERATION_IN_PROGRESS", message);
        return Err(refusal.with_detail("operation", operation.id.to_string()));
    }
    store::hold(tx, tenant.id, (reason, vendor.user, at)).await.map_err(database_failed)?;
    let event = Event::of("tenant.hold_deletion").on_tenant(tenant.id).with("reason", reason);
    tell(tx, vendor, (tenant, event)).await
}

/// Lets the deletion of a tenant take its course. The owner is told anew, two weeks before.
///
/// # Errors
/// Refuses what nobody holds back.
pub(crate) async fn release(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    name: &TenantRef,
    reason: &str,
) -> ApiResult<TenantDetailsBody> {
    let tenant = find_churned(tx, name).await?;
    if !store::release(tx, tenant.id).await.map_err(database_failed)? {
        let message = "nobody holds the deletion of this tenant back";
        return Err(ApiError::refused(StatusCode::CONFLICT, "DELETION_NOT_HELD", message));
    }
    let event = Event::of("tenant.release_deletion").on_tenant(tenant.id).with("reason", reason);
    tell(tx, vendor, (tenant, event)).await
}

/// Refuses the deletion of a tenant that is held back.
///
/// # Errors
/// 409 with the reason.
pub(crate) async fn require_not_held(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> ApiResult<()> {
    // Since when it is kept makes no difference to a hold.
    let retention = store::find(db, tenant, now).await.map_err(database_failed)?;
    let Some(hold) = retention.hold else { return Ok(()) };
    let message = "the deletion of this tenant is held back; release it first";
    let refusal = ApiError::refused(StatusCode::CONFLICT, "DELETION_HELD", message);
    Err(refusal.with_detail("reason", hold.reason))
}

/// At most `limit` owners who should know by `now` that their data is to be deleted, and do not.
///
/// # Errors
/// Fails if the database does.
pub(crate) async fn list_untold(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<UntoldOwner>, DbErr> {
    store::list_untold(db, now - (KEPT - NOTICE) - ON_ITS_WAY, limit).await
}

async fn tell(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    (tenant, event): (Tenant, Event),
) -> ApiResult<TenantDetailsBody> {
    let id = tenant.id;
    let answer = details(tx, tenant).await?;
    tracing::info!(
        tenant.id = %id, vendor_user.id = %vendor.user, "changed whether a tenant's data is deleted"
    );
    audit::record(tx, vendor, event).await?;
    Ok(answer)
}

async fn find_churned(tx: &DatabaseTransaction, name: &TenantRef) -> ApiResult<Tenant> {
    let tenant = find_for_update(tx, name).await?;
    standing(&tenant, false).after(Action::Delete)?;
    Ok(tenant)
}
