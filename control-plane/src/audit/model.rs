//! Rows of the log, and which of them are looked for. No I/O here.

use chrono::{DateTime, Utc};
use hotelhub_core::{
    audit::{self, Fault},
    ids::TenantId,
};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::walker::LastWalk;

/// A row as it is stored.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct Row {
    pub(super) seq: i64,
    pub(super) at: DateTime<Utc>,
    pub(super) actor_kind: String,
    pub(super) actor_id: Option<Uuid>,
    pub(super) actor_name: String,
    pub(super) session_id: Option<Uuid>,
    pub(super) client_address: Option<String>,
    pub(super) action: String,
    pub(super) subject_kind: Option<String>,
    pub(super) subject_id: Option<String>,
    pub(super) tenant_id: Option<Uuid>,
    pub(super) details: String,
    pub(super) request_id: Option<Uuid>,
    pub(super) hash: Vec<u8>,
}

impl Row {
    /// The fields in the order in which they are hashed.
    pub(super) fn with_fields<T>(&self, work: impl FnOnce(&[Option<&str>]) -> T) -> T {
        let (seq, at) = (self.seq.to_string(), audit::written(self.at));
        let text = |it: Option<Uuid>| it.map(|it| it.to_string());
        let (actor, session) = (text(self.actor_id), text(self.session_id));
        let (tenant, request) = (text(self.tenant_id), text(self.request_id));
        work(&[
            Some(&seq),
            Some(&at),
            Some(&self.actor_kind),
            actor.as_deref(),
            Some(&self.actor_name),
            session.as_deref(),
            self.client_address.as_deref(),
            Some(&self.action),
            self.subject_kind.as_deref(),
            self.subject_id.as_deref(),
            tenant.as_deref(),
            Some(&self.details),
            request.as_deref(),
        ])
    }
}

/// The end of the log.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Head {
    pub(crate) seq: i64,
    pub(crate) hash: Vec<u8>,
}

/// What was done, by whom, to what.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    /// Its place in the log.
    pub(crate) seq: i64,
    pub(crate) at: DateTime<Utc>,
    /// `vendor_user`, `anonymous` or `system`.
    pub(crate) actor_kind: String,
    pub(crate) actor_id: Option<Uuid>,
    /// An e-mail address, as it was typed if nobody has it; or the part of the platform.
    pub(crate) actor_name: String,
    pub(crate) session_id: Option<Uuid>,
    pub(crate) client_address: Option<String>,
    /// `what.verb`, e.g. `tenant.suspend`.
    pub(crate) action: String,
    pub(crate) subject_kind: Option<String>,
    pub(crate) subject_id: Option<String>,
    pub(crate) tenant_id: Option<Uuid>,
    #[schema(value_type = Object)]
    pub(crate) details: Value,
    pub(crate) request_id: Option<Uuid>,
    /// In hexadecimal digits.
    pub(crate) hash: String,
}

impl From<Row> for AuditEntry {
    fn from(row: Row) -> Self {
        // Somebody may have altered it; the chain says so, a list still shows the rest.
        let details = serde_json::from_str(&row.details).unwrap_or(Value::String(row.details));
        Self {
            seq: row.seq,
            at: row.at,
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            actor_name: row.actor_name,
            session_id: row.session_id,
            client_address: row.client_address,
            action: row.action,
            subject_kind: row.subject_kind,
            subject_id: row.subject_id,
            tenant_id: row.tenant_id,
            details,
            request_id: row.request_id,
            hash: audit::hex(&row.hash),
        }
    }
}

/// Which entries; those to which all that is set applies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// An id, or an e-mail address.
    pub(crate) actor: Option<String>,
    /// `tenant.suspend`, or `tenant` for all that begin so.
    pub(crate) action: Option<String>,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) since: Option<DateTime<Utc>>,
    pub(crate) until: Option<DateTime<Utc>>,
}

/// Where a page ended. The newest come first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) seq: i64,
}

/// What a look along the chain found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Verification {
    /// Whether all rows that were looked at are as they were written.
    pub(crate) is_whole: bool,
    /// Rows that were looked at.
    pub(crate) rows: i64,
    /// The last row that is as it was written: look on after it.
    pub(crate) through_seq: i64,
    /// Its hash. Note both down elsewhere, and give them as `anchor_seq` and `anchor_hash` later.
    pub(crate) through_hash: String,
    /// How long the log is.
    pub(crate) head_seq: i64,
    /// There are more rows: ask again with `after`.
    pub(crate) more: bool,
    /// The first row that is wrong.
    pub(crate) fault: Option<FaultBody>,
    /// What the platform found by itself, which looks along the whole log at least once a day.
    pub(crate) last_walk: Option<LastWalk>,
}

/// What is wrong with a row.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FaultBody {
    pub(crate) seq: i64,
    /// `altered`, `missing`, `truncated`, `rewritten` or `added`.
    pub(crate) kind: &'static str,
    pub(crate) message: &'static str,
}

impl From<Fault> for FaultBody {
    fn from(fault: Fault) -> Self {
        Self { seq: fault.seq(), kind: fault.kind(), message: fault.meaning() }
    }
}
