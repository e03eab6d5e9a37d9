//! `/panel/backups`: how the fleet's backups stand, and all of them.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use hotelhub_http::error::ApiResult;
use serde::Deserialize;

use super::{Row, kind, texts::BackupTexts};
use crate::{
    app::App,
    backups::{
        model::{KINDS, Summary},
        routes, store,
    },
    database::database_failed,
    pages::respond,
    panel::{
        choice::Choice,
        error::Refused,
        shell::{Shell, size},
        typed::{link, tenant, text},
    },
    vendor_users::page_session::Visitor,
};

const PATH: &str = "/panel/backups";

/// What was typed into the filter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    tenant: String,
    kind: String,
    cursor: String,
}

#[derive(Template)]
#[template(path = "panel/backups.html")]
struct Page {
    shell: Shell,
    w: &'static BackupTexts,
    asked: ListQuery,
    kinds: Vec<Choice>,
    it: Summary,
    stored: String,
    drills: String,
    refusal: Option<Refused>,
    rows: Vec<Row>,
    next: Option<String>,
}

/// Lists backups, the newest first.
pub(super) async fn list_backups(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("backups.read")?;
    let asked = query.into_inner();
    let wanted = routes::ListQuery {
        tenant: tenant(&asked.tenant),
        kind: text(&asked.kind),
        cursor: text(&asked.cursor),
        limit: None,
    };
    let ((found, cursor), refusal) = match routes::list(&app, wanted).await {
        Ok(found) => (found, None),
        Err(error) => ((Vec::new(), None), Some(Refused::of(error)?)),
    };
    let it = store::summarize(&app.db, app.clock.now()).await.map_err(database_failed)?;
    let shell = Shell::inside(&req, vendor);
    let w = BackupTexts::of(shell.language);
    let (passed, failed) = (it.drills_passed.to_string(), it.drills_failed.to_string());
    let page = Page {
        kinds: KINDS.map(|name| Choice::of(name, kind(name, w), &asked.kind)).into(),
        stored: size(it.bytes),
        drills: w.passed_failed.replace("{passed}", &passed).replace("{failed}", &failed),
        rows: found.iter().map(|it| Row::of(it, shell.language)).collect(),
        next: cursor.map(|it| {
            link(PATH, &[("tenant", &asked.tenant), ("kind", &asked.kind), ("cursor", &it)])
        }),
        shell,
        w,
        asked,
        it,
        refusal,
    };
    let status = page.refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    respond(&req, status, &page)
}
