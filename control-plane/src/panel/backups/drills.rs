//! `/panel/backups/drills`: which backups were tried, and how that went.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use hotelhub_http::error::ApiResult;
use serde::Deserialize;

use super::texts::BackupTexts;
use crate::{
    app::App,
    backups::{model::Drill, routes},
    pages::respond,
    panel::{
        choice::Choice,
        error::Refused,
        shell::{Shell, lasting, moment},
        states::Badge,
        typed::{link, tenant, text},
    },
    vendor_users::page_session::Visitor,
};

const PATH: &str = "/panel/backups/drills";

/// What was typed into the filter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DrillQuery {
    tenant: String,
    state: String,
    cursor: String,
}

struct Row {
    slug: String,
    state: Badge,
    started: String,
    rows: String,
    took: String,
    error: String,
}

#[derive(Template)]
#[template(path = "panel/drills.html")]
struct Page {
    shell: Shell,
    w: &'static BackupTexts,
    asked: DrillQuery,
    states: Vec<Choice>,
    refusal: Option<Refused>,
    rows: Vec<Row>,
    next: Option<String>,
}

impl Page {
    /// The way back.
    fn places(&self) -> [(String, &str); 1] {
        [("/panel/backups".to_owned(), self.w.title)]
    }
}

/// Lists drills, the newest first.
pub(super) async fn list_drills(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    query: Query<DrillQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("backups.read")?;
    let asked = query.into_inner();
    let wanted = routes::DrillsQuery {
        tenant: tenant(&asked.tenant),
        state: text(&asked.state),
        cursor: text(&asked.cursor),
        limit: None,
    };
    let ((found, cursor), refusal) = match routes::drills(&app, wanted).await {
        Ok(found) => (found, None),
        Err(error) => ((Vec::new(), None), Some(Refused::of(error)?)),
    };
    let shell = Shell::inside(&req, vendor);
    let w = BackupTexts::of(shell.language);
    let states = ["passed", "failed", "broken_off", "running"];
    let page = Page {
        states: states.map(|it| Choice::of(it, badge(it, w).name, &asked.state)).into(),
        rows: found.iter().map(|it| row(it, w)).collect(),
        next: cursor.map(|it| {
            link(PATH, &[("tenant", &asked.tenant), ("state", &asked.state), ("cursor", &it)])
        }),
        shell,
        w,
        asked,
        refusal,
    };
    let status = page.refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    respond(&req, status, &page)
}

fn row(it: &Drill, w: &'static BackupTexts) -> Row {
    Row {
        slug: it.slug.clone(),
        state: badge(&it.state, w),
        started: moment(it.started_at),
        rows: it
            .figures
            .get("rows")
            .and_then(serde_json::Value::as_i64)
            .map(|it| it.to_string())
            .unwrap_or_default(),
        took: it.finished_at.map(|end| lasting(end - it.started_at)).unwrap_or_default(),
        error: it.error.clone().unwrap_or_default(),
    }
}

fn badge(state: &str, w: &'static BackupTexts) -> Badge {
    let (name, tone) = match state {
        "passed" => (w.passed, "good"),
        "failed" => (w.failed, "bad"),
        "running" => (w.running, "busy"),
        _ => (w.broken_off, "warn"),
    };
    Badge { name, tone }
}
