//! Rows of the log. No I/O here.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use hotelhub_core::{
    audit,
    ids::{RequestId, UserId},
};
use hotelhub_http::error::{ApiError, ApiResult};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

/// Who does something, from where, when, and in which request.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    /// `staff`, `support` or `vendor`.
    pub(crate) kind: &'static str,
    pub(crate) id: UserId,
    pub(crate) name: String,
    /// Who of the hotel let support in.
    pub(crate) on_behalf_of: Option<UserId>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) request: RequestId,
    pub(crate) at: DateTime<Utc>,
}

/// What was done, to what.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(super) action: &'static str,
    pub(super) subject: Option<(&'static str, String)>,
    pub(super) details: Map<String, Value>,
}

impl Event {
    /// An action is `what.verb`, e.g. `support.allow`.
    pub(crate) fn of(action: &'static str) -> Self {
        Self { action, subject: None, details: Map::new() }
    }

    /// To this thing.
    pub(crate) fn on(mut self, kind: &'static str, id: impl ToString) -> Self {
        self.subject = Some((kind, id.to_string()));
        self
    }

    /// With what is worth knowing of it; never a secret.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// The details, letter by letter as they are kept.
    pub(crate) fn details_text(&self) -> ApiResult<String> {
        serde_json::to_string(&self.details).map_err(ApiError::internal)
    }
}

/// A row, as it is stored and shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    /// Its place in the log.
    pub(crate) seq: i64,
    pub(crate) at: DateTime<Utc>,
    /// `staff`, `support` (one of the vendor's people, inside), `vendor` (from outside) or `system`.
    pub(crate) actor_kind: String,
    pub(crate) actor_id: Option<Uuid>,
    pub(crate) actor_name: String,
    /// Who of the hotel let support in.
    pub(crate) on_behalf_of: Option<Uuid>,
    pub(crate) client_address: Option<String>,
    /// `what.verb`, e.g. `support.change`.
    pub(crate) action: String,
    pub(crate) subject_kind: Option<String>,
    pub(crate) subject_id: Option<String>,
    /// A JSON object, letter by letter as the hash covers it.
    pub(crate) details: String,
    pub(crate) request_id: Option<Uuid>,
    /// Of the hash before and all fields, in hexadecimal digits.
    pub(crate) hash: String,
}

impl AuditEntry {
    /// The fields in the order in which they are hashed.
    pub(super) fn with_fields<T>(&self, work: impl FnOnce(&[Option<&str>]) -> T) -> T {
        let (seq, at) = (self.seq.to_string(), audit::written(self.at));
        let text = |it: Option<Uuid>| it.map(|it| it.to_string());
        let (actor, behalf) = (text(self.actor_id), text(self.on_behalf_of));
        let request = text(self.request_id);
        work(&[
            Some(&seq),
            Some(&at),
            Some(&self.actor_kind),
            actor.as_deref(),
            Some(&self.actor_name),
            behalf.as_deref(),
            self.client_address.as_deref(),
            Some(&self.action),
            self.subject_kind.as_deref(),
            self.subject_id.as_deref(),
            Some(&self.details),
            request.as_deref(),
        ])
    }
}

impl From<Row> for AuditEntry {
    fn from(row: Row) -> Self {
        Self {
            seq: row.get("seq"),
            at: row.get("at"),
            actor_kind: row.get("actor_kind"),
            actor_id: row.get("actor_id"),
            actor_name: row.get("actor_name"),
            on_behalf_of: row.get("on_behalf_of"),
            client_address: row.get("client_address"),
            action: row.get("action"),
            subject_kind: row.get("subject_kind"),
            subject_id: row.get("subject_id"),
            details: row.get("details"),
            request_id: row.get("request_id"),
            hash: audit::hex(row.get("hash")),
        }
    }
}

/// The end of the log.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) seq: i64,
    pub(super) hash: Vec<u8>,
}

/// Which entries; those to which all that is set applies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// `support.change`, or `support` for all that begin so.
    pub(crate) action: Option<String>,
    /// An id, a name or an e-mail address.
    pub(crate) actor: Option<String>,
}

/// Where a page ended. The newest come first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) seq: i64,
}

/// What a look along the chain found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Verification {
    /// Whether all rows that were looked at are as they were written.
    pub(crate) is_whole: bool,
    /// The last row that is as it was written: look on after it.
    pub(crate) through_seq: i64,
    /// Its hash. Note both down elsewhere: a log that was written anew as a whole shows by nothing else.
    pub(crate) through_hash: String,
    /// There are more rows: ask again with `after`.
    pub(crate) more: bool,
    /// The first row that is wrong.
    pub(crate) broken_seq: Option<i64>,
    /// `altered`, `missing`, `truncated` or `added`.
    pub(crate) broken: Option<&'static str>,
}
