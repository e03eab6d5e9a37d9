//! `/audit`: what support did in the hotel, and what the hotel decided about it.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Query};
use askama::Template;
use hotelhub_core::audit::facts;
use hotelhub_http::error::ApiResult;
use serde::Deserialize;

use super::{
    shell::{Shell, render},
    words,
};
use crate::{
    access::Permission,
    audit::{self, AuditEntry, Filter},
    desk::Desk,
    properties,
    site::database_failed,
};

/// Which page, and whether to look along the chain as well.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    cursor: String,
    verify: String,
}

struct Row {
    seq: i64,
    at: String,
    kind: &'static str,
    actor: String,
    action: String,
    subject: String,
    details: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "pages/audit.html")]
struct Page {
    shell: Shell,
    rows: Vec<Row>,
    whole: Option<String>,
    broken: Option<String>,
    next: Option<String>,
}

/// Lists the log, the newest first.
pub(super) async fn list_entries(
    req: HttpRequest,
    desk: Desk,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    desk.site.require_schema(8)?;
    let cursor = Some(query.cursor.as_str()).filter(|it| !it.is_empty());
    let looked = desk.read(Permission::AuditRead, async |db| {
        let found = audit::list(db, &Filter::default(), (cursor, None)).await?;
        let verified = match query.verify.as_str() {
            "" => None,
            _ => Some(audit::verify(db, 0).await?),
        };
        Ok((found, verified, properties::zone(db).await.map_err(database_failed)?))
    });
    let ((entries, next), verified, zone) = looked.await?;
    let shell = Shell::inside(&req, &desk).await?;
    let (whole, broken) = match verified {
        None => (None, None),
        Some(it) => match it.broken_seq {
            Some(seq) => (None, Some(format!("{}: {seq}", shell.t.audit_broken))),
            None => {
                let (seq, hash) = (it.through_seq, it.through_hash);
                (Some(format!("{}: {seq}, {hash}", shell.t.audit_whole)), None)
            }
        },
    };
    let row = |it: AuditEntry| Row {
        seq: it.seq,
        at: words::moment(it.at, zone, shell.language),
        kind: match &*it.actor_kind {
            "support" => shell.t.audit_support,
            "vendor" => shell.t.audit_vendor,
            "system" => "",
            _ => shell.t.audit_staff,
        },
        actor: it.actor_name,
        action: it.action,
        subject: it.subject_id.unwrap_or_default(),
        details: facts(&it.details),
    };
    let rows = entries.into_iter().map(row).collect();
    let next = next.map(|it| format!("/audit?cursor={it}"));
    render(&req, StatusCode::OK, &Page { rows, whole, broken, next, shell })
}

/// The whole log as a file.
pub(super) async fn export(desk: Desk) -> ApiResult<HttpResponse> {
    audit::export(desk, 0).await
}
