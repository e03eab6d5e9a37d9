//! `/api/v1/jobs`: where in the fleet jobs are dead, held or failing.

use actix_web::{
    HttpResponse,
    web::{Data, Query, ServiceConfig},
};
use hotelhub_http::{
    answer::Answer,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    model::{Filter, JobHeap, JobStats, Order, Place, STATES},
    store,
};
use crate::{
    app::App,
    database::database_failed,
    paging,
    tenants::{TenantRef, find_meant},
    vendor_users::Vendor,
};

/// A hundred years, in seconds.
const OLDEST: i64 = 3_155_760_000;

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/jobs").get(list_job_heaps).register(app);
    Endpoint::at("/api/v1/jobs/stats").get(count_jobs).register(app);
}

/// Which heaps to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HeapsQuery {
    /// `dead`, `held` or `retrying`.
    pub(crate) state: Option<String>,
    pub(crate) kind: Option<String>,
    /// The outside system that they call.
    pub(crate) peer: Option<String>,
    /// The code of the last error.
    pub(crate) error: Option<String>,
    /// Slug or id.
    #[param(value_type = Option<String>)]
    pub(crate) tenant: Option<TenantRef>,
    /// With some that were written at least so many seconds ago.
    pub(crate) older_than_seconds: Option<i64>,
    /// What comes first: `largest`, if left out, or `oldest`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    pub(crate) order: Order,
    /// Where the last page ended: its `meta.next_cursor`.
    pub(crate) cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    pub(crate) limit: Option<u64>,
}

impl HeapsQuery {
    /// At most `limit` heaps of one hotel.
    pub(crate) fn of_tenant(tenant: TenantRef, limit: u64) -> Self {
        Self {
            state: None,
            kind: None,
            peer: None,
            error: None,
            tenant: Some(tenant),
            older_than_seconds: None,
            order: Order::default(),
            cursor: None,
            limit: Some(limit),
        }
    }
}

/// Lists what the workers of all hotels last counted of jobs that are dead, held or failing.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(HeapsQuery), responses(
    (status = 200, body = Answer<Vec<JobHeap>>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn list_job_heaps(
    app: Data<App>,
    vendor: Vendor,
    query: Query<HeapsQuery>,
) -> ApiResult<HttpResponse> {
    let (found, cursor) = list_heaps(&app, &vendor, query.into_inner()).await?;
    Ok(Answer::page(found, cursor, None).ok())
}

/// One page of heaps, and the cursor to the next.
pub(crate) async fn list_heaps(
    app: &App,
    vendor: &Vendor,
    query: HeapsQuery,
) -> ApiResult<(Vec<JobHeap>, Option<String>)> {
    vendor.require("jobs.read")?;
    let HeapsQuery { state, kind, peer, error, tenant, older_than_seconds, order, cursor, limit } =
        query;
    let limit = paging::limit(limit)?;
    let after: Option<Place> = paging::read_cursor(cursor.as_deref())?;
    if after.is_some_and(|it| !it.is_of(order)) {
        return Err(ApiError::invalid("cursor", "belongs to another `order`"));
    }
    if state.as_deref().is_some_and(|it| !STATES.contains(&it)) {
        let why = format!("needs to be one of {}", STATES.join(", "));
        return Err(ApiError::invalid("state", why));
    }
    let tenant = find_meant(&app.db, tenant.as_ref()).await?;
    let older_than = read_age(older_than_seconds)?;
    let filter = Filter { state, kind, peer, error, tenant, older_than };
    let mut found =
        store::list(&app.db, &filter, (order, after), limit + 1).await.map_err(database_failed)?;
    let cursor = paging::cut(&mut found, limit, |it: &JobHeap| it.place(order))?;
    Ok((found, cursor))
}

/// Counts what the workers of all hotels last counted, by kind and state.
#[utoipa::path(get, path = "/api/v1/jobs/stats", tag = "jobs", responses(
    (status = 200, body = Answer<Vec<JobStats>>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn count_jobs(app: Data<App>, vendor: Vendor) -> ApiResult<HttpResponse> {
    Ok(Answer::new(count_heaps(&app, &vendor).await?).ok())
}

/// What the workers of all hotels last counted, by kind and state.
pub(crate) async fn count_heaps(app: &App, vendor: &Vendor) -> ApiResult<Vec<JobStats>> {
    vendor.require("jobs.read")?;
    store::count(&app.db).await.map_err(database_failed)
}

/// An age in seconds. A hundred years are more than any job has.
pub(super) fn read_age(seconds: Option<i64>) -> ApiResult<Option<i64>> {
    match seconds {
        Some(it) if !(0..=OLDEST).contains(&it) => {
            Err(ApiError::invalid("older_than_seconds", format!("needs to be 0 to {OLDEST}")))
        }
        age => Ok(age),
    }
}
