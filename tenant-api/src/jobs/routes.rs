//! `/api/v1/jobs`: the hotel sees its own jobs and steers them.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Path, Query, ServiceConfig},
};
use chrono::{DateTime, Utc};
use hotelhub_core::ids::{JobId, PropertyId};
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    model::{Job, JobFilter, JobState, StateGroup},
    stores::{self, Heap, SteerError},
    upcall,
};
use crate::{
    access::{Permission, Purpose},
    desk::{Change, Desk},
    paging,
    site::database_failed,
    worker::kinds,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/jobs").get(list_jobs).register(app);
    Endpoint::at("/api/v1/jobs/summary").get(summarize_jobs).register(app);
    Endpoint::at("/api/v1/jobs/retry").post(retry_jobs).register(app);
    Endpoint::at("/api/v1/jobs/{job_id}").get(show_job).register(app);
    Endpoint::at("/api/v1/jobs/{job_id}/retry").post(retry_job).register(app);
    Endpoint::at("/api/v1/jobs/{job_id}/cancel").post(cancel_job).register(app);
    upcall::register(app);
}

/// Which jobs.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobsQuery {
    /// `waiting`, `running`, `retrying`, `held`, `dead`, `done` or `cancelled`.
    state: Option<StateGroup>,
    kind: Option<String>,
    peer: Option<String>,
    /// The code of the last error.
    error: Option<String>,
    /// Written at least so many seconds ago.
    older_than_seconds: Option<i64>,
    cursor: Option<String>,
    /// 1 to 200; 50 if left out.
    limit: Option<i64>,
}

/// A job.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobBody {
    #[schema(value_type = uuid::Uuid)]
    id: JobId,
    kind: String,
    /// How people call the kind, in English.
    name: String,
    class: String,
    state: JobState,
    /// What it waits for while it is held: `access`, `pause`, `peer` or `kind`.
    held_for: Option<String>,
    /// Tries so far.
    attempt: i32,
    max_attempts: i32,
    /// Not before.
    run_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    error_code: Option<String>,
    error_text: Option<String>,
    /// The outside system that it calls.
    peer: Option<String>,
    #[schema(value_type = Option<uuid::Uuid>)]
    property_id: Option<PropertyId>,
    /// Who asked for it: a person or a schedule.
    requested_by: Option<String>,
    may_retry: bool,
    may_cancel: bool,
}

impl From<Job> for JobBody {
    fn from(it: Job) -> Self {
        let (may_retry, may_cancel) = (it.may_retry(), it.may_cancel());
        let name = kinds::words_of(&it.kind).map_or(&*it.kind, |words| words.name[1]).to_owned();
        Self {
            id: it.id,
            name,
            kind: it.kind,
            class: it.class,
            state: it.state,
            held_for: it.held_for,
            attempt: it.attempt,
            max_attempts: it.max_attempts,
            run_at: it.run_at,
            created_at: it.created_at,
            finished_at: it.finished_at,
            error_code: it.error_code,
            error_text: it.error_text,
            peer: it.peer,
            property_id: it.property,
            requested_by: it.requested_by,
            may_retry,
            may_cancel,
        }
    }
}

/// What there is of one kind in one state.
#[derive(Serialize, ToSchema)]
pub(crate) struct HeapBody {
    kind: String,
    state: JobState,
    peer: Option<String>,
    error_code: Option<String>,
    count: i64,
    /// When the oldest of them was written.
    oldest_at: DateTime<Utc>,
}

impl From<Heap> for HeapBody {
    fn from(it: Heap) -> Self {
        let Heap { kind, state, peer, error_code, count, oldest_at } = it;
        Self { kind, state, peer, error_code, count, oldest_at }
    }
}

/// Which dead or cancelled jobs to try again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetryJobsBody {
    /// `dead` or `cancelled`; `dead` if left out.
    #[serde(default)]
    pub(super) state: Option<StateGroup>,
    pub(super) kind: Option<String>,
    pub(super) peer: Option<String>,
    /// The code of the last error.
    pub(super) error: Option<String>,
    pub(super) older_than_seconds: Option<i64>,
    /// Only count.
    #[serde(default)]
    pub(super) dry_run: bool,
    /// 1 to 6000; all at once if left out.
    pub(super) per_minute: Option<i32>,
}

