//! `/jobs`: what the hotel's background work is at, what went wrong, and a button to try again.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Path, Query},
};
use askama::Template;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use hotelhub_core::ids::JobId;
use hotelhub_http::{
    error::ApiResult,
    form::{PageForm, fresh_key},
    language::Language,
};
use serde::Deserialize;

use super::{
    links,
    shell::{Shell, render},
    texts::Texts,
    words,
};
use crate::{
    access::{Permission, Purpose},
    desk::Desk,
    jobs::{self, Job, JobFilter, JobState, StateGroup},
    paging, properties,
    site::database_failed,
    worker::kinds,
};

/// Which jobs. A filter that is not understood filters nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    state: String,
    cursor: String,
    done: String,
    count: i64,
}

/// The buttons send nothing but their key.
#[derive(Debug, Deserialize)]
pub(super) struct SteerForm {
    #[serde(default)]
    state: String,
}

struct Row {
    id: JobId,
    /// What people call it; the kind's own name, if no program of ours knows it.
    name: String,
    state: &'static str,
    /// What is the matter, in plain words.
    matter: Option<String>,
    /// For whoever helps on the telephone.
    code: Option<String>,
    tries: String,
    since: String,
    may_retry: bool,
    may_cancel: bool,
}

struct Choice {
    value: &'static str,
    name: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "pages/jobs.html")]
struct Page {
    shell: Shell,
    states: Vec<Choice>,
    state: String,
    rows: Vec<Row>,
    next: Option<String>,
    /// How many are dead.
    dead: i64,
    done: Option<String>,
    refusal: Option<&'static str>,
    may_steer: bool,
    key: String,
}

/// Lists the hotel's jobs, those that failed first of all.
pub(super) async fn list_jobs(
    req: HttpRequest,
    desk: Desk,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    show(&req, &desk, query.into_inner(), (StatusCode::OK, None)).await
}

/// Has one job tried again.
pub(super) async fn retry_job(
    req: HttpRequest,
    desk: Desk,
    path: Path<JobId>,
    form: PageForm<SteerForm>,
) -> ApiResult<HttpResponse> {
    desk.site.require_schema(6)?;
    let PageForm { value, repeat } = form;
    let steered = desk
        .write_from_page(Permission::JobWrite, Purpose::Service, &repeat, async |change| {
            jobs::retry_one(change.tx, *path, &jobs::who(change)).await?;
            change.nudge();
            Ok(links::jobs(&value.state, "retried", 1))
        })
        .await;
    answer(&req, &desk, value, steered).await
}

/// Cancels one job.
pub(super) async fn cancel_job(
    req: HttpRequest,
    desk: Desk,
    path: Path<JobId>,
    form: PageForm<SteerForm>,
) -> ApiResult<HttpResponse> {
    desk.site.require_schema(6)?;
    let PageForm { value, repeat } = form;
    let steered = desk
        .write_from_page(Permission::JobWrite, Purpose::Service, &repeat, async |change| {
            jobs::cancel(change.tx, *path).await?;
            Ok(links::jobs(&value.state, "cancelled", 1))
        })
        .await;
    answer(&req, &desk, value, steered).await
}

/// Has all jobs tried again that failed.
pub(super) async fn retry_jobs(
    req: HttpRequest,
    desk: Desk,
    form: PageForm<SteerForm>,
) -> ApiResult<HttpResponse> {
    desk.site.require_schema(6)?;
    let PageForm { value, repeat } = form;
    let filter = JobFilter { state: Some(StateGroup::Dead), ..JobFilter::default() };
    let steered = desk
        .write_from_page(Permission::JobWrite, Purpose::Service, &repeat, async |change| {
            let retried = jobs::retry_some(change.tx, &filter, None, &jobs::who(change)).await;
            change.nudge();
            Ok(links::jobs("", "retried", retried.map_err(database_failed)?))
        })
        .await;
    answer(&req, &desk, value, steered).await
}

async fn answer(
    req: &HttpRequest,
    desk: &Desk,
    form: SteerForm,
    steered: ApiResult<HttpResponse>,
) -> ApiResult<HttpResponse> {
    let error = match steered {
        Ok(next) => return Ok(next),
        Err(error) => error,
    };
    let t = Texts::of(Language::of(req));
    let why = match error.code() {
        "JOB_NOT_OVER" | "JOB_OVER" => t.job_changed_meanwhile,
        "JOB_REPLACED" => t.job_replaced,
        _ => return Err(error),
    };
    let query = ListQuery { state: form.state, ..ListQuery::default() };
    show(req, desk, query, (error.status(), Some(why))).await
}

