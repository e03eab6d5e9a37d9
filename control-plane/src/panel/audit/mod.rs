//! `/panel/audit`: who of the vendor's people did what.

mod texts;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use hotelhub_core::audit::facts;
use hotelhub_http::{
    endpoint::{Endpoint, Routes},
    error::{ApiError, ApiResult},
    language::Language,
};
use serde::Deserialize;

use self::texts::AuditTexts;
use super::GATE;
use crate::{
    app::App,
    audit::{
        AuditEntry, cursor_at, find_walks,
        routes::{self, AuditQuery, VerifyQuery},
    },
    database::database_failed,
    pages::respond,
    panel::{
        error::Refused,
        shell::{Shell, moment},
        typed::{link, tenant, text},
    },
    vendor_users::{Vendor, page_session::Visitor},
};

const PATH: &str = "/panel/audit";

/// Adds the page.
pub(super) fn register<R: Routes>(scope: &mut R) {
    Endpoint::at("/audit").get(GATE.behind(list_entries)).register(scope);
}

/// What was typed into the filter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ListQuery {
    tenant: String,
    actor: String,
    action: String,
    since: String,
    until: String,
    cursor: String,
    /// Whether to look along the chain as well.
    verify: String,
    /// The row after which to look on.
    after: String,
    /// A row that was noted down elsewhere.
    anchor_seq: String,
    anchor_hash: String,
}

/// One entry in a list.
pub(super) struct Row {
    pub(super) seq: i64,
    pub(super) at: String,
    pub(super) actor: String,
    pub(super) address: String,
    pub(super) action: String,
    /// The tenant's id.
    pub(super) tenant: String,
    pub(super) subject: String,
    pub(super) details: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "panel/audit.html")]
struct Page {
    shell: Shell,
    w: &'static AuditTexts,
    asked: ListQuery,
    /// What the platform found by itself.
    walked: String,
    look: Look,
    refusal: Option<Refused>,
    rows: Vec<Row>,
    next: Option<String>,
}

/// What a look along the chain came to.
#[derive(Default)]
struct Look {
    whole: Option<String>,
    broken: Option<String>,
    /// Where the row is shown that is wrong.
    row: Option<String>,
    /// Where the rows after these are looked at.
    go_on: Option<String>,
}

/// Lists what was done, the newest first.
async fn list_entries(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("audit.read")?;
    let (asked, w) = (query.into_inner(), AuditTexts::of(Language::of(&req)));
    let wanted = AuditQuery {
        actor: text(&asked.actor),
        action: text(&asked.action),
        tenant: tenant(&asked.tenant),
        since: day(&asked.since),
        until: day(&asked.until),
        cursor: text(&asked.cursor),
        limit: None,
    };
    let ((found, cursor), refusal) = match routes::list(&app, &vendor, wanted).await {
        Ok(found) => (found, None),
        Err(error) => ((Vec::new(), None), Some(Refused::of(error)?)),
    };
    let looked = match asked.verify.as_str() {
        "" => Ok(Look::default()),
        _ => look_along(&app, &vendor, &asked, w).await,
    };
    let (look, refusal) = match looked {
        Ok(look) => (look, refusal),
        Err(error) => (Look::default(), Some(Refused::of(error)?)),
    };
    let walked = say_last_walk(&app, w).await?;
    let status = refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    let page = Page {
        shell: Shell::inside(&req, vendor),
        w,
        next: cursor.map(|it| asked.link(&[("cursor", &it)])),
        rows: found.into_iter().map(Row::of).collect(),
        asked,
        walked,
        look,
        refusal,
    };
    respond(&req, status, &page)
}

