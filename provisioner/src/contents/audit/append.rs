//! Adds what the platform did.

use chrono::{DateTime, Utc};
use hotelhub_core::{audit, sql::Query};
use serde_json::Value;
use tokio_postgres::Error;

use super::{Head, next_seq};

/// What the platform did to the hotel.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// `what.verb`.
    pub(crate) action: &'a str,
    /// The kind and the id of what it was done to.
    pub(crate) subject: (&'a str, &'a str),
    /// A JSON object.
    pub(crate) details: &'a Value,
}

/// Appends an entry, within a transaction. Only where nobody else writes: the end of the log is not
/// held.
pub(crate) async fn append(tx: &impl Query, entry: &Entry<'_>) -> Result<(), Error> {
    let Entry { at, action, subject: (kind, id), details } = entry;
    let (seq, before) = (next_seq(tx).await?, Head::of(tx).await?.hash);
    let (number, written, details) = (seq.to_string(), audit::written(*at), details.to_string());
    let fields = [
        Some(&*number),
        Some(&*written),
        Some("system"),
        None,
        Some("HotelHub"),
        None,
        None,
        Some(*action),
        Some(*kind),
        Some(*id),
        Some(&*details),
        None,
    ];
    let hash = audit::chain(&before, &fields);
    let write = "INSERT INTO audit_log
           (seq, at, actor_kind, actor_name, action, subject_kind, subject_id, details, hash)
         VALUES ($1, $2, 'system', 'HotelHub', $3, $4, $5, $6, $7)";
    let at = audit::kept(*at);
    tx.execute(write, &[&seq, &at, action, kind, id, &details, &hash]).await?;
    Head { seq, hash }.write(tx).await
}
