//! What is done with pauses, by API or by page.

use hotelhub_core::ids::JobPauseId;
use hotelhub_http::error::{ApiError, ApiResult};
use hotelhub_jobs::class::Class;
use sea_orm::DatabaseTransaction;

use super::{
    model::{Filter, JobPause, NewJobPause, PauseJobsBody, Place},
    store,
};
use crate::{
    app::App,
    audit::{self, Event},
    database::database_failed,
    paging,
    tenants::{TenantRef, find_meant},
    vendor_users::Vendor,
};

const OF_A_TENANT: &str = "jobs.write";
const OF_ALL: &str = "jobs.write_all";

/// Which pauses, and which page of them.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) tenant: Option<TenantRef>,
    pub(crate) class: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) cursor: Option<String>,
    pub(crate) limit: Option<u64>,
}

/// One page of the pauses that stand, the newest first, and the cursor to the next.
pub(crate) async fn list(app: &App, wanted: Wanted) -> ApiResult<(Vec<JobPause>, Option<String>)> {
    let limit = paging::limit(wanted.limit)?;
    let after: Option<Place> = paging::read_cursor(wanted.cursor.as_deref())?;
    let class: Option<Class> = paging::parsed("class", wanted.class.as_deref())?;
    let tenant = find_meant(&app.db, wanted.tenant.as_ref()).await?;
    let filter = Filter { tenant, class, kind: wanted.kind };
    let mut found =
        store::list_open(&app.db, &filter, after, limit + 1).await.map_err(database_failed)?;
    let cursor = paging::cut(&mut found, limit, JobPause::place)?;
    Ok((found, cursor))
}

/// Holds jobs back.
///
/// # Errors
/// `JOBS_ALREADY_PAUSED` if the very same are; refuses a body that names nothing, and whoever may not.
pub(crate) async fn pause(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    body: &PauseJobsBody,
) -> ApiResult<JobPause> {
    require(vendor, body.tenant.is_some())?;
    let jobs = body.check()?;
    let tenant = find_meant(tx, body.tenant.as_ref()).await?;
    let new = NewJobPause { tenant, jobs, created_by: vendor.user };
    let id = store::insert(tx, new).await?;
    tracing::info!(job_pause.id = %id, vendor_user.id = %vendor.user, "paused jobs");
    let paused = shown(tx, id).await?;
    audit::record(tx, vendor, event("job_pause.create", &paused)).await?;
    Ok(paused)
}

/// Lifts a pause.
///
/// # Errors
/// 404 if none of this id stands; refuses whoever may not.
pub(crate) async fn resume(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    id: JobPauseId,
) -> ApiResult<JobPause> {
    vendor.require(OF_A_TENANT)?;
    let found = store::find_open_for_update(tx, id).await.map_err(database_failed)?;
    let found = found.ok_or_else(unknown)?;
    require(vendor, found.tenant_id.is_some())?;
    store::lift(tx, id, vendor.user).await.map_err(database_failed)?;
    tracing::info!(job_pause.id = %id, vendor_user.id = %vendor.user, "resumed jobs");
    let lifted = shown(tx, id).await?;
    audit::record(tx, vendor, event("job_pause.lift", &lifted)).await?;
    Ok(lifted)
}

/// Whether the person may hold back, or let go, jobs of one tenant, or those of all.
pub(crate) fn may(vendor: &Vendor, is_of_a_tenant: bool) -> bool {
    vendor.may(permission(is_of_a_tenant))
}

const fn permission(is_of_a_tenant: bool) -> &'static str {
    if is_of_a_tenant { OF_A_TENANT } else { OF_ALL }
}

/// Refuses whoever may not.
pub(crate) fn require(vendor: &Vendor, is_of_a_tenant: bool) -> ApiResult<()> {
    vendor.require(permission(is_of_a_tenant))
}

fn event(action: &'static str, pause: &JobPause) -> Event {
    let event = Event::of(action).on("job_pause", pause.id);
    let event = event.of_tenant(pause.tenant_id.map(Into::into)).with("reason", &*pause.reason);
    event.with("class", pause.class.clone()).with("kind", pause.kind.clone())
}

async fn shown(tx: &DatabaseTransaction, id: JobPauseId) -> ApiResult<JobPause> {
    let found = store::find(tx, id).await.map_err(database_failed)?;
    found.ok_or_else(unknown)
}

fn unknown() -> ApiError {
    ApiError::not_found("job pause")
}
