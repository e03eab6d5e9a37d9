//! `/panel/operations`: the list.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use hotelhub_http::error::ApiResult;
use serde::Deserialize;

use super::{progress::Row, texts::OperationTexts};
use crate::{
    app::App,
    operations::{Kind, State, routes},
    pages::respond,
    panel::{
        choice::Choice,
        error::Refused,
        shell::Shell,
        states::{Shown, kind},
        typed::{link, tenant, text},
    },
    vendor_users::page_session::Visitor,
};

const PATH: &str = "/panel/operations";

/// What was typed into the filter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    tenant: String,
    kind: String,
    state: String,
    cursor: String,
}

#[derive(Template)]
#[template(path = "panel/operations.html")]
struct Page {
    shell: Shell,
    w: &'static OperationTexts,
    asked: ListQuery,
    kinds: Vec<Choice>,
    states: Vec<Choice>,
    refusal: Option<Refused>,
    rows: Vec<Row>,
    next: Option<String>,
}

/// Lists operations, the newest first.
pub(super) async fn list_operations(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("operations.read")?;
    let asked = query.into_inner();
    let wanted = routes::ListQuery {
        tenant: tenant(&asked.tenant),
        kind: text(&asked.kind),
        state: text(&asked.state),
        cursor: text(&asked.cursor),
        ..routes::ListQuery::default()
    };
    let ((found, cursor), refusal) = match routes::list(&app, wanted).await {
        Ok(found) => (found, None),
        Err(error) => ((Vec::new(), None), Some(Refused::of(error)?)),
    };
    let shell = Shell::inside(&req, vendor);
    let (language, w, now) = (shell.language, OperationTexts::of(shell.language), app.clock.now());
    let open = Choice::of("open", w.open_state, &asked.state);
    let each = State::ALL.map(|it| Choice::of(it.as_str(), it.badge(language).name, &asked.state));
    let page = Page {
        kinds: Kind::ALL
            .map(|it| Choice::of(it.as_str(), kind(it.as_str(), language), &asked.kind))
            .into(),
        states: std::iter::once(open).chain(each).collect(),
        rows: found.iter().map(|it| Row::of(it, language, now)).collect(),
        next: cursor.map(|it| asked.link(&it)),
        shell,
        w,
        asked,
        refusal,
    };
    let status = page.refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    respond(&req, status, &page)
}

impl ListQuery {
    fn link(&self, cursor: &str) -> String {
        let Self { tenant, kind, state, .. } = self;
        let fields = [("tenant", &**tenant), ("kind", kind), ("state", state), ("cursor", cursor)];
        link(PATH, &fields)
    }
}
