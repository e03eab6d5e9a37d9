//! How the rows of an audit log are chained: the platform's own log, and each hotel's.
//!
//! A row's hash is the SHA-256 of the hash before it, then of each of its fields as
//! `<bytes>:<text>,`, or `-,` where there is none. Lengths keep two fields from being read as
//! others; whoever has an exported log can work it out without us. A chain shows a row that was
//! changed, put in, taken out or moved. A log that was cut at its end, or written anew from some row
//! on together with its head, is whole in itself: that shows only beside a head that was noted
//! elsewhere.

mod look;

use std::fmt::Write as _;

use chrono::{DateTime, SubsecRound as _, Utc};
use serde_json::Value;

pub use self::look::{Linked, Log, Look, look_along, look_on};
use crate::keys::sha256;

/// What stands before the first row.
pub const GENESIS: [u8; 32] = [0; 32];

/// The hash of a row with these fields, after a row with the hash `previous`.
#[must_use]
pub fn chain(previous: &[u8], fields: &[Option<&str>]) -> Vec<u8> {
    let mut text = previous.to_vec();
    for field in fields {
        match field {
            Some(it) => {
                text.extend_from_slice(it.len().to_string().as_bytes());
                text.push(b':');
                text.extend_from_slice(it.as_bytes());
            }
            None => text.push(b'-'),
        }
        text.push(b',');
    }
    sha256(&text)
}

/// A time as it is hashed: with the microseconds that a database keeps.
#[must_use]
pub fn written(at: DateTime<Utc>) -> String {
    kept(at).format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// A time as a database keeps it.
#[must_use]
pub fn kept(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

/// A hash as people note it down.
#[must_use]
pub fn hex(hash: &[u8]) -> String {
    hash.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string does not fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

/// The details of a row for people, name by name: a JSON object as it is stored, what lies inside of
/// another under both names. What is no object was altered, and is given as it is.
#[must_use]
pub fn facts(details: &str) -> Vec<(String, String)> {
    match serde_json::from_str(details) {
        Ok(Value::Object(fields)) => {
            fields.into_iter().flat_map(|(name, it)| fact(name, it)).collect()
        }
        _ => vec![(String::new(), details.to_owned())],
    }
}

fn fact(name: String, value: Value) -> Vec<(String, String)> {
    match value {
        Value::Null => vec![(name, "-".to_owned())],
        Value::String(text) => vec![(name, text)],
        Value::Object(fields) if !fields.is_empty() => {
            let inside = |(inner, it)| fact(format!("{name}.{inner}"), it);
            fields.into_iter().flat_map(inside).collect()
        }
        other => vec![(name, other.to_string())],
    }
}

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The row is not what it was when it was written.
    Altered(i64),
    /// The row is not there, though later ones are.
    Missing(i64),
    /// The log ends before this row, which was written.
    Truncated(i64),
    /// The row is not the one that was noted elsewhere: the log was written anew.
    Rewritten(i64),
    /// The row stands outside the log, behind its end or in a place that another one has.
    Added(i64),
}

impl Fault {
    /// The first row that is wrong.
    #[must_use]
    pub const fn seq(&self) -> i64 {
        match self {
            Self::Altered(it)
            | Self::Missing(it)
            | Self::Truncated(it)
            | Self::Rewritten(it)
            | Self::Added(it) => *it,
        }
    }

    /// One word, for programs.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Altered(_) => "altered",
            Self::Missing(_) => "missing",
            Self::Truncated(_) => "truncated",
            Self::Rewritten(_) => "rewritten",
            Self::Added(_) => "added",
        }
    }

    /// What it means, for people.
    #[must_use]
    pub const fn meaning(&self) -> &'static str {
        match self {
            Self::Altered(_) => "this row is not what it was when it was written",
            Self::Missing(_) => "this row was taken out, or another one was moved to its place",
            Self::Truncated(_) => "the log was cut before this row",
            Self::Rewritten(_) => {
                "this row is another one than was noted: the log was written anew"
            }
            Self::Added(_) => "this row was put in past the log's own end, or in a place twice",
        }
    }
}

/// What a log says of its own end, and what is there.
#[derive(Clone, Debug)]
pub struct End {
    /// The last row, as the head says.
    pub seq: i64,
    /// Its hash, as the head says.
    pub hash: Vec<u8>,
    /// The first row behind it, if there is one.
    pub beyond: Option<i64>,
}

/// A walk along a log, row by row.
#[derive(Clone, Debug)]
pub struct Walk {
    seq: i64,
    hash: Vec<u8>,
}

impl Walk {
    /// Begins after row `seq`, which has this hash; after row 0 for the whole log.
    #[must_use]
    pub fn after(seq: i64, hash: Vec<u8>) -> Self {
        Self { seq, hash }
    }

    /// The last row that was found as it should be.
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// Its hash.
    #[must_use]
    pub fn hash(&self) -> &[u8] {
        &self.hash
    }

