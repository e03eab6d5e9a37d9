//! `/panel/hosts`: the list.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use hotelhub_http::error::ApiResult;
use serde::Deserialize;

use super::{
    part::{Fill, reachable},
    texts::HostTexts,
};
use crate::{
    app::App,
    database::database_failed,
    db_hosts::{self, DbHost},
    pages::respond,
    panel::{
        error::Refused,
        shell::Shell,
        states::{Badge, Shown as _},
    },
    vendor_users::page_session::Visitor,
};

/// What was done before, to say so.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    done: String,
}

struct Row {
    id: String,
    name: String,
    address: String,
    state: Badge,
    fill: Fill,
    /// Old copies that are to be dropped.
    leaving: i64,
    reachable: Badge,
}

#[derive(Template)]
#[template(path = "panel/hosts.html")]
struct Page {
    shell: Shell,
    w: &'static HostTexts,
    rows: Vec<Row>,
    done: Option<&'static str>,
}

/// Lists them, by name. There are dozens, not thousands.
pub(super) async fn list_hosts(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.read")?;
    let hosts = db_hosts::list(&app.db).await.map_err(database_failed)?;
    let shell = Shell::inside(&req, vendor);
    let w = HostTexts::of(shell.language);
    let row = |it: DbHost| Row {
        id: it.id.to_string(),
        address: format!("{}:{}", it.address, it.port),
        state: it.state.badge(shell.language),
        fill: Fill::of(it.databases, it.max_databases, shell.language),
        leaving: it.leaving - it.previews,
        reachable: reachable(it.is_reachable, w),
        name: it.name,
    };
    let rows = hosts.into_iter().map(row).collect();
    respond(&req, StatusCode::OK, &Page { done: w.told(&query.done), shell, w, rows })
}
