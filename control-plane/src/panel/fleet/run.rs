//! `/panel/fleet/{id}`: one run, as it goes on.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use askama::Template;
use hotelhub_core::ids::FleetMigrationId;
use hotelhub_http::{error::ApiResult, language::Language};
use serde::Deserialize;

use super::{list::name, part::Part, texts::FleetTexts};
use crate::{
    app::App,
    fleet_migrations::{FleetMigration, routes::shown},
    following::{Seen, Whose, follow},
    pages::respond,
    panel::{error::Refused, shell::Shell},
    vendor_users::{Vendor, page_session::Visitor},
};

/// What was done before, to say so.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ShowQuery {
    done: String,
}

#[derive(Template)]
#[template(path = "panel/fleet_run.html")]
struct Page {
    shell: Shell,
    w: &'static FleetTexts,
    title: String,
    run: FleetMigration,
    /// Rendered.
    part: String,
    done: Option<&'static str>,
    refusal: Option<Refused>,
}

/// Shows one.
pub(super) async fn show_run(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    id: Path<FleetMigrationId>,
    query: Query<ShowQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("fleet_migrations.read")?;
    show(&req, &app, (vendor, *id), (&query.done, None)).await
}

/// The page, with what was done or refused before.
pub(super) async fn show(
    req: &HttpRequest,
    app: &App,
    (vendor, id): (Vendor, FleetMigrationId),
    (done, refusal): (&str, Option<Refused>),
) -> ApiResult<HttpResponse> {
    let run = shown(&app.db, id).await?;
    let shell = Shell::inside(req, vendor);
    let w = FleetTexts::of(shell.language);
    let may_steer = shell.may("fleet_migrations.write");
    let page = Page {
        title: name(&run, w),
        part: Part::now(app, &run, (shell.language, may_steer)).await?,
        done: match done {
            "resume" => Some(w.told_resume),
            "cancel" => Some(w.told_cancel),
            "aside" => Some(w.told_aside),
            _ => None,
        },
        shell,
        w,
        run,
        refusal,
    };
    let status = page.refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    respond(req, status, &page)
}

/// Tells how far it is, as a piece of the page.
pub(super) async fn follow_run(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    id: Path<FleetMigrationId>,
) -> ApiResult<HttpResponse> {
    vendor.require("fleet_migrations.read")?;
    let (id, language) = (*id, Language::of(&req));
    let may_steer = vendor.may("fleet_migrations.write");
    follow(app, Whose::Nobodys, async move |app| {
        let run = shown(&app.db, id).await?;
        let content = Part::now(app, &run, (language, may_steer)).await?;
        Ok(Seen { content, is_over: run.state.is_over() })
    })
    .await
}
