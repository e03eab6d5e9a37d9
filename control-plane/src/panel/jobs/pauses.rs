//! `/panel/job-pauses`: jobs are held back, and let go again.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Data, Path, Query},
};
use askama::Template;
use hotelhub_core::ids::JobPauseId;
use hotelhub_http::{error::ApiResult, form::PageForm};
use hotelhub_jobs::class::Class;
use serde::Deserialize;
use uuid::Uuid;

use super::texts::JobTexts;
use crate::{
    app::App,
    database::in_one,
    job_pauses::{
        model::{JobPause, PauseJobsBody},
        service::{self, Wanted},
    },
    pages::respond,
    panel::{
        error::Refused,
        login::NoFields,
        shell::{Shell, moment},
        typed::{link, tenant, text},
    },
    vendor_users::{Vendor, page_session::Visitor},
};

const PATH: &str = "/panel/job-pauses";

/// Which pauses, and what was done before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    tenant: String,
    class: String,
    kind: String,
    cursor: String,
    done: String,
}

/// Which jobs to hold back, and why.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PauseForm {
    tenant: String,
    class: String,
    kind: String,
    reason: String,
}

struct Row {
    id: Uuid,
    /// Empty: every one.
    tenant: String,
    class: String,
    kind: String,
    reason: String,
    since: String,
    may_resume: bool,
}

#[derive(Template)]
#[template(path = "panel/pauses.html")]
struct Page {
    shell: Shell,
    w: &'static JobTexts,
    classes: Vec<&'static str>,
    asked: ListQuery,
    typed: PauseForm,
    done: Option<&'static str>,
    refusal: Option<Refused>,
    rows: Vec<Row>,
    next: Option<String>,
    may_pause: bool,
    may_pause_all: bool,
}

/// Lists the pauses that stand, the newest first.
pub(super) async fn list_pauses(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("jobs.read")?;
    show(&req, &app, vendor, query.into_inner(), (PauseForm::default(), None)).await
}

/// Holds jobs back. A form that is sent twice finds the very same held back, and is told so.
pub(super) async fn pause_jobs(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    form: PageForm<PauseForm>,
) -> ApiResult<HttpResponse> {
    let typed = form.value;
    let body = PauseJobsBody {
        tenant: tenant(&typed.tenant),
        class: text(&typed.class),
        kind: text(&typed.kind),
        reason: typed.reason.clone(),
    };
    let write = async |tx: &_| service::pause(tx, &vendor, &body).await;
    if let Err(error) = in_one(&app.db, write).await {
        let refusal = Some(Refused::of(error)?);
        return show(&req, &app, vendor, ListQuery::default(), (typed, refusal)).await;
    }
    Ok(to_list("pause"))
}

/// Lifts a pause. A second click finds it lifted, and is told so.
pub(super) async fn resume_jobs(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    id: Path<JobPauseId>,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    let write = async |tx: &_| service::resume(tx, &vendor, *id).await;
    if let Err(error) = in_one(&app.db, write).await {
        let nothing = (PauseForm::default(), Some(Refused::of(error)?));
        return show(&req, &app, vendor, ListQuery::default(), nothing).await;
    }
    Ok(to_list("resume"))
}

fn to_list(done: &str) -> HttpResponse {
    let next = link(PATH, &[("done", done)]);
    HttpResponse::SeeOther().insert_header((LOCATION, next)).finish()
}

async fn show(
    req: &HttpRequest,
    app: &App,
    vendor: Vendor,
    query: ListQuery,
    (typed, refusal): (PauseForm, Option<Refused>),
) -> ApiResult<HttpResponse> {
    let wanted = Wanted {
        tenant: tenant(&query.tenant),
        class: text(&query.class),
        kind: text(&query.kind),
        cursor: text(&query.cursor),
        limit: None,
    };
    let ((found, cursor), refusal) = match service::list(app, wanted).await {
        Ok(found) => (found, refusal),
        Err(error) => ((Vec::new(), None), Some(Refused::of(error)?)),
    };
    let status = refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    let rows = found.into_iter().map(|it| row(it, &vendor)).collect();
    let [may_pause, may_pause_all] = [true, false].map(|of_one| service::may(&vendor, of_one));
    let shell = Shell::inside(req, vendor);
    let w = JobTexts::of(shell.language);
    let page = Page {
        classes: Class::ALL.iter().map(|it| it.name()).collect(),
        done: w.told(&query.done),
        next: cursor.map(|it| query.next(&it)),
        shell,
        w,
        asked: query,
        typed,
        refusal,
        rows,
        may_pause,
        may_pause_all,
    };
    respond(req, status, &page)
}

impl ListQuery {
    fn next(&self, cursor: &str) -> String {
        let Self { tenant, class, kind, .. } = self;
        let fields = [("tenant", &**tenant), ("class", class), ("kind", kind), ("cursor", cursor)];
        link(PATH, &fields)
    }
}

fn row(it: JobPause, vendor: &Vendor) -> Row {
    Row {
        may_resume: service::may(vendor, it.tenant_id.is_some()),
        id: it.id,
        tenant: it.slug.unwrap_or_default(),
        class: it.class.unwrap_or_default(),
        kind: it.kind.unwrap_or_default(),
        reason: it.reason,
        since: moment(it.created_at),
    }
}