/// How many jobs were, or would be, tried again.
#[derive(Serialize, ToSchema)]
pub(crate) struct RetriedBody {
    /// Jobs of that sort.
    matched: i64,
    /// Those that are tried again; at most 10,000 in one go.
    pub(super) retried: i64,
}

/// No field: the action says it all.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NothingBody {}

/// Lists the hotel's jobs, the newest first.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(JobsQuery), responses(
    (status = 200, body = Answer<Vec<JobBody>>), (status = 401, body = ErrorBody),
))]
pub(crate) async fn list_jobs(desk: Desk, query: Query<JobsQuery>) -> ApiResult<HttpResponse> {
    let query = query.into_inner();
    desk.site.require_schema(6)?;
    let (filter, before, limit) = query.read()?;
    let found = desk
        .read(Permission::JobRead, async |db| {
            stores::list(db, &filter, before, limit + 1).await.map_err(database_failed)
        })
        .await?;
    answer_page(found, limit)
}

impl JobsQuery {
    pub(super) fn read(self) -> ApiResult<(JobFilter, Option<JobId>, i64)> {
        let filter = JobFilter {
            state: self.state,
            kind: self.kind,
            peer: self.peer,
            error: self.error,
            older_than: read_age(self.older_than_seconds)?,
        };
        Ok((filter, paging::read_cursor(self.cursor.as_deref())?, paging::limit(self.limit)?))
    }
}

/// An age in seconds. A hundred years are more than any row has.
fn read_age(seconds: Option<i64>) -> ApiResult<Option<i64>> {
    let refused =
        || ApiError::invalid("older_than_seconds", "needs to be between 0 and 3155760000");
    match seconds {
        Some(it) if !(0..=3_155_760_000).contains(&it) => Err(refused()),
        read => Ok(read),
    }
}

/// A page of jobs that were read with one too many.
pub(super) fn answer_page(mut found: Vec<Job>, limit: i64) -> ApiResult<HttpResponse> {
    let next = paging::cut(&mut found, limit, |it| it.id)?;
    let found: Vec<JobBody> = found.into_iter().map(JobBody::from).collect();
    Ok(Answer::page(found, next, None).ok())
}

/// Counts the jobs that are not over, and the dead ones.
#[utoipa::path(get, path = "/api/v1/jobs/summary", tag = "jobs", responses(
    (status = 200, body = Answer<Vec<HeapBody>>), (status = 401, body = ErrorBody),
))]
pub(crate) async fn summarize_jobs(desk: Desk) -> ApiResult<HttpResponse> {
    desk.site.require_schema(6)?;
    let found = desk
        .read(Permission::JobRead, async |db| stores::summarize(db).await.map_err(database_failed))
        .await?;
    Ok(answer_summary(found))
}

pub(super) fn answer_summary(found: Vec<Heap>) -> HttpResponse {
    Answer::new(found.into_iter().map(HeapBody::from).collect::<Vec<_>>()).ok()
}

/// Shows one job.
#[utoipa::path(get, path = "/api/v1/jobs/{job_id}", tag = "jobs",
    params(("job_id" = uuid::Uuid, Path)), responses(
    (status = 200, body = Answer<JobBody>), (status = 404, body = ErrorBody),
))]
pub(crate) async fn show_job(desk: Desk, path: Path<JobId>) -> ApiResult<HttpResponse> {
    desk.site.require_schema(6)?;
    let found = desk
        .read(Permission::JobRead, async |db| {
            stores::find(db, *path).await.map_err(database_failed)
        })
        .await?;
    let found = found.ok_or_else(|| ApiError::not_found("job"))?;
    Ok(Answer::new(JobBody::from(found)).ok())
}

/// Has a job tried again at once: a dead or cancelled one from its first try, or one that waits for
/// its next try.
#[utoipa::path(post, path = "/api/v1/jobs/{job_id}/retry", tag = "jobs",
    params(("job_id" = uuid::Uuid, Path)), request_body = NothingBody, responses(
    (status = 200, body = Answer<JobBody>), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`JOB_NOT_OVER`, `JOB_REPLACED`"),
))]
pub(crate) async fn retry_job(
    desk: Desk,
    path: Path<JobId>,
    body: JsonBody<NothingBody>,
) -> ApiResult<HttpResponse> {
    desk.site.require_schema(6)?;
    desk.write(
        Permission::JobWrite,
        Purpose::Service,
        &body.repeat,
        StatusCode::OK,
        async |change| {
            stores::retry_one(change.tx, *path, &who(change)).await?;
            change.nudge();
            show(change, *path).await
        },
    )
    .await
}