    /// Goes on to the row `seq` with these fields and this hash.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn step(&mut self, seq: i64, fields: &[Option<&str>], hash: &[u8]) -> Result<(), Fault> {
        let expected = self.seq + 1;
        if seq != expected {
            return Err(Fault::Missing(expected));
        }
        if chain(&self.hash, fields) != hash {
            return Err(Fault::Altered(seq));
        }
        self.seq = seq;
        self.hash = hash.to_vec();
        Ok(())
    }

    /// Compares the end of the walk with what the log says of its own end.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn end(&self, end: &End) -> Result<(), Fault> {
        if self.seq < end.seq {
            return Err(Fault::Truncated(self.seq + 1));
        }
        if self.seq > end.seq || self.hash != end.hash {
            return Err(Fault::Altered(self.seq));
        }
        match end.beyond {
            Some(row) => Err(Fault::Added(row)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(texts: &[&str]) -> Vec<(i64, Vec<String>, Vec<u8>)> {
        let mut previous = GENESIS.to_vec();
        let rows = (1_i64..).zip(texts).map(|(seq, text)| {
            let fields = vec![seq.to_string(), (*text).to_owned()];
            previous = chain(&previous, &borrowed(&fields));
            (seq, fields, previous.clone())
        });
        rows.collect()
    }

    fn borrowed(fields: &[String]) -> Vec<Option<&str>> {
        fields.iter().map(|it| Some(it.as_str())).collect()
    }

    fn walked(rows: &[(i64, Vec<String>, Vec<u8>)], head: &(i64, Vec<u8>)) -> Result<i64, Fault> {
        let mut walk = Walk::after(0, GENESIS.to_vec());
        for (seq, fields, hash) in rows {
            walk.step(*seq, &borrowed(fields), hash)?;
        }
        let end = End { seq: head.0, hash: head.1.clone(), beyond: None };
        walk.end(&end).map(|()| walk.seq())
    }

    #[test]
    fn a_row_behind_the_end_shows_though_the_chain_is_whole() {
        let row = log(&["a"]).remove(0);
        let walk = Walk::after(row.0, row.2.clone());
        let end = |beyond| End { seq: 1, hash: row.2.clone(), beyond };
        assert_eq!(walk.end(&end(None)), Ok(()));
        assert_eq!(walk.end(&end(Some(7))), Err(Fault::Added(7)));
    }

    #[test]
    fn a_log_that_was_touched_anywhere_says_where() {
        let whole = log(&["a", "b", "c", "d"]);
        let head = (4, whole[3].2.clone());
        assert_eq!(walked(&whole, &head), Ok(4));

        let mut altered = whole.clone();
        altered[1].1[1] = "B".to_owned();
        assert_eq!(walked(&altered, &head), Err(Fault::Altered(2)));
        let mut without = whole.clone();
        without.remove(1);
        assert_eq!(walked(&without, &head), Err(Fault::Missing(2)));
        let mut swapped = whole.clone();
        let (one, other) = (swapped[1].1.clone(), swapped[2].1.clone());
        (swapped[1].1, swapped[2].1) = (other, one);
        assert_eq!(walked(&swapped, &head), Err(Fault::Altered(2)));
        assert_eq!(walked(&whole[..3], &head), Err(Fault::Truncated(4)));
        let rewritten = log(&["a", "b", "x", "y"]);
        assert_eq!(walked(&rewritten, &head), Err(Fault::Altered(4)), "the head stayed");
        let own_head = (4, rewritten[3].2.clone());
        assert_eq!(walked(&rewritten, &own_head), Ok(4), "whole in itself");
    }

    #[test]
    fn details_are_read_out_name_by_name() {
        let read =
            facts(r#"{"after":{"access":"full"},"reason":"unpaid","before":null,"minutes":5}"#);
        let mut read: Vec<String> = read.iter().map(|(name, it)| format!("{name}: {it}")).collect();
        read.sort();
        assert_eq!(read, ["after.access: full", "before: -", "minutes: 5", "reason: unpaid"]);
        assert!(facts("{}").is_empty());
        assert_eq!(facts("odd"), [(String::new(), "odd".to_owned())]);
    }

    #[test]
    fn no_two_rows_read_the_same() {
        let of = |fields: &[Option<&str>]| chain(&GENESIS, fields);
        assert_ne!(of(&[Some("ab"), Some("c")]), of(&[Some("a"), Some("bc")]));
        assert_ne!(of(&[None]), of(&[Some("-")]));
        assert_ne!(of(&[Some("")]), of(&[None]));
        assert_eq!(hex(&[0, 255]), "00ff");
        let at: DateTime<Utc> = "2026-01-31T17:05:59.1234567Z".parse().unwrap();
        assert_eq!(written(at), "2026-01-31T17:05:59.123456Z");
    }
}
