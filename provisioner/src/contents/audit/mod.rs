//! A hotel's audit log, as it lies in its database: walked along, and added to where nobody else is.
//!
//! Its rows are chained as [`hotelhub_core::audit`] says. The fields that a hash covers are asked for
//! as texts, so what is hashed here is what was hashed when the row was written.

mod append;
mod carry;

use hotelhub_core::{
    audit::{End, Fault, GENESIS, Walk, hex},
    sql::Query,
};
use tokio_postgres::{Error, Row};

pub(crate) use self::{
    append::{Entry, append},
    carry::{carry, take_back},
};

/// The first schema that has the log.
pub(crate) const SINCE: i32 = 8;

/// Rows of one look along the chain.
const CHUNK: i64 = 1_000;

/// How many of a row's columns are its fields.
const FIELDS: usize = 12;

// The form of the time has no era: a year before the first would look like one of ours.
const ROWS: &str = "SELECT seq::text,
       CASE WHEN at >= '0001-01-01 00:00Z'
         THEN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') END,
       actor_kind, actor_id::text, actor_name, on_behalf_of::text, client_address, action,
       subject_kind, subject_id, details, request_id::text, seq AS number, hash
     FROM audit_log WHERE seq > $1 ORDER BY audit_log.seq LIMIT $2";

/// The first row that is not as it was written, if there is one.
pub(crate) async fn find_fault(inside: &impl Query) -> Result<Option<Fault>, Error> {
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
    let Head { seq, hash } = Head::of(inside).await?;
    let end = End { seq, hash, beyond: None };
    Ok(walk.end(&end).err())
}

fn step(walk: &mut Walk, row: &Row) -> Result<Result<(), Fault>, Error> {
    let hash: Vec<u8> = row.try_get("hash")?;
    Ok(walk.step(row.try_get("number")?, &fields(row)?, &hash))
}

/// What the hash of a row covers, besides the hash before it.
fn fields(row: &Row) -> Result<Vec<Option<&str>>, Error> {
    (0..FIELDS).map(|at| row.try_get(at)).collect()
}

/// What a log says of its own end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) seq: i64,
    pub(crate) hash: Vec<u8>,
}

impl Head {
    pub(crate) async fn of(db: &impl Query) -> Result<Self, Error> {
        let row = db.query_one("SELECT seq, hash FROM audit_head", &[]).await?;
        Ok(Self { seq: row.try_get(0)?, hash: row.try_get(1)? })
    }

    /// The hash in hexadecimal digits.
    pub(crate) fn hex(&self) -> String {
        hex(&self.hash)
    }

    async fn write(&self, db: &impl Query) -> Result<(), Error> {
        let Self { seq, hash } = self;
        db.execute("UPDATE audit_head SET seq = $1, hash = $2", &[seq, hash]).await.map(drop)
    }
}

/// The number that the next row gets: behind whatever is there, in a log that was tampered with too.
pub(crate) async fn next_seq(db: &impl Query) -> Result<i64, Error> {
    let sql = "SELECT greatest(h.seq, (SELECT max(seq) FROM audit_log)) + 1 FROM audit_head h";
    db.query_one(sql, &[]).await?.try_get(0)
}
