//! `/api/v1/job-pauses`: jobs are held back, and let go again.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query, ServiceConfig},
};
use hotelhub_core::ids::JobPauseId;
use hotelhub_http::{
    answer::Answer,
    body::{JsonBody, NoBody},
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    model::{JobPause, PauseJobsBody},
    service::{self, Wanted},
    store::InsertJobPauseError,
};
use crate::{
    app::App, database::database_failed, idempotency::once, tenants::TenantRef,
    vendor_users::Vendor,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/job-pauses").get(list_job_pauses).post(pause_jobs).register(app);
    Endpoint::at("/api/v1/job-pauses/{id}").delete(resume_jobs).register(app);
}

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Slug or id.
    #[param(value_type = Option<String>)]
    tenant: Option<TenantRef>,
    class: Option<String>,
    kind: Option<String>,
    /// Where the last page ended: its `meta.next_cursor`.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    limit: Option<u64>,
}

/// Lists the pauses that stand, the newest first.
#[utoipa::path(get, path = "/api/v1/job-pauses", tag = "jobs", params(ListQuery), responses(
    (status = 200, body = Answer<Vec<JobPause>>),
    (status = 401, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn list_job_pauses(
    app: Data<App>,
    vendor: Vendor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("jobs.read")?;
    let ListQuery { tenant, class, kind, cursor, limit } = query.into_inner();
    let wanted = Wanted { tenant, class, kind, cursor, limit };
    let (found, cursor) = service::list(&app, wanted).await?;
    Ok(Answer::page(found, cursor, None).ok())
}

/// Holds jobs back until the pause is lifted: of a tenant, of a class, of a kind, or what is all
/// that is said. Those that run are finished. Who is no super administrator names a tenant.
#[utoipa::path(post, path = "/api/v1/job-pauses", tag = "jobs", request_body = PauseJobsBody,
    params(("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 201, body = Answer<JobPause>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 409, body = ErrorBody, description =
        "`JOBS_ALREADY_PAUSED` with `details.job_pause`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn pause_jobs(
    app: Data<App>,
    vendor: Vendor,
    body: JsonBody<PauseJobsBody>,
) -> ApiResult<HttpResponse> {
    let JsonBody { value: body, repeat } = body;
    service::require(&vendor, body.tenant.is_some())?;
    once(&app, (&vendor, &repeat), StatusCode::CREATED, async |tx| {
        service::pause(tx, &vendor, &body).await
    })
    .await
}

/// Lifts a pause: what it held back goes on, unless another one holds it too.
#[utoipa::path(delete, path = "/api/v1/job-pauses/{id}", tag = "jobs",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<JobPause>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody, description = "there is none, or it was lifted"),
), security(("vendor" = [])))]
pub(crate) async fn resume_jobs(
    app: Data<App>,
    vendor: Vendor,
    id: Path<JobPauseId>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    service::require(&vendor, true)?;
    once(&app, (&vendor, &body.0), StatusCode::OK, async |tx| {
        service::resume(tx, &vendor, *id).await
    })
    .await
}

impl From<InsertJobPauseError> for ApiError {
    fn from(error: InsertJobPauseError) -> Self {
        match error {
            InsertJobPauseError::AlreadyPaused(open) => Self::refused(
                StatusCode::CONFLICT,
                "JOBS_ALREADY_PAUSED",
                "a pause of the same jobs stands already",
            )
            .with_detail("job_pause", open.to_string()),
            InsertJobPauseError::Database(error) => database_failed(error),
        }
    }
}
