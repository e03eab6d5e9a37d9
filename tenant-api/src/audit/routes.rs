//! `/api/v1/audit`: what support did in the hotel, for the hotel to see, take along and check.

use actix_web::{
    HttpResponse,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    web::{Bytes, Query, ServiceConfig},
};
use futures_util::stream;
use hotelhub_core::errors::Chain;
use hotelhub_http::{
    answer::Answer,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use hotelhub_tenancy::db::TenantConnection;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    model::{AuditEntry, Filter, Verification},
    service,
};
use crate::{access::Permission, desk::Desk};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/audit").get(list_audit_entries).register(app);
    Endpoint::at("/api/v1/audit/verify").get(verify_audit_log).register(app);
    Endpoint::at("/api/v1/audit/export").get(export_audit_log).register(app);
}

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    /// `support.change`, or `support` for all that begin so.
    action: Option<String>,
    /// An id, a name or an e-mail address.
    actor: Option<String>,
    /// Where the last page ended: its `meta.next_cursor`.
    cursor: Option<String>,
    /// 1 to 200; 50 if left out.
    limit: Option<i64>,
}

/// From which row on.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct AfterQuery {
    /// The rows after this one; from the beginning if left out.
    after: Option<i64>,
}

/// Lists the hotel's audit log, the newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery), responses(
    (status = 200, body = Answer<Vec<AuditEntry>>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
    (status = 503, body = ErrorBody, description = "`TENANT_UPDATING`"),
))]
pub(crate) async fn list_audit_entries(
    desk: Desk,
    query: Query<AuditQuery>,
) -> ApiResult<HttpResponse> {
    desk.site.require_schema(8)?;
    let AuditQuery { action, actor, cursor, limit } = query.into_inner();
    let filter = Filter { action, actor };
    let page = (cursor.as_deref(), limit);
    let found = desk.read(Permission::AuditRead, async |db| service::list(db, &filter, page).await);
    let (found, cursor) = found.await?;
    Ok(Answer::page(found, cursor, None).ok())
}

/// Walks along the log's chain of hashes, at most 10 000 rows at a time, and names the first row
/// that is not as it was written.
#[utoipa::path(get, path = "/api/v1/audit/verify", tag = "audit", params(AfterQuery), responses(
    (status = 200, body = Answer<Verification>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 503, body = ErrorBody, description = "`TENANT_UPDATING`"),
))]
pub(crate) async fn verify_audit_log(
    desk: Desk,
    query: Query<AfterQuery>,
) -> ApiResult<HttpResponse> {
    desk.site.require_schema(8)?;
    let after = query.after.unwrap_or_default().max(0);
    let found = desk.read(Permission::AuditRead, async |db| service::verify(db, after).await);
    Ok(Answer::new(found.await?).ok())
}

/// The log as a file: a JSON object a line, the oldest first, from the row after `after` to the newest
/// there is when it begins; the file's name says which. `hash` is the SHA-256 of the hash before (32 zero
/// bytes before the first row), then of each of seq, at, `actor_kind`, `actor_id`, `actor_name`,
/// `on_behalf_of`, `client_address`, action, `subject_kind`, `subject_id`, details and `request_id`
/// as `<bytes>:<text>,` or `-,`, with times as `2026-01-31T17:05:00.000000Z`.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "audit", params(AfterQuery), responses(
    (status = 200, description = "`application/jsonl`"),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 503, body = ErrorBody, description = "`TENANT_UPDATING`"),
))]
pub(crate) async fn export_audit_log(
    desk: Desk,
    query: Query<AfterQuery>,
) -> ApiResult<HttpResponse> {
    export(desk, query.after.unwrap_or_default().max(0)).await
}

/// The same, for a page. It is read piece by piece, each time anew by whoever asks: who may not look any
/// more, or finds the database away, gets a download that breaks off.
pub(crate) async fn export(desk: Desk, after: i64) -> ApiResult<HttpResponse> {
    desk.site.require_schema(8)?;
    // Before the answer begins, so that who may not look is refused as anywhere else.
    let begun = desk.read(Permission::AuditRead, async |db| {
        let until = service::find_newest(db).await?;
        Ok((until, service::list_piece(db, (after, until)).await?))
    });
    let (until, first) = begun.await?;
    let rows = first.first().map_or_else(|| "none".to_owned(), |it| format!("{}-{until}", it.seq));
    let name = format!("attachment; filename=\"audit-{}-{rows}.jsonl\"", desk.site.route.slug);
    let pieces = stream::try_unfold((desk, first), move |(desk, piece)| async move {
        let Some(last) = piece.last().map(|it| it.seq) else { return Ok(None) };
        let next = if last < until {
            let read = async |db: &TenantConnection| service::list_piece(db, (last, until)).await;
            desk.read(Permission::AuditRead, read).await.inspect_err(|error| {
                tracing::warn!(error = %Chain(error), "an export of an audit log breaks off");
            })?
        } else {
            Vec::new()
        };
        Ok::<_, ApiError>(Some((lines_of(&piece)?, (desk, next))))
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/jsonl"))
        .insert_header((CONTENT_DISPOSITION, name))
        .streaming(pieces))
}

fn lines_of(entries: &[AuditEntry]) -> ApiResult<Bytes> {
    let mut lines = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut lines, entry).map_err(ApiError::internal)?;
        lines.push(b'\n');
    }
    Ok(Bytes::from(lines))
}
