//! `/upcall/v1/jobs` on a hotel's host: the vendor sees the hotel's jobs and steers them, through
//! the control plane.
//!
//! The control plane shows the secret that it shares with every replica. What it reaches here is the
//! hotel of the host and nothing else, and of that its jobs, whose errors and ids alone it is shown.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::StatusCode,
    web::{Data, Path, Query, ServiceConfig},
};
use hotelhub_core::{ids::JobId, keys::equal_secrets};
use hotelhub_http::{
    answer::Answer,
    auth::bearer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult},
};
use hotelhub_tenancy::db::TenantTransaction;
use secrecy::ExposeSecret;
use serde::Serialize;

use super::{
    routes::{
        JobBody, JobsQuery, NothingBody, RetryJobsBody, answer_page, answer_summary, retry_matching,
    },
    stores,
};
use crate::{
    app::App,
    site::{Site, database_failed},
};

/// Who of the vendor's people asks.
const ACTOR: &str = "x-actor";

/// Adds the routes.
pub(super) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/upcall/v1/jobs").get(list).register(app);
    Endpoint::at("/upcall/v1/jobs/summary").get(summarize).register(app);
    Endpoint::at("/upcall/v1/jobs/retry").post(retry_matching_jobs).register(app);
    Endpoint::at("/upcall/v1/jobs/{job_id}/retry").post(retry).register(app);
    Endpoint::at("/upcall/v1/jobs/{job_id}/cancel").post(cancel).register(app);
}

/// The vendor, at a hotel.
pub(crate) struct Vendor {
    site: Site,
    actor: String,
}

impl FromRequest for Vendor {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(req))
    }
}

impl Vendor {
    fn of(req: &HttpRequest) -> ApiResult<Self> {
        let app = req.app_data::<Data<App>>().ok_or_else(|| ApiError::internal("no app data"))?;
        let token = bearer(req).unwrap_or_default();
        if !equal_secrets(token, app.upcall_token.expose_secret()) {
            return Err(ApiError::unauthenticated());
        }
        let site = Site::of(req)?;
        site.require_schema(6)?;
        let actor = req.headers().get(ACTOR).and_then(|it| it.to_str().ok()).unwrap_or("vendor");
        Ok(Self { site, actor: actor.chars().take(200).collect() })
    }

    /// The hotel, if it has been migrated to what support access needs.
    pub(crate) fn site(&self) -> ApiResult<&Site> {
        self.site.require_schema(8)?;
        Ok(&self.site)
    }

    /// Looks, or changes something, in one transaction.
    pub(crate) async fn transact<T>(
        &self,
        work: impl AsyncFn(&TenantTransaction<'_>) -> ApiResult<T>,
    ) -> ApiResult<T> {
        let done = self.site.within_deadline(async |connection| {
            let tx = connection.transaction().await.map_err(database_failed)?;
            let done = work(&tx).await?;
            tx.commit().await.map_err(database_failed)?;
            Ok(done)
        });
        done.await
    }

    /// Changes something, and sends the tickets of what is ready now.
    async fn change<T: Serialize>(
        &self,
        work: impl AsyncFn(&TenantTransaction<'_>) -> ApiResult<T>,
    ) -> ApiResult<HttpResponse> {
        let done = self.transact(work).await?;
        self.site.app.relay.nudge(self.site.db.clone());
        Ok(Answer::new(done).with_status(StatusCode::OK))
    }
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
    vendor.change(work).await
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
    vendor.change(work).await
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

async fn show(tx: &TenantTransaction<'_>, id: JobId) -> ApiResult<JobBody> {
    let found = stores::find(tx, id).await.map_err(database_failed)?;
    found.map(JobBody::from).ok_or_else(|| ApiError::not_found("job"))
}
