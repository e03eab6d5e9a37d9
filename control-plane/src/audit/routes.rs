//! `/api/v1/audit`: who did what, and whether the log is whole.

use actix_web::{
    HttpResponse,
    web::{Data, Query, ServiceConfig},
};
use chrono::{DateTime, Utc};
use hotelhub_http::{
    answer::Answer,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    model::{AuditEntry, Filter, Verification},
    service::{self, Anchor},
};
use crate::{
    app::App,
    paging::parsed,
    tenants::{TenantRef, find_meant},
    vendor_users::Vendor,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/audit").get(list_audit_entries).register(app);
    Endpoint::at("/api/v1/audit/verify").get(verify_audit_log).register(app);
}

/// Which entries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// An id, or an e-mail address.
    pub(crate) actor: Option<String>,
    /// `tenant.suspend`, or `tenant` for all that begin so.
    pub(crate) action: Option<String>,
    /// Slug or id.
    #[param(value_type = Option<String>)]
    pub(crate) tenant: Option<TenantRef>,
    /// From this instant on.
    pub(crate) since: Option<String>,
    /// Before this instant.
    pub(crate) until: Option<String>,
    /// Where the last page ended: its `meta.next_cursor`.
    pub(crate) cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    pub(crate) limit: Option<u64>,
}

/// Which part of the log to look along.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VerifyQuery {
    /// The `through_seq` of the last answer with `more`; 0, the beginning, if left out.
    pub(crate) after: Option<i64>,
    /// A row whose hash was noted down elsewhere.
    pub(crate) anchor_seq: Option<i64>,
    /// That hash, in hexadecimal digits.
    pub(crate) anchor_hash: Option<String>,
}

/// Lists what was done, the newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery), responses(
    (status = 200, body = Answer<Vec<AuditEntry>>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn list_audit_entries(
    app: Data<App>,
    vendor: Vendor,
    query: Query<AuditQuery>,
) -> ApiResult<HttpResponse> {
    let (found, cursor) = list(&app, &vendor, query.into_inner()).await?;
    Ok(Answer::page(found, cursor, None).ok())
}

/// The same, for a page.
pub(crate) async fn list(
    app: &App,
    vendor: &Vendor,
    query: AuditQuery,
) -> ApiResult<(Vec<AuditEntry>, Option<String>)> {
    vendor.require("audit.read")?;
    let filter = Filter {
        actor: query.actor,
        action: query.action,
        tenant: find_meant(&app.db, query.tenant.as_ref()).await?,
        since: instant("since", query.since.as_deref())?,
        until: instant("until", query.until.as_deref())?,
    };
    service::list(&app.db, &filter, (query.cursor.as_deref(), query.limit)).await
}

fn instant(field: &'static str, text: Option<&str>) -> ApiResult<Option<DateTime<Utc>>> {
    let read: Option<DateTime<chrono::FixedOffset>> = match parsed(field, text) {
        Ok(it) => it,
        Err(_not_one) => {
            return Err(ApiError::invalid(field, "needs the form 2026-01-31T17:05:00+07:00"));
        }
    };
    Ok(read.map(Into::into))
}

/// Walks along the log's chain of hashes, at most 10 000 rows at a time, and names the first row
/// that is not as it was written. A log that was cut at its end or written anew, together with its
/// head, shows only beside an anchor: a row's number and hash that were noted down elsewhere, as
/// `control-plane serve` does in its own log.
#[utoipa::path(get, path = "/api/v1/audit/verify", tag = "audit", params(VerifyQuery), responses(
    (status = 200, body = Answer<Verification>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn verify_audit_log(
    app: Data<App>,
    vendor: Vendor,
    query: Query<VerifyQuery>,
) -> ApiResult<HttpResponse> {
    Ok(Answer::new(verify(&app, &vendor, query.into_inner()).await?).ok())
}

/// The same, for a page.
pub(crate) async fn verify(
    app: &App,
    vendor: &Vendor,
    query: VerifyQuery,
) -> ApiResult<Verification> {
    vendor.require("audit.read")?;
    let after = query.after.unwrap_or_default();
    if after < 0 {
        return Err(ApiError::invalid("after", "needs to be 0 or more"));
    }
    let anchor = match (query.anchor_seq, query.anchor_hash) {
        (None, None) => None,
        (Some(seq), Some(hash)) if seq >= 0 => Some(Anchor { seq, hash }),
        _ => {
            let why = "an anchor is both `anchor_seq`, 0 or more, and `anchor_hash`";
            return Err(ApiError::invalid("anchor_seq", why));
        }
    };
    service::verify(&app.db, after, anchor.as_ref()).await
}
