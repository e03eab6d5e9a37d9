//! `/panel/tenants/{tenant}/jobs/retry`: jobs of one hotel that are over are counted first, then
//! tried again.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use askama::Template;
use hotelhub_core::ids::TenantId;
use hotelhub_http::{
    error::{ApiError, ApiResult},
    form::PageForm,
};
use serde::Deserialize;

use super::{hotel, texts::JobTexts};
use crate::{
    app::App,
    jobs::{
        hotel_routes::{self, RetryTenantJobsBody, find_ready},
        retry_routes::{Retried, RetriedAnswer},
    },
    pages::respond,
    panel::{
        error::Refused,
        shell::Shell,
        typed::{age, rate, text},
    },
    tenants::{Tenant, TenantRef},
    vendor_users::{Vendor, page_session::Visitor},
};

/// Which jobs, and how fast.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RetryForm {
    state: String,
    kind: String,
    peer: String,
    error: String,
    age: String,
    per_minute: String,
}

#[derive(Template)]
#[template(path = "panel/hotel_retry.html")]
struct Page {
    shell: Shell,
    w: &'static JobTexts,
    /// Where the form goes: the slug may belong to another hotel by the time that it is sent.
    id: TenantId,
    company: String,
    asked: RetryForm,
    refusal: Option<Refused>,
    /// What was only counted.
    counted: Option<i64>,
    /// What was done.
    done: Option<Retried>,
    back: String,
}

/// Lets the hotel count them, and asks whether to go on.
pub(super) async fn count_jobs(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<TenantRef>,
    query: Query<RetryForm>,
) -> ApiResult<HttpResponse> {
    vendor.require("jobs.write")?;
    hotel::require_state(&query.state)?;
    let (tenant, asked) = (find_ready(&app, &name).await?, query.into_inner());
    let answer = ask(&req, &app, (&vendor, &tenant), (&asked, true)).await?;
    let (counted, refusal) = match answer {
        Ok(it) => (Some(it.matched), None),
        Err(refusal) => (None, Some(refusal)),
    };
    show(&req, (vendor, tenant), asked, (counted, None), refusal)
}

/// Has them tried again. To send the form twice does no harm: what is tried again is not over any
/// more.
pub(super) async fn retry_jobs(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<TenantRef>,
    form: PageForm<RetryForm>,
) -> ApiResult<HttpResponse> {
    vendor.require("jobs.write")?;
    let (tenant, asked) = (find_ready(&app, &name).await?, form.value);
    let answer = ask(&req, &app, (&vendor, &tenant), (&asked, false)).await?;
    let (done, refusal) = match answer {
        Ok(it) => (Some(it), None),
        Err(refusal) => (None, Some(refusal)),
    };
    show(&req, (vendor, tenant), asked, (None, done), refusal)
}

async fn ask(
    req: &HttpRequest,
    app: &App,
    (vendor, tenant): (&Vendor, &Tenant),
    (asked, dry_run): (&RetryForm, bool),
) -> ApiResult<Result<Retried, Refused>> {
    let typed = rate(&asked.per_minute).and_then(|rate| Ok((rate, age(&asked.age)?)));
    let (per_minute, older_than_seconds) = match typed {
        Ok(typed) => typed,
        Err(error) => return Ok(Err(Refused::of(error)?)),
    };
    let body = RetryTenantJobsBody {
        state: text(&asked.state),
        kind: text(&asked.kind),
        peer: text(&asked.peer),
        error: text(&asked.error),
        older_than_seconds,
        dry_run,
        per_minute,
    };
    match hotel_routes::retry(app, (req, vendor), tenant, &body).await? {
        Ok(answer) => {
            let answered = serde_json::from_value::<RetriedAnswer>(answer);
            Ok(Ok(answered.map_err(ApiError::internal)?.data))
        }
        Err(error) => Ok(Err(error.into())),
    }
}

fn show(
    req: &HttpRequest,
    (vendor, tenant): (Vendor, Tenant),
    asked: RetryForm,
    (counted, done): (Option<i64>, Option<Retried>),
    refusal: Option<Refused>,
) -> ApiResult<HttpResponse> {
    let status = refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    let back = asked.filter().list(&tenant.slug);
    let Tenant { id, company_name: company, .. } = tenant;
    let shell = Shell::inside(req, vendor);
    let w = JobTexts::of(shell.language);
    respond(req, status, &Page { shell, w, id, company, asked, refusal, counted, done, back })
}

impl Page {
    /// Whether there is, or may be, something left to try again.
    fn may_go(&self) -> bool {
        match (&self.counted, &self.done) {
            (Some(counted), _) => *counted > 0,
            (None, Some(done)) => done.retried < done.matched,
            (None, None) => true,
        }
    }

    /// Which jobs, in words.
    fn chosen(&self) -> [(&'static str, &str); 5] {
        let (t, w) = (self.shell.t, self.w);
        let RetryForm { state, kind, peer, error, age, .. } = &self.asked;
        // What is not said means those that are dead.
        let state = if state.is_empty() { w.dead } else { w.state(state) };
        [
            (t.state, state),
            (w.kind, kind),
            (w.peer, peer),
            (w.error_code, error),
            (w.age, w.age_name(age)),
        ]
    }
}

impl RetryForm {
    /// The filter of the list that it was asked for on.
    fn filter(&self) -> hotel::ListQuery {
        let Self { state, kind, peer, error, age, .. } = self;
        let [state, kind, peer, error, age] = [state, kind, peer, error, age].map(String::clone);
        hotel::ListQuery { state, kind, peer, error, age, ..hotel::ListQuery::default() }
    }
}
