//! `/api/v1/tenants/{tenant}/jobs`: one hotel's jobs, asked of the hotel itself.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
    web::{Data, Path, Query, ServiceConfig},
};
use hotelhub_core::{ids::JobId, life::Provisioning};
use hotelhub_http::{
    body::{JsonBody, NoBody},
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
    server::request_id,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::hotel::{Call, CallHotelError, unreachable};
use crate::{
    app::App,
    audit::{self, Event},
    database::database_failed,
    tenants::{Tenant, TenantRef, store as tenants},
    vendor_users::Vendor,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    let at = |rest| Endpoint::at(&format!("/api/v1/tenants/{{tenant}}/jobs{rest}"));
    at("").get(list_tenant_jobs).register(app);
    at("/summary").get(summarize_tenant_jobs).register(app);
    at("/retry").post(retry_tenant_jobs).register(app);
    at("/{job_id}/retry").post(retry_tenant_job).register(app);
    at("/{job_id}/cancel").post(cancel_tenant_job).register(app);
}

/// Which jobs, in the hotel's own terms.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TenantJobsQuery {
    /// `waiting`, `running`, `retrying`, `held`, `dead`, `done` or `cancelled`.
    pub(crate) state: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) peer: Option<String>,
    /// The code of the last error.
    pub(crate) error: Option<String>,
    /// Written at least so many seconds ago.
    pub(crate) older_than_seconds: Option<i64>,
    /// Where the last page ended: its `meta.next_cursor`.
    pub(crate) cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    pub(crate) limit: Option<i64>,
}

/// Which dead or cancelled jobs to try again, in the hotel's own terms.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RetryTenantJobsBody {
    /// `dead` or `cancelled`; `dead` if left out.
    pub(crate) state: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) peer: Option<String>,
    /// The code of the last error.
    pub(crate) error: Option<String>,
    /// Written at least so many seconds ago.
    pub(crate) older_than_seconds: Option<i64>,
    /// Only count.
    pub(crate) dry_run: bool,
    /// 1 to 6000; all at once if left out.
    pub(crate) per_minute: Option<i32>,
}

/// Lists a hotel's jobs, the newest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/jobs", tag = "jobs",
    params(("tenant" = String, Path, description = "id or slug"), TenantJobsQuery), responses(
    (status = 200, description = "as the hotel's own `GET /api/v1/jobs`"),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TENANT_NOT_READY`"),
    (status = 503, body = ErrorBody, description = "`TENANT_UNREACHABLE`, or the hotel's own"),
), security(("vendor" = [])))]
pub(crate) async fn list_tenant_jobs(
    app: Data<App>,
    req: HttpRequest,
    vendor: Vendor,
    name: Path<TenantRef>,
    query: Query<TenantJobsQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("jobs.read")?;
    let tenant = find_ready(&app, &name).await?;
    let call = call(&req, &vendor, &tenant);
    answer(app.hotels.get(call, "/upcall/v1/jobs", &query.into_inner()).await, &req)
}

/// Counts a hotel's jobs that are not over, and the dead ones, by kind, state, peer and error.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/jobs/summary", tag = "jobs",
    params(("tenant" = String, Path, description = "id or slug")), responses(
    (status = 200, description = "as the hotel's own `GET /api/v1/jobs/summary`"),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TENANT_NOT_READY`"),
    (status = 503, body = ErrorBody, description = "`TENANT_UNREACHABLE`, or the hotel's own"),
), security(("vendor" = [])))]
pub(crate) async fn summarize_tenant_jobs(
    app: Data<App>,
    req: HttpRequest,
    vendor: Vendor,
    name: Path<TenantRef>,
) -> ApiResult<HttpResponse> {
    vendor.require("jobs.read")?;
    let tenant = find_ready(&app, &name).await?;
    let call = call(&req, &vendor, &tenant);
    answer(app.hotels.get(call, "/upcall/v1/jobs/summary", &()).await, &req)
}

