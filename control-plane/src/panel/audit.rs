//! `/panel/audit`: who of the vendor's people did what.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use hotelhub_core::audit::facts;
use hotelhub_http::error::ApiResult;
use serde::Deserialize;

use super::{
    error::Refused,
    shell::{Shell, moment},
    typed::{link, tenant, text},
};
use crate::{
    app::App,
    audit::{
        AuditEntry,
        routes::{self, AuditQuery},
        service,
    },
    pages::respond,
    vendor_users::page_session::Visitor,
};

const PATH: &str = "/panel/audit";

/// What was typed into the filter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    tenant: String,
    actor: String,
    action: String,
    since: String,
    until: String,
    cursor: String,
    /// Whether to look along the chain as well.
    verify: String,
}

struct Row {
    seq: i64,
    at: String,
    actor: String,
    address: String,
    action: String,
    /// The tenant's id.
    tenant: String,
    subject: String,
    details: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "panel/audit.html")]
struct Page {
    shell: Shell,
    asked: ListQuery,
    /// Where the same list is with a look along the chain.
    verify: String,
    whole: Option<String>,
    broken: Option<String>,
    refusal: Option<Refused>,
    rows: Vec<Row>,
    next: Option<String>,
}

/// Lists what was done, the newest first.
pub(super) async fn list_entries(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("audit.read")?;
    let asked = query.into_inner();
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
    let shell = Shell::inside(&req, vendor);
    let (whole, broken) = match asked.verify.as_str() {
        "" => (None, None),
        _ => verify(&app, &shell).await?,
    };
    let status = refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    let page = Page {
        verify: asked.link("", "yes"),
        next: cursor.map(|it| asked.link(&it, "")),
        rows: found.into_iter().map(row).collect(),
        shell,
        asked,
        whole,
        broken,
        refusal,
    };
    respond(&req, status, &page)
}

/// What is to be said of the whole chain: that it is whole, or where it is broken.
async fn verify(app: &App, shell: &Shell) -> ApiResult<(Option<String>, Option<String>)> {
    let mut after = 0;
    loop {
        let found = service::verify(&app.db, after, None).await?;
        if let Some(fault) = found.fault {
            let told = format!("{}: {} ({})", shell.t.audit_broken, fault.seq, fault.kind);
            return Ok((None, Some(told)));
        }
        if !found.more {
            let (seq, hash) = (found.through_seq, found.through_hash);
            return Ok((Some(format!("{}: {seq}, {hash}", shell.t.audit_whole)), None));
        }
        after = found.through_seq;
    }
}

/// A day of western Indonesia begins at its midnight; anything else is left for the API to refuse.
fn day(field: &str) -> Option<String> {
    let text = text(field)?;
    Some(if text.len() == 10 { format!("{text}T00:00:00+07:00") } else { text })
}

impl ListQuery {
    fn link(&self, cursor: &str, verify: &str) -> String {
        let Self { tenant, actor, action, since, until, .. } = self;
        let fields = [
            ("tenant", &**tenant),
            ("actor", actor),
            ("action", action),
            ("since", since),
            ("until", until),
            ("cursor", cursor),
            ("verify", verify),
        ];
        link(PATH, &fields)
    }
}

fn row(it: AuditEntry) -> Row {
    let subject = it.subject_kind.zip(it.subject_id);
    Row {
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
