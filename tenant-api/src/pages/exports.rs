//! `/exports`: the hotel's owner takes everything along, also from a stopped hotel.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Path, Query},
};
use askama::Template;
use hotelhub_core::ids::OperationId;
use hotelhub_http::{
    body::NoBody,
    error::{ApiError, ApiResult},
    form::{PageForm, fresh_key},
};
use serde::Deserialize;

use super::{
    login::NoFields,
    shell::{Shell, render},
    texts::Texts,
    words,
};
use crate::{
    desk::{Desk, WhileInFlight},
    exports::{self, Export, State},
    properties,
    site::database_failed,
};

const PATH: &str = "/exports";

/// What was done before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    done: String,
}

struct Row {
    asked: String,
    state: &'static str,
    size: String,
    rows: String,
    until: String,
    /// Where the file is, once it is whole.
    file: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/exports.html")]
struct Page {
    shell: Shell,
    /// The one that is being made.
    running: Option<Row>,
    rows: Vec<Row>,
    done: Option<&'static str>,
    refusal: Option<&'static str>,
    /// Whether it is known what there is.
    is_known: bool,
    key: String,
}

/// Shows the exports that there are, and how far the one is that is being made.
pub(super) async fn list_exports(
    req: HttpRequest,
    desk: Desk,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    show(&req, &desk, &query.done, None).await
}

/// Asks for one.
pub(super) async fn ask_for_export(
    req: HttpRequest,
    desk: Desk,
    form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    match exports::ask(&desk, &form.repeat, WhileInFlight::Wait).await {
        Ok(_) => {
            let next = format!("{PATH}?done=asked");
            Ok(HttpResponse::SeeOther().insert_header((LOCATION, next)).finish())
        }
        Err(error) => show(&req, &desk, "", Some(error)).await,
    }
}

/// Sends the file.
pub(super) async fn download_export(
    desk: Desk,
    id: Path<OperationId>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    exports::download(&desk, *id, &body.0).await
}

async fn show(
    req: &HttpRequest,
    desk: &Desk,
    done: &str,
    refused: Option<ApiError>,
) -> ApiResult<HttpResponse> {
    let t = Shell::outside(req, "").t;
    let refused = match refused {
        Some(error) => Some((error.status(), refusal(t, error)?)),
        None => None,
    };
    let look =
        exports::list(desk, async |db, _| properties::zone(db).await.map_err(database_failed));
    let (zone, found) = look.await?;
    let (found, away) = match found {
        Ok(found) => (found, None),
        Err(error) => (Vec::new(), Some((error.status(), refusal(t, error)?))),
    };
    let shell = Shell::inside(req, desk).await?;
    let moment = |it| words::moment(it, zone, shell.language);
    let row = |it: Export| Row {
        asked: moment(it.requested_at),
        state: state(shell.t, it.state),
        size: it.bytes.map(|it| words::size(it, shell.language)).unwrap_or_default(),
        rows: it.rows.map(|it| shell.language.number(it)).unwrap_or_default(),
        until: it.keep_until.map(moment).unwrap_or_default(),
        file: (it.state == State::Ready).then(|| format!("{PATH}/{}/bundle", it.id)),
    };
    let is_running = |it: &Export| matches!(it.state, State::Waiting | State::Running);
    let is_known = away.is_none();
    let (running, kept): (Vec<Export>, Vec<Export>) = found.into_iter().partition(is_running);
    let refused = refused.or(away);
    let page = Page {
        running: running.into_iter().next().map(row),
        rows: kept.into_iter().map(row).collect(),
        done: (done == "asked").then_some(shell.t.exports_told),
        refusal: refused.map(|(_, text)| text),
        is_known,
        key: fresh_key(),
        shell,
    };
    render(req, refused.map_or(StatusCode::OK, |(status, _)| status), &page)
}

/// What to say of a refusal; hands back an error that has a page of its own.
fn refusal(t: &Texts, error: ApiError) -> ApiResult<&'static str> {
    match error.code() {
        "EXPORT_LIMIT" => Ok(t.exports_limit),
        "EXPORT_IN_PROGRESS" => Ok(t.exports_busy),
        "EXPORTS_UNAVAILABLE" => Ok(t.exports_away),
        _ => Err(error),
    }
}

fn state(t: &Texts, state: State) -> &'static str {
    match state {
        State::Waiting => t.exports_waiting,
        State::Running => t.exports_running,
        State::Ready => t.exports_ready,
        State::Failed => t.exports_failed,
    }
}
