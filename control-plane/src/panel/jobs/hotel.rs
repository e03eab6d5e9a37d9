//! `/panel/tenants/{tenant}/jobs`: one hotel's jobs, asked of the hotel itself.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Data, Path, Query},
};
use askama::Template;
use hotelhub_core::ids::{JobId, TenantId};
use hotelhub_http::{
    error::{ApiError, ApiResult},
    form::PageForm,
};
use serde::Deserialize;

use super::{
    answers::{Counted, Job, Listed, count, find},
    texts::JobTexts,
};
use crate::{
    app::App,
    jobs::hotel_routes::{self, call, find_ready},
    pages::respond,
    panel::{
        choice::Choice,
        error::Refused,
        shell::{Shell, moment},
        typed::{AGES, link},
    },
    tenants::{Tenant, TenantRef},
    vendor_users::{Vendor, page_session::Visitor},
};

/// The states that a hotel counts.
const COUNTED: [&str; 5] = ["dead", "retrying", "held", "waiting", "running"];
/// The states that one may choose.
const STATES: [&str; 7] = ["dead", "retrying", "held", "waiting", "running", "done", "cancelled"];

/// What was typed into the filter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    pub(super) state: String,
    pub(super) kind: String,
    pub(super) peer: String,
    pub(super) error: String,
    /// One of [`AGES`].
    pub(super) age: String,
    pub(super) cursor: String,
    /// What was done before, to say so.
    pub(super) done: String,
}

/// A state that is counted, and the link to its jobs.
struct Figure {
    name: &'static str,
    href: String,
    count: i64,
}

struct Row {
    id: JobId,
    kind: String,
    name: String,
    state: String,
    error: String,
    peer: String,
    tries: String,
    since: String,
    requested_by: String,
    may_retry: bool,
    may_cancel: bool,
}

#[derive(Template)]
#[template(path = "panel/hotel_jobs.html")]
struct Page {
    shell: Shell,
    w: &'static JobTexts,
    /// Where forms go: the slug may belong to another hotel by the time that one is sent.
    id: TenantId,
    slug: String,
    company: String,
    asked: ListQuery,
    /// None if the hotel does not say.
    figures: Vec<Figure>,
    states: Vec<Choice>,
    ages: Vec<Choice>,
    done: Option<&'static str>,
    refusal: Option<Refused>,
    rows: Vec<Row>,
    next: Option<String>,
    /// Where those that are over are counted and tried again, if the list is of such.
    retry: Option<String>,
    may_steer: bool,
}

impl Page {
    /// The list itself, of all.
    fn path(&self) -> String {
        format!("/panel/tenants/{}/jobs", self.slug)
    }
}

/// Lists the hotel's jobs, the newest first.
pub(super) async fn list_jobs(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<TenantRef>,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("jobs.read")?;
    require_state(&query.state)?;
    let tenant = find_ready(&app, &name).await?;
    show(&req, &app, (vendor, tenant), query.into_inner(), None).await
}

/// Refuses a state that no form offers.
pub(super) fn require_state(state: &str) -> ApiResult<()> {
    if state.is_empty() || STATES.contains(&state) {
        return Ok(());
    }
    Err(ApiError::invalid("state", format!("needs to be one of {}", STATES.join(", "))))
}

/// Has one job tried again at once.
pub(super) async fn retry_job(
    req: HttpRequest,
    app: Data<App>,
    visitor: Visitor,
    path: Path<(TenantRef, JobId)>,
    form: PageForm<ListQuery>,
) -> ApiResult<HttpResponse> {
    steer(&req, &app, visitor, (path.into_inner(), "retry"), form.value).await
}

/// Cancels one job.
pub(super) async fn cancel_job(
    req: HttpRequest,
    app: Data<App>,
    visitor: Visitor,
    path: Path<(TenantRef, JobId)>,
    form: PageForm<ListQuery>,
) -> ApiResult<HttpResponse> {
    steer(&req, &app, visitor, (path.into_inner(), "cancel"), form.value).await
}

