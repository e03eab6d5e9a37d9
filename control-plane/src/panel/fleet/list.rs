//! `/panel/fleet`: the list.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use hotelhub_http::error::ApiResult;
use serde::Deserialize;

use super::{part::totals, texts::FleetTexts};
use crate::{
    app::App,
    fleet_migrations::{FleetMigration, routes},
    pages::respond,
    panel::{
        shell::{Shell, moment},
        states::{Badge, Shown as _},
        typed::{link, text},
    },
    vendor_users::page_session::Visitor,
};

/// Which page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    cursor: String,
}

struct Row {
    id: String,
    name: String,
    state: Badge,
    hotels: String,
    requested: String,
    finished: String,
}

#[derive(Template)]
#[template(path = "panel/fleet.html")]
struct Page {
    shell: Shell,
    w: &'static FleetTexts,
    rows: Vec<Row>,
    next: Option<String>,
}

/// Lists fleet migrations, the newest first.
pub(super) async fn list_runs(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("fleet_migrations.read")?;
    let wanted = routes::ListQuery { cursor: text(&query.cursor), limit: None };
    let (found, cursor) = routes::list(&app, wanted).await?;
    let shell = Shell::inside(&req, vendor);
    let w = FleetTexts::of(shell.language);
    let page = Page {
        rows: found.iter().map(|it| row(it, &shell, w)).collect(),
        next: cursor.map(|it| link("/panel/fleet", &[("cursor", &it)])),
        shell,
        w,
    };
    respond(&req, StatusCode::OK, &page)
}

fn row(it: &FleetMigration, shell: &Shell, w: &FleetTexts) -> Row {
    let totals = totals(it, shell.language);
    let done = w.done_of.replace("{done}", &totals.done).replace("{total}", &totals.total);
    Row {
        id: it.id.to_string(),
        name: name(it, w),
        state: it.state.badge(shell.language),
        hotels: if it.rings.is_empty() { "–".to_owned() } else { done },
        requested: moment(it.requested_at),
        finished: shell.moment_or_dash(&it.finished_at),
    }
}

/// What a run is called.
pub(super) fn name(it: &FleetMigration, w: &FleetTexts) -> String {
    match it.schema_version {
        Some(version) => w.run.replace("{version}", &version.to_string()),
        None => w.run_unknown.to_owned(),
    }
}