/// Looks along some thousand rows of the chain: whether they are whole, or where it is broken.
async fn look_along(
    app: &App,
    vendor: &Vendor,
    asked: &ListQuery,
    w: &AuditTexts,
) -> ApiResult<Look> {
    let wanted = VerifyQuery {
        after: number("after", &asked.after)?,
        anchor_seq: number("anchor_seq", &asked.anchor_seq)?,
        anchor_hash: text(&asked.anchor_hash),
    };
    let found = routes::verify(app, vendor, wanted).await?;
    if let Some(fault) = found.fault {
        let broken = format!("{}: {} ({})", w.broken, fault.seq, w.fault(fault.kind));
        let row = Some(link_to_row(fault.seq));
        return Ok(Look { broken: Some(broken), row, ..Look::default() });
    }
    let (seq, end, hash) = (found.through_seq, found.head_seq, found.through_hash);
    let whole = format!("{} {seq} {} {end}: {hash}", w.whole, w.of_rows);
    let go_on = found.more.then(|| asked.link_after(seq));
    Ok(Look { whole: Some(whole), go_on, ..Look::default() })
}

/// What the platform found when it last looked along the whole chain by itself.
async fn say_last_walk(app: &App, w: &AuditTexts) -> ApiResult<String> {
    let walks = find_walks(&app.db).await.map_err(database_failed)?;
    let Some(walk) = walks.last_walk() else { return Ok(w.never_walked.to_owned()) };
    let found = match walk.broken {
        Some(it) => format!("{}: {} ({})", w.broken, it.seq, w.fault(&it.kind)),
        None => format!("{} {}", w.whole, walk.through_seq),
    };
    Ok(format!("{} {}: {found}.", w.walked, moment(walk.ended_at)))
}

/// What is wrong with a row, in a word.
pub(super) fn fault_name(kind: &str, language: Language) -> &str {
    AuditTexts::of(language).fault(kind)
}

/// Where a row is shown, the first of the list, with a look along the chain from it on.
pub(super) fn link_to_row(seq: i64) -> String {
    let after = seq.saturating_sub(1).max(0).to_string();
    // Without a cursor the list begins with the newest row.
    let cursor = cursor_at(seq).unwrap_or_default();
    link(PATH, &[("verify", "yes"), ("after", &after), ("cursor", &cursor)])
}

fn number(field: &'static str, typed: &str) -> ApiResult<Option<i64>> {
    let read = text(typed).map(|it| it.parse()).transpose();
    read.map_err(|_no_number| ApiError::invalid(field, "needs to be a number"))
}

/// A day of western Indonesia begins at its midnight; anything else is left for the API to refuse.
fn day(field: &str) -> Option<String> {
    let text = text(field)?;
    Some(if text.len() == 10 { format!("{text}T00:00:00+07:00") } else { text })
}

impl ListQuery {
    /// The same filter, with these fields as well.
    fn link(&self, more: &[(&str, &str)]) -> String {
        let Self { tenant, actor, action, since, until, .. } = self;
        let fields = [
            ("tenant", &**tenant),
            ("actor", actor),
            ("action", action),
            ("since", since),
            ("until", until),
        ];
        link(PATH, &[fields.as_slice(), more].concat())
    }

    /// The same filter and anchor, with a look along the chain after this row.
    fn link_after(&self, seq: i64) -> String {
        let after = seq.to_string();
        self.link(&[
            ("verify", "yes"),
            ("after", &after),
            ("anchor_seq", &self.anchor_seq),
            ("anchor_hash", &self.anchor_hash),
        ])
    }
}

impl Row {
    pub(super) fn of(it: AuditEntry) -> Self {
        let subject = it.subject_kind.zip(it.subject_id);
        Self {
            seq: it.seq,
            at: moment(it.at),
            actor: it.actor_name,
            address: it.client_address.unwrap_or_default(),
            action: it.action,
            tenant: it.tenant_id.map(|it| it.to_string()).unwrap_or_default(),
            subject: subject.map(|(kind, id)| format!("{kind} {id}")).unwrap_or_default(),
            details: facts(&it.details.to_string()),
        }
    }
}
