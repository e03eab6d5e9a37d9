//! A hotel's audit log, as it lies in its database: walked along, and added to where nobody else is.
//!
//! Its rows are chained as [`hotelhub_core::audit`] says. The fields that a hash covers are asked for
//! as texts, so what is hashed here is what was hashed when the row was written.

use chrono::{DateTime, Utc};
use hotelhub_core::{
    audit::{self, End, Fault, GENESIS, Walk},
    sql::Query as _,
};
use serde_json::Value;
use tokio_postgres::{Error, Row};

use crate::session::Session;

/// The first schema that has the log.
pub(crate) const SINCE: i32 = 8;

/// Rows of one look along the chain.
const CHUNK: i64 = 1_000;

/// How many of a row's columns are its fields.
const FIELDS: usize = 12;

const ROWS: &str = "SELECT seq::text,
       to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),
       actor_kind, actor_id::text, actor_name, on_behalf_of::text, client_address, action,
       subject_kind, subject_id, details, request_id::text, seq AS number, hash
     FROM audit_log WHERE seq > $1 ORDER BY audit_log.seq LIMIT $2";

/// The first row that is not as it was written, if there is one.
pub(crate) async fn find_fault(inside: &Session) -> Result<Option<Fault>, Error> {
    let mut walk = Walk::after(0, GENESIS.to_vec());
    loop {
        let rows = inside.query(ROWS, &[&walk.seq(), &CHUNK]).await?;
        for row in &rows {
            if let Err(fault) = step(&mut walk, row)? {
                return Ok(Some(fault));
            }
        }
        if rows.is_empty() {
            break;
        }
    }
    // All rows were walked along, those behind the head as well.
    let head = inside.query_one("SELECT seq, hash FROM audit_head", &[]).await?;
    let end = End { seq: head.try_get(0)?, hash: head.try_get(1)?, beyond: None };
    Ok(walk.end(&end, walk.seq()).err())
}

fn step(walk: &mut Walk, row: &Row) -> Result<Result<(), Fault>, Error> {
    let fields: Vec<Option<&str>> =
        (0..FIELDS).map(|at| row.try_get(at)).collect::<Result<_, _>>()?;
    let hash: Vec<u8> = row.try_get("hash")?;
    Ok(walk.step(row.try_get("number")?, &fields, &hash))
}

/// What the platform did to the hotel.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// `what.verb`.
    pub(crate) action: &'a str,
    /// The kind and the id of what it was done to; an action is told once of each.
    pub(crate) subject: (&'a str, &'a str),
    /// A JSON object.
    pub(crate) details: &'a Value,
}

/// Appends an entry unless it is there. Only where nobody else writes: the end of the log is not
/// held. After a log that was tampered with it goes on behind whatever is there.
pub(crate) async fn append(inside: &Session, entry: &Entry<'_>) -> Result<(), Error> {
    let Entry { at, action, subject: (kind, id), details } = entry;
    let end = "SELECT greatest(h.seq, (SELECT max(seq) FROM audit_log)) + 1, h.hash, EXISTS (
           SELECT FROM audit_log WHERE action = $1 AND subject_kind = $2 AND subject_id = $3)
         FROM audit_head h";
    let end = inside.query_one(end, &[action, kind, id]).await?;
    if end.try_get(2)? {
        return Ok(());
    }
    let (seq, before): (i64, Vec<u8>) = (end.try_get(0)?, end.try_get(1)?);
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
    let write = "WITH written AS (
           INSERT INTO audit_log
             (seq, at, actor_kind, actor_name, action, subject_kind, subject_id, details, hash)
           VALUES ($1, $2, 'system', 'HotelHub', $3, $4, $5, $6, $7) RETURNING seq, hash)
         UPDATE audit_head SET seq = written.seq, hash = written.hash FROM written";
    let at = audit::kept(*at);
    inside.execute(write, &[&seq, &at, action, kind, id, &details, &hash]).await.map(drop)
}
