//! `/panel/jobs/retry`: dead jobs of many hotels are counted first, then tried again.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use hotelhub_http::{
    error::{ApiError, ApiResult},
    form::PageForm,
};
use serde::Deserialize;

use super::{heaps, texts::JobTexts};
use crate::{
    app::App,
    jobs::retry_routes::{RetriedJobs, RetryJobsBody, retry_everywhere},
    pages::respond,
    panel::{
        error::Refused,
        shell::{Shell, moment},
        typed::{age, link, rate, tenant, text},
    },
    vendor_users::{Vendor, page_session::Visitor},
};

/// Which dead jobs, and how fast.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RetryForm {
    kind: String,
    peer: String,
    error: String,
    tenant: String,
    age: String,
    per_minute: String,
    after: String,
}

#[derive(Template)]
#[template(path = "panel/retry.html")]
struct Page {
    shell: Shell,
    w: &'static JobTexts,
    asked: RetryForm,
    refusal: Option<Refused>,
    /// What was counted, or done.
    answer: Option<RetriedJobs>,
    as_of: Option<String>,
    back: String,
}

/// Counts them, as their workers last did, and asks whether to go on.
pub(super) async fn count_jobs(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    query: Query<RetryForm>,
) -> ApiResult<HttpResponse> {
    show(&req, &app, vendor, (query.into_inner(), true)).await
}

/// Has them tried again, hotel by hotel. To send the form twice does no harm: what is tried again is
/// not dead any more.
pub(super) async fn retry_jobs(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    form: PageForm<RetryForm>,
) -> ApiResult<HttpResponse> {
    show(&req, &app, vendor, (form.value, false)).await
}

async fn show(
    req: &HttpRequest,
    app: &App,
    vendor: Vendor,
    (asked, dry_run): (RetryForm, bool),
) -> ApiResult<HttpResponse> {
    vendor.require("jobs.write_all")?;
    let done = match asked.read(dry_run) {
        Ok(body) => retry_everywhere(app, (req, &vendor), body).await,
        Err(error) => Err(error),
    };
    let (answer, refusal) = match done {
        Ok(answer) => (Some(answer), None),
        Err(error) => (None, Some(Refused::of(error)?)),
    };
    let status = refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    let as_of = answer.as_ref().and_then(|it| it.as_of).map(moment);
    let back = asked.list();
    let shell = Shell::inside(req, vendor);
    let w = JobTexts::of(shell.language);
    respond(req, status, &Page { shell, w, asked, refusal, answer, as_of, back })
}

impl Page {
    /// Which jobs, in words.
    fn chosen(&self) -> [(&'static str, &str); 6] {
        let (t, w) = (self.shell.t, self.w);
        let RetryForm { kind, peer, error, tenant, age, .. } = &self.asked;
        [
            (t.state, w.dead),
            (t.hotel, tenant),
            (w.kind, kind),
            (w.peer, peer),
            (w.error_code, error),
            (w.age, w.age_name(age)),
        ]
    }

    /// Whether there is something left to try again.
    fn may_go(&self) -> bool {
        match &self.answer {
            Some(it) if it.is_estimate => it.matched > 0,
            Some(it) => it.more,
            None => true,
        }
    }

    /// Whether hotels were asked.
    fn is_done(&self) -> bool {
        self.answer.as_ref().is_some_and(|it| !it.is_estimate)
    }

    /// Where to go on.
    fn after(&self) -> String {
        let answered = self.answer.as_ref().filter(|it| !it.is_estimate).and_then(|it| it.after);
        answered.map_or_else(|| self.asked.after.clone(), |it| it.to_string())
    }
}

impl RetryForm {
    fn read(&self, dry_run: bool) -> ApiResult<RetryJobsBody> {
        let after = text(&self.after).map(|it| it.parse()).transpose();
        Ok(RetryJobsBody {
            kind: text(&self.kind),
            peer: text(&self.peer),
            error: text(&self.error),
            tenant: tenant(&self.tenant),
            older_than_seconds: age(&self.age)?,
            dry_run,
            per_minute: rate(&self.per_minute)?,
            after: after.map_err(|_no_id| ApiError::invalid("after", "is not an id"))?,
        })
    }

    /// The list that it was asked for on.
    fn list(&self) -> String {
        let Self { kind, peer, error, tenant, age, .. } = self;
        let fields = [
            ("state", "dead"),
            ("kind", &**kind),
            ("peer", peer),
            ("error", error),
            ("tenant", tenant),
            ("age", age),
        ];
        link(heaps::PATH, &fields)
    }
}