/// The hotel itself refuses what cannot be: a second click finds the job steered already.
async fn steer(
    req: &HttpRequest,
    app: &App,
    Visitor(vendor): Visitor,
    ((name, job), action): ((TenantRef, JobId), &'static str),
    asked: ListQuery,
) -> ApiResult<HttpResponse> {
    vendor.require("jobs.write")?;
    let tenant = find_ready(app, &name).await?;
    if let Err(error) = hotel_routes::steer(app, (req, &vendor), &tenant, (job, action)).await? {
        return show(req, app, (vendor, tenant), asked, Some(error.into())).await;
    }
    let next = asked.page(&tenant.slug, &asked.cursor, action);
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, next)).finish())
}

async fn show(
    req: &HttpRequest,
    app: &App,
    (vendor, tenant): (Vendor, Tenant),
    asked: ListQuery,
    refusal: Option<Refused>,
) -> ApiResult<HttpResponse> {
    let call = call(req, &vendor, &tenant);
    let (found, counts) = tokio::join!(find(app, call, &asked), count(app, call));
    let (Listed { data, meta }, refusal) = match found? {
        Ok(listed) => (listed, refusal),
        Err(error) => (Listed::default(), refusal.or(Some(error))),
    };
    let shell = Shell::inside(req, vendor);
    let w = JobTexts::of(shell.language);
    let is_over = matches!(&*asked.state, "dead" | "cancelled");
    let may_steer = shell.may("jobs.write");
    let retry_path = format!("/panel/tenants/{}/jobs/retry", tenant.slug);
    let page = Page {
        figures: counts.map_or_else(Vec::new, |counts| {
            COUNTED.map(|it| figure(it, (&tenant.slug, w), &counts)).into()
        }),
        states: STATES.map(|it| Choice::of(it, w.state(it), &asked.state)).into(),
        ages: AGES.map(|(it, _)| Choice::of(it, w.age_name(it), &asked.age)).into(),
        done: w.told(&asked.done),
        rows: data.into_iter().map(|it| row(it, w)).collect(),
        next: meta.next_cursor.map(|it| asked.page(&tenant.slug, &it, "")),
        retry: (is_over && may_steer).then(|| link(&retry_path, &asked.fields())),
        id: tenant.id,
        slug: tenant.slug,
        company: tenant.company_name,
        may_steer,
        shell,
        w,
        asked,
        refusal,
    };
    let status = page.refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    respond(req, status, &page)
}

impl ListQuery {
    fn fields(&self) -> [(&str, &str); 5] {
        [
            ("state", &self.state),
            ("kind", &self.kind),
            ("peer", &self.peer),
            ("error", &self.error),
            ("age", &self.age),
        ]
    }

    /// What brings back to the very page.
    fn place(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields().into_iter().chain([("cursor", &*self.cursor)])
    }

    /// The list of the hotel with this slug.
    pub(super) fn list(&self, slug: &str) -> String {
        link(&format!("/panel/tenants/{slug}/jobs"), &self.fields())
    }

    /// A page of that list.
    fn page(&self, slug: &str, cursor: &str, done: &str) -> String {
        let more = [("cursor", cursor), ("done", done)];
        let fields: Vec<_> = self.fields().into_iter().chain(more).collect();
        link(&format!("/panel/tenants/{slug}/jobs"), &fields)
    }
}

fn figure(state: &'static str, (slug, w): (&str, &'static JobTexts), counts: &[Counted]) -> Figure {
    let of_state = counts.iter().filter(|it| group_of(&it.state) == state);
    Figure {
        name: w.state(state),
        href: link(&format!("/panel/tenants/{slug}/jobs"), &[("state", state)]),
        count: of_state.map(|it| it.count).sum(),
    }
}

/// The state that one may choose for one that is stored.
fn group_of(state: &str) -> &str {
    match state {
        "ready" | "queued" => "waiting",
        "retry_wait" => "retrying",
        other => other,
    }
}

fn row(it: Job, w: &JobTexts) -> Row {
    let held_for = it.held_for.as_deref().map(|why| format!(": {}", w.held_for(why)));
    let error = [it.error_code, it.error_text].into_iter().flatten().collect::<Vec<_>>().join(": ");
    Row {
        id: it.id,
        kind: it.kind,
        name: it.name,
        state: w.state(&it.state).to_owned() + &held_for.unwrap_or_default(),
        error,
        peer: it.peer.unwrap_or_default(),
        tries: format!("{} / {}", it.attempt, it.max_attempts),
        since: moment(it.created_at),
        requested_by: it.requested_by.unwrap_or_default(),
        may_retry: it.may_retry,
        may_cancel: it.may_cancel,
    }
}