/// Has a hotel's dead or cancelled jobs tried again, or only counts them. To repeat it does no harm:
/// what is tried again is neither any more.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/jobs/retry", tag = "jobs",
    request_body = RetryTenantJobsBody,
    params(("tenant" = String, Path, description = "id or slug")), responses(
    (status = 200, description = "as the hotel's own `POST /api/v1/jobs/retry`"),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TENANT_NOT_READY`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
    (status = 503, body = ErrorBody, description = "`TENANT_UNREACHABLE`, or the hotel's own"),
), security(("vendor" = [])))]
pub(crate) async fn retry_tenant_jobs(
    app: Data<App>,
    req: HttpRequest,
    vendor: Vendor,
    name: Path<TenantRef>,
    body: JsonBody<RetryTenantJobsBody>,
) -> ApiResult<HttpResponse> {
    vendor.require("jobs.write")?;
    let tenant = find_ready(&app, &name).await?;
    answer(retry(&app, (&req, &vendor), &tenant, &body.value).await?, &req)
}

/// Has the hotel's jobs tried again, or counts them: the hotel's own answer.
pub(crate) async fn retry(
    app: &App,
    (req, vendor): (&HttpRequest, &Vendor),
    tenant: &Tenant,
    wish: &RetryTenantJobsBody,
) -> ApiResult<Result<Value, CallHotelError>> {
    if !wish.dry_run {
        let event = Event::of("jobs.retry").on_tenant(tenant.id);
        let event = event.with("jobs", serde_json::to_value(wish).map_err(ApiError::internal)?);
        audit::record_alone(&app.db, vendor, event).await?;
    }
    let done = app.hotels.post(call(req, vendor, tenant), "/upcall/v1/jobs/retry", wish).await;
    if done.is_ok() && !wish.dry_run {
        tracing::info!(
            tenant.id = %tenant.id, vendor_user.id = %vendor.user, "had a hotel's jobs tried again"
        );
    }
    Ok(done)
}

/// Has one job of a hotel tried again at once.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/jobs/{job_id}/retry", tag = "jobs",
    params(("tenant" = String, Path, description = "id or slug"),
           ("job_id" = Uuid, Path)), responses(
    (status = 200, description = "the job, as the hotel's own `GET /api/v1/jobs/{job_id}`"),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description =
        "`JOB_NOT_OVER`, `JOB_REPLACED` or `TENANT_NOT_READY`"),
    (status = 503, body = ErrorBody, description = "`TENANT_UNREACHABLE`, or the hotel's own"),
), security(("vendor" = [])))]
pub(crate) async fn retry_tenant_job(
    app: Data<App>,
    req: HttpRequest,
    vendor: Vendor,
    path: Path<(TenantRef, JobId)>,
    _: NoBody,
) -> ApiResult<HttpResponse> {
    steer_named(&app, &req, &vendor, (path.into_inner(), "retry")).await
}

/// Cancels one job of a hotel: at once, or, if it runs, within seconds.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/jobs/{job_id}/cancel", tag = "jobs",
    params(("tenant" = String, Path, description = "id or slug"),
           ("job_id" = Uuid, Path)), responses(
    (status = 200, description = "the job, as the hotel's own `GET /api/v1/jobs/{job_id}`"),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`JOB_OVER` or `TENANT_NOT_READY`"),
    (status = 503, body = ErrorBody, description = "`TENANT_UNREACHABLE`, or the hotel's own"),
), security(("vendor" = [])))]
pub(crate) async fn cancel_tenant_job(
    app: Data<App>,
    req: HttpRequest,
    vendor: Vendor,
    path: Path<(TenantRef, JobId)>,
    _: NoBody,
) -> ApiResult<HttpResponse> {
    steer_named(&app, &req, &vendor, (path.into_inner(), "cancel")).await
}

async fn steer_named(
    app: &App,
    req: &HttpRequest,
    vendor: &Vendor,
    ((name, job), action): ((TenantRef, JobId), &'static str),
) -> ApiResult<HttpResponse> {
    vendor.require("jobs.write")?;
    let tenant = find_ready(app, &name).await?;
    answer(steer(app, (req, vendor), &tenant, (job, action)).await?, req)
}

/// Has one job of the hotel retried or cancelled: the hotel's own answer.
pub(crate) async fn steer(
    app: &App,
    (req, vendor): (&HttpRequest, &Vendor),
    tenant: &Tenant,
    (job, action): (JobId, &'static str),
) -> ApiResult<Result<Value, CallHotelError>> {
    let event = Event::of(if action == "cancel" { "job.cancel" } else { "job.retry" });
    audit::record_alone(&app.db, vendor, event.on("job", job).of_tenant(Some(tenant.id))).await?;
    let path = format!("/upcall/v1/jobs/{job}/{action}");
    let done = app.hotels.post(call(req, vendor, tenant), &path, &json!({})).await;
    if done.is_ok() {
        tracing::info!(
            tenant.id = %tenant.id, job.id = %job, vendor_user.id = %vendor.user, action,
            "steered a hotel's job"
        );
    }
    Ok(done)
}

/// The tenant of this name, which has jobs to look at.
///
/// # Errors
/// 404, and `TENANT_NOT_READY`.
pub(crate) async fn find_ready(app: &App, name: &TenantRef) -> ApiResult<Tenant> {
    let found = tenants::find_named(&app.db, name).await.map_err(database_failed)?;
    let tenant = found.ok_or_else(|| ApiError::not_found("tenant"))?;
    // Only a tenant that is ready holds its slug for sure.
    if tenant.provisioning != Provisioning::Ready {
        return Err(ApiError::refused(
            StatusCode::CONFLICT,
            "TENANT_NOT_READY",
            format!("the tenant is `{}`: it has no jobs to look at", tenant.provisioning),
        ));
    }
    Ok(tenant)
}

/// A call of the tenant's hotel for this person.
pub(crate) fn call<'a>(req: &HttpRequest, vendor: &'a Vendor, tenant: &'a Tenant) -> Call<'a> {
    Call { slug: &tenant.slug, actor: &vendor.email, request: request_id(req) }
}

/// The hotel's answer as ours.
fn answer(done: Result<Value, CallHotelError>, req: &HttpRequest) -> ApiResult<HttpResponse> {
    match done {
        Ok(answer) => Ok(HttpResponse::Ok().json(answer)),
        Err(error) => refused_by_hotel(error, req),
    }
}

/// What the hotel refuses as our answer, and why there is none.
pub(crate) fn refused_by_hotel(
    error: CallHotelError,
    req: &HttpRequest,
) -> ApiResult<HttpResponse> {
    match error {
        CallHotelError::Refused(refusal) => {
            let mut response = HttpResponse::build(refusal.status);
            if let Some(seconds) = refusal.retry_after {
                response.insert_header((RETRY_AFTER, seconds));
            }
            Ok(response.json(refusal.body(request_id(req))))
        }
        error => Err(unreachable(error)),
    }
}
