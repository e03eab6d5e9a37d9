//! Asking for an export: one at a time, and a few a day.

use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use hotelhub_core::ids::TenantId;
use hotelhub_http::error::{ApiError, ApiResult};
use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::{
    model::{A_DAY, Asked, Export},
    store,
};
use crate::{
    audit::{self, Actor, Event},
    database::database_failed,
    operations::{self, Kind, NewOperation},
    tenants::{
        TenantRef,
        life_cycle::Action,
        life_routes::{find_for_update, standing},
    },
};

/// Asks for an export; what was asked for before under the same id is found instead.
///
/// # Errors
/// 404 if there is no such tenant; refuses what is not possible now, and one more than `A_DAY`.
pub(super) async fn ask(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    Asked { id, by }: Asked,
    now: DateTime<Utc>,
) -> ApiResult<Export> {
    // Held until the end, so that of two who ask at once the second sees the first.
    let found = find_for_update(tx, &TenantRef::Id(tenant)).await?;
    if let Some(asked) = store::find(tx, tenant, id).await.map_err(database_failed)? {
        return Ok(asked);
    }
    standing(&found, false).after(Action::BackUp)?;
    let day = store::count_last_day(tx, tenant).await.map_err(database_failed)?;
    if day.count >= A_DAY {
        let message = format!("a hotel may ask for {A_DAY} exports within a day");
        let seconds = u32::try_from(day.seconds_left.max(1)).unwrap_or(u32::MAX);
        let refusal = ApiError::refused(StatusCode::TOO_MANY_REQUESTS, "EXPORT_LIMIT", message);
        return Err(refusal.retry_after(seconds));
    }
    let wish = json!({ "hotel_user": by });
    let wanted = NewOperation { id, tenant, kind: Kind::Backup, wish, requested_by: None };
    operations::insert(tx, wanted).await?;
    let asked = store::find(tx, tenant, id).await.map_err(database_failed)?;
    let asked =
        asked.ok_or_else(|| ApiError::internal("the export just asked for is not there"))?;
    let event = Event::of("tenant.export").on_tenant(tenant);
    let event = event.with("operation", id.to_string()).with("hotel_user", by.to_string());
    audit::record(tx, Actor::system("the hotel's owner", now), event).await?;
    Ok(asked)
}