/// Cancels a job: at once, or, if it runs, within seconds.
#[utoipa::path(post, path = "/api/v1/jobs/{job_id}/cancel", tag = "jobs",
    params(("job_id" = uuid::Uuid, Path)), request_body = NothingBody, responses(
    (status = 200, body = Answer<JobBody>), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`JOB_OVER`"),
))]
pub(crate) async fn cancel_job(
    desk: Desk,
    path: Path<JobId>,
    body: JsonBody<NothingBody>,
) -> ApiResult<HttpResponse> {
    desk.site.require_schema(6)?;
    desk.write(
        Permission::JobWrite,
        Purpose::Service,
        &body.repeat,
        StatusCode::OK,
        async |change| {
            stores::cancel(change.tx, *path).await?;
            show(change, *path).await
        },
    )
    .await
}

/// Has dead or cancelled jobs tried again, or only counts them.
#[utoipa::path(post, path = "/api/v1/jobs/retry", tag = "jobs", request_body = RetryJobsBody,
    responses(
    (status = 200, body = Answer<RetriedBody>), (status = 422, body = ErrorBody),
))]
pub(crate) async fn retry_jobs(
    desk: Desk,
    body: JsonBody<RetryJobsBody>,
) -> ApiResult<HttpResponse> {
    desk.site.require_schema(6)?;
    let JsonBody { value, repeat } = body;
    let (filter, per_minute, dry_run) = value.read()?;
    desk.write(Permission::JobWrite, Purpose::Service, &repeat, StatusCode::OK, async |change| {
        let retried = retry_matching(change.tx, &filter, per_minute, dry_run, &who(change)).await?;
        match per_minute {
            Some(it) if retried.retried > 1 => change.nudge_every(stores::pause_of(it)),
            _ => change.nudge(),
        }
        Ok(retried)
    })
    .await
}

impl RetryJobsBody {
    pub(super) fn read(self) -> ApiResult<(JobFilter, Option<i32>, bool)> {
        let state = self.state.unwrap_or(StateGroup::Dead);
        if !matches!(state, StateGroup::Dead | StateGroup::Cancelled) {
            return Err(ApiError::invalid("state", "needs to be `dead` or `cancelled`"));
        }
        if self.per_minute.is_some_and(|it| !(1..=6_000).contains(&it)) {
            return Err(ApiError::invalid("per_minute", "needs to be between 1 and 6000"));
        }
        let filter = JobFilter {
            state: Some(state),
            kind: self.kind,
            peer: self.peer,
            error: self.error,
            older_than: read_age(self.older_than_seconds)?,
        };
        Ok((filter, self.per_minute, self.dry_run))
    }
}

/// Counts, and unless it is a dry run has them tried again.
pub(super) async fn retry_matching(
    tx: &impl hotelhub_core::sql::Query,
    filter: &JobFilter,
    per_minute: Option<i32>,
    dry_run: bool,
    who: &str,
) -> ApiResult<RetriedBody> {
    let matched = stores::count(tx, filter).await.map_err(database_failed)?;
    let retried = match dry_run {
        true => 0,
        false => stores::retry_some(tx, filter, per_minute, who).await.map_err(database_failed)?,
    };
    Ok(RetriedBody { matched, retried })
}

async fn show(change: &Change<'_>, id: JobId) -> ApiResult<JobBody> {
    let found = stores::find(change.tx, id).await.map_err(database_failed)?;
    found.map(JobBody::from).ok_or_else(|| ApiError::not_found("job"))
}

/// Who asks, as it stands in the row.
pub(crate) fn who(change: &Change<'_>) -> String {
    format!("user {}", change.person)
}

impl From<SteerError> for ApiError {
    fn from(error: SteerError) -> Self {
        let refused = |code, advice| Self::refused(StatusCode::CONFLICT, code, advice);
        match error {
            SteerError::NoSuchJob => Self::not_found("job"),
            SteerError::NotOver => refused(
                "JOB_NOT_OVER",
                "the job runs, waits or is done; only one that failed or was cancelled can be \
                 tried again",
            ),
            SteerError::Over => refused("JOB_OVER", "the job is over, or is being cancelled"),
            SteerError::Replaced => refused(
                "JOB_REPLACED",
                "a newer job does the same; wait for that one, or cancel it first",
            ),
            SteerError::Database(cause) => database_failed(cause),
        }
    }
}