async fn show(
    req: &HttpRequest,
    desk: &Desk,
    query: ListQuery,
    (status, refusal): (StatusCode, Option<&'static str>),
) -> ApiResult<HttpResponse> {
    desk.site.require_schema(6)?;
    let shell = Shell::inside(req, desk).await?;
    let group = StateGroup::ALL.into_iter().find(|it| it.as_str() == query.state);
    let filter = JobFilter { state: group, ..JobFilter::default() };
    let cursor = Some(query.cursor.as_str()).filter(|it| !it.is_empty());
    let (before, limit) = (paging::read_cursor(cursor)?, paging::limit(None)?);
    let dead = JobFilter { state: Some(StateGroup::Dead), ..JobFilter::default() };
    let (mut found, dead, zone) = desk
        .read_as(Permission::JobRead, async |db, now| {
            let found = jobs::list(db, &filter, before, limit + 1).await;
            let dead = jobs::count(db, &dead).await.map_err(database_failed)?;
            let properties = properties::list(db, now).await.map_err(database_failed)?;
            let zone = properties.first().and_then(|it| it.time_zone.parse().ok());
            Ok((found.map_err(database_failed)?, dead, zone.unwrap_or(Tz::Asia__Jakarta)))
        })
        .await?;
    let cursor = paging::cut(&mut found, limit, |it| it.id)?;
    let next = cursor.map(|cursor| links::more_jobs(&query.state, cursor));
    let done = match query.done.as_str() {
        "retried" => Some(format!("{}: {}", shell.t.jobs_retried, query.count.max(0))),
        "cancelled" => Some(shell.t.job_cancelled.to_owned()),
        _ => None,
    };
    let choice = |it: StateGroup| Choice {
        value: it.as_str(),
        name: group_name(shell.t, it),
        chosen: Some(it) == group,
    };
    let states = StateGroup::ALL.into_iter().map(choice).collect();
    let rows = found.into_iter().map(|it| row(it, &shell, zone)).collect();
    let may_steer = shell.may(Permission::JobWrite) && shell.forbids(Purpose::Service).is_none();
    let (state, key) = (query.state, fresh_key());
    let page = Page { shell, states, state, rows, next, dead, done, refusal, may_steer, key };
    render(req, status, &page)
}

fn row(it: Job, shell: &Shell, zone: Tz) -> Row {
    let said = |[id, en]: [&'static str; 2]| match shell.language {
        Language::Id => id,
        Language::En => en,
    };
    let kind_words = kinds::words_of(&it.kind);
    let matter = match it.state {
        JobState::Dead => kind_words.map(|words| said(words.dead).to_owned()),
        JobState::RetryWait => Some(format!(
            "{} {}",
            shell.t.job_tries_again,
            words::moment(it.run_at, zone, shell.language)
        )),
        JobState::Held => Some(held_words(shell.t, it.held_for.as_deref()).to_owned()),
        JobState::Running if it.is_being_cancelled => Some(shell.t.job_ends_soon.to_owned()),
        _ => None,
    };
    let (since, may_retry, may_cancel) = (since(&it), it.may_retry(), it.may_cancel());
    Row {
        id: it.id,
        name: kind_words.map_or(it.kind, |words| said(words.name).to_owned()),
        state: state_name(shell.t, it.state),
        matter,
        code: it.error_code.filter(|_| !matches!(it.state, JobState::Done)),
        tries: format!("{} / {}", it.attempt, it.max_attempts),
        since: words::moment(since, zone, shell.language),
        may_retry,
        may_cancel,
    }
}

fn since(it: &Job) -> DateTime<Utc> {
    it.finished_at.unwrap_or(it.created_at)
}

const fn state_name(t: &Texts, state: JobState) -> &'static str {
    match state {
        JobState::Ready | JobState::Queued => t.jobs_waiting,
        JobState::Running => t.jobs_running,
        JobState::RetryWait => t.jobs_retrying,
        JobState::Held => t.jobs_held,
        JobState::Done => t.jobs_done,
        JobState::Dead => t.jobs_dead,
        JobState::Cancelled => t.jobs_cancelled,
    }
}

const fn group_name(t: &Texts, group: StateGroup) -> &'static str {
    match group {
        StateGroup::Waiting => t.jobs_waiting,
        StateGroup::Running => t.jobs_running,
        StateGroup::Retrying => t.jobs_retrying,
        StateGroup::Held => t.jobs_held,
        StateGroup::Dead => t.jobs_dead,
        StateGroup::Done => t.jobs_done,
        StateGroup::Cancelled => t.jobs_cancelled,
    }
}

fn held_words(t: &Texts, held_for: Option<&str>) -> &'static str {
    match held_for {
        Some("pause") => t.held_for_pause,
        Some("peer") => t.held_for_peer,
        Some("kind") => t.held_for_kind,
        _ => t.held_for_access,
    }
}
