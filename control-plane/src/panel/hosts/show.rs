//! `/panel/hosts/{host}`: one host, and how its drain goes on.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use askama::Template;
use hotelhub_http::{error::ApiResult, language::Language};
use serde::Deserialize;

use super::{
    part::{is_empty, part},
    texts::HostTexts,
};
use crate::{
    app::App,
    db_hosts::{DbHostBody, HostState, shown},
    following::{Seen, Whose, follow},
    pages::respond,
    panel::{error::Refused, shell::Shell, typed::link},
    vendor_users::{Vendor, page_session::Visitor},
};

/// What was done before, to say so.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ShowQuery {
    done: String,
}

/// A state that the host can be put into.
struct Step {
    action: &'static str,
    name: &'static str,
    hint: &'static str,
}

#[derive(Template)]
#[template(path = "panel/host.html")]
struct Page {
    shell: Shell,
    w: &'static HostTexts,
    it: DbHostBody,
    /// Rendered.
    part: String,
    is_live: bool,
    steps: Vec<Step>,
    hotels: String,
    done: Option<&'static str>,
    refusal: Option<Refused>,
}

/// Shows one.
pub(super) async fn show_host(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<String>,
    query: Query<ShowQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.read")?;
    show(&req, &app, (vendor, &name), (&query.done, None)).await
}

/// The page, with what was done or refused before.
pub(super) async fn show(
    req: &HttpRequest,
    app: &App,
    (vendor, name): (Vendor, &str),
    (done, refusal): (&str, Option<Refused>),
) -> ApiResult<HttpResponse> {
    let it = shown(&app.db, name).await?;
    let shell = Shell::inside(req, vendor);
    let w = HostTexts::of(shell.language);
    let page = Page {
        part: part(&it, shell.language)?,
        is_live: is_draining(&it),
        steps: steps(it.state, w),
        hotels: link("/panel/tenants", &[("db_host", &it.name)]),
        done: w.told(done),
        shell,
        w,
        it,
        refusal,
    };
    let status = page.refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    respond(req, status, &page)
}

/// Tells how its drain goes on, as a piece of the page.
pub(super) async fn follow_host(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<String>,
) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.read")?;
    let language = Language::of(&req);
    follow(app, Whose::Nobodys, async move |app| {
        let it = shown(&app.db, &name).await?;
        Ok(Seen { content: part(&it, language)?, is_over: !is_draining(&it) })
    })
    .await
}

fn is_draining(it: &DbHostBody) -> bool {
    it.state == HostState::Draining && !is_empty(it)
}

fn steps(state: HostState, w: &'static HostTexts) -> Vec<Step> {
    let cordon = Step { action: "cordon", name: w.cordon, hint: w.cordon_hint };
    let uncordon = Step { action: "uncordon", name: w.uncordon, hint: w.uncordon_hint };
    let drain = Step { action: "drain", name: w.drain, hint: w.drain_hint };
    match state {
        HostState::Active => vec![cordon, drain],
        HostState::Cordoned => vec![uncordon, drain],
        HostState::Draining => vec![uncordon, cordon],
    }
}
