//! `/panel/domains`: the domains of all hotels.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use hotelhub_http::error::ApiResult;
use serde::Deserialize;

use super::{
    domain_texts::DomainTexts,
    error::Refused,
    shell::{Shell, moment},
    typed::{link, tenant, text},
};
use crate::{
    app::App,
    domains::{
        Domain,
        service::{self, Wanted},
    },
    pages::respond,
    vendor_users::page_session::Visitor,
};

const PATH: &str = "/panel/domains";
/// The states that one may choose, the most urgent first.
const STATES: [&str; 4] = ["stuck", "action_needed", "working", "live"];

/// What was typed into the filter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    state: String,
    kind: String,
    tenant: String,
    text: String,
    cursor: String,
}

struct Row {
    hostname: String,
    slug: String,
    is_primary: bool,
    state: &'static str,
    /// Empty where nothing is to be done.
    next: &'static str,
    certificate: String,
    checked: String,
}

#[derive(Template)]
#[template(path = "panel/domains.html")]
struct Page {
    shell: Shell,
    d: &'static DomainTexts,
    asked: ListQuery,
    states: Vec<(&'static str, &'static str)>,
    refusal: Option<Refused>,
    rows: Vec<Row>,
    next: Option<String>,
}

/// Lists the domains that are held or claimed, the newest first.
pub(super) async fn list_domains(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.read")?;
    let query = query.into_inner();
    let wanted = Wanted {
        tenant: tenant(&query.tenant),
        state: text(&query.state),
        kind: text(&query.kind),
        text: text(&query.text),
        cursor: text(&query.cursor),
        limit: None,
    };
    let ((found, cursor), refusal) = match service::list(&app, wanted).await {
        Ok(found) => (found, None),
        Err(error) => ((Vec::new(), None), Some(Refused::of(error)?)),
    };
    let shell = Shell::inside(&req, vendor);
    let d = DomainTexts::of(shell.language);
    let page = Page {
        rows: found.into_iter().map(|it| row(it, &shell, d)).collect(),
        next: cursor.map(|it| query.next(&it)),
        states: STATES.map(|it| (it, d.state(it))).into(),
        shell,
        d,
        asked: query,
        refusal,
    };
    let status = page.refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    respond(&req, status, &page)
}

impl ListQuery {
    fn next(&self, cursor: &str) -> String {
        let Self { state, kind, tenant, text, .. } = self;
        let fields = [
            ("state", &**state),
            ("kind", kind),
            ("tenant", tenant),
            ("text", text),
            ("cursor", cursor),
        ];
        link(PATH, &fields)
    }
}

/// How a certificate stands, and when the next one is ordered if that was put off, in words.
pub(super) fn certificate(it: &Domain, d: &DomainTexts) -> String {
    let status = d.ssl(it.ssl.status.as_str());
    let until = it.ssl.expires_at.map(moment).unwrap_or_default();
    let stands = format!("{status} {until}").trim_end().to_owned();
    match it.ssl.retry_at {
        Some(retry_at) => format!("{stands}; {} {}", d.ssl_retry, moment(retry_at)),
        None => stands,
    }
}

fn row(it: Domain, shell: &Shell, d: &DomainTexts) -> Row {
    let next = it.next_action.code;
    Row {
        certificate: certificate(&it, d),
        hostname: it.shown,
        slug: it.slug,
        is_primary: it.is_primary,
        state: d.state(it.state.as_str()),
        next: if next.as_str() == "none" { "" } else { next.text(shell.language) },
        checked: it.last_checked_at.map_or_else(String::new, moment),
    }
}
