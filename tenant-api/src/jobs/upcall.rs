//! `/upcall/v1/jobs` on a hotel's host: the vendor sees the hotel's jobs and steers them, through
//! the control plane.
//!
//! What it is shown of the hotel are its jobs, and of those the errors and ids alone.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Path, Query, ServiceConfig},
};
use hotelhub_core::ids::JobId;
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult},
};
use hotelhub_tenancy::db::TenantTransaction;
use serde::Serialize;

use super::{
    routes::{
        JobBody, JobsQuery, NothingBody, RetryJobsBody, answer_page, answer_summary, retry_matching,
    },
    stores,
};
use crate::{site::database_failed, vendor::Vendor};

/// Adds the routes.
pub(super) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/upcall/v1/jobs").get(list).register(app);
    Endpoint::at("/upcall/v1/jobs/summary").get(summarize).register(app);
    Endpoint::at("/upcall/v1/jobs/retry").post(retry_matching_jobs).register(app);
    Endpoint::at("/upcall/v1/jobs/{job_id}/retry").post(retry).register(app);
    Endpoint::at("/upcall/v1/jobs/{job_id}/cancel").post(cancel).register(app);
}

async fn list(vendor: Vendor, query: Query<JobsQuery>) -> ApiResult<HttpResponse> {
    let (filter, before, limit) = query.into_inner().read()?;
    let found = vendor.transact(async |tx| {
        stores::list(tx, &filter, before, limit + 1).await.map_err(database_failed)
    });
    answer_page(found.await?, limit)
}

async fn summarize(vendor: Vendor) -> ApiResult<HttpResponse> {
    let found = vendor.transact(async |tx| stores::summarize(tx).await.map_err(database_failed));
    Ok(answer_summary(found.await?))
}

async fn retry(
    vendor: Vendor,
    path: Path<JobId>,
    _: JsonBody<NothingBody>,
) -> ApiResult<HttpResponse> {
    let work = async |tx: &TenantTransaction<'_>| {
        stores::retry_one(tx, *path, &vendor.actor).await?;
        show(tx, *path).await
    };
    change(&vendor, work).await
}

async fn cancel(
    vendor: Vendor,
    path: Path<JobId>,
    _: JsonBody<NothingBody>,
) -> ApiResult<HttpResponse> {
    let work = async |tx: &TenantTransaction<'_>| {
        stores::cancel(tx, *path).await?;
        show(tx, *path).await
    };
    change(&vendor, work).await
}

async fn retry_matching_jobs(
    vendor: Vendor,
    body: JsonBody<RetryJobsBody>,
) -> ApiResult<HttpResponse> {
    let (filter, per_minute, dry_run) = body.value.read()?;
    let retrying = vendor
        .transact(async |tx| retry_matching(tx, &filter, per_minute, dry_run, &vendor.actor).await);
    let done = retrying.await?;
    let (site, app) = (&vendor.site, &vendor.site.app);
    app.relay.nudge(site.db.clone());
    if let Some(it) = per_minute.filter(|_| done.retried > 1) {
        app.relay.look_again(site.db.tenant(), app.clock.now() + stores::pause_of(it));
    }
    Ok(Answer::new(done).with_status(StatusCode::OK))
}

/// Changes something, and sends the tickets of what is ready now.
async fn change<T: Serialize>(
    vendor: &Vendor,
    work: impl AsyncFn(&TenantTransaction<'_>) -> ApiResult<T>,
) -> ApiResult<HttpResponse> {
    let done = vendor.transact(work).await?;
    vendor.site.app.relay.nudge(vendor.site.db.clone());
    Ok(Answer::new(done).with_status(StatusCode::OK))
}

async fn show(tx: &TenantTransaction<'_>, id: JobId) -> ApiResult<JobBody> {
    let found = stores::find(tx, id).await.map_err(database_failed)?;
    found.map(JobBody::from).ok_or_else(|| ApiError::not_found("job"))
}
