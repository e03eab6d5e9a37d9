//! Looks along a log, wherever it is kept: some thousand rows at a time.

use std::future::Future;

use super::{End, Fault, GENESIS, Walk};

/// Rows that are read at once, and how often in one look.
const CHUNK: i64 = 1_000;
const CHUNKS: usize = 10;

/// A row of a log: its fields in the order in which they are hashed.
#[derive(Clone, Debug)]
pub struct Linked {
    /// Its place.
    pub seq: i64,
    /// What is hashed.
    pub fields: Vec<Option<String>>,
    /// The hash that is stored with it.
    pub hash: Vec<u8>,
}

/// A log, wherever it is kept.
pub trait Log {
    /// Why it cannot be read.
    type Error;

    /// What it says of its own end, and what stands behind that: one look at both.
    fn end(&self) -> impl Future<Output = Result<End, Self::Error>>;

    /// The hash of a row.
    fn hash(&self, seq: i64) -> impl Future<Output = Result<Option<Vec<u8>>, Self::Error>>;

    /// At most `limit` rows after `seq` and up to `until`, the oldest first.
    fn rows(
        &self,
        seq: i64,
        until: i64,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<Linked>, Self::Error>>;

    /// How many rows there are after `seq` and up to `until`.
    fn count(&self, seq: i64, until: i64) -> impl Future<Output = Result<i64, Self::Error>>;
}

/// What a look along a log found.
#[derive(Clone, Debug)]
pub struct Look {
    /// How far all is as it was written.
    pub walk: Walk,
    /// How long the log is, as it says.
    pub head_seq: i64,
    /// The first thing that is wrong.
    pub fault: Option<Fault>,
}

impl Look {
    /// Whether there are more rows, and nothing was wrong so far.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.fault.is_none() && self.walk.seq < self.head_seq
    }
}

/// Walks along a log from the row after `after`, at most 10 000 rows of it.
///
/// # Errors
/// Fails if the log cannot be read; a fault of it is no error.
pub async fn look_along<L: Log>(log: &L, after: i64) -> Result<Look, L::Error> {
    let begin = if after == 0 { Some(GENESIS.to_vec()) } else { log.hash(after).await? };
    if let Some(hash) = begin {
        return look_on(log, Walk::after(after, hash)).await;
    }
    let head_seq = log.end().await?.seq;
    let fault = if after > head_seq { Fault::Truncated(after) } else { Fault::Missing(after) };
    Ok(Look { walk: Walk::after(after, Vec::new()), head_seq, fault: Some(fault) })
}

/// Goes on along a log from where a walk stands, at most 10 000 rows of it. Whoever keeps the walk
/// between two looks believes nothing that is written over behind it.
///
/// # Errors
/// Fails if the log cannot be read; a fault of it is no error.
pub async fn look_on<L: Log>(log: &L, mut walk: Walk) -> Result<Look, L::Error> {
    // Read first: rows that come later are for the next look.
    let end = log.end().await?;
    let found = go_along(log, &mut walk, &end).await?;
    Ok(Look { walk, head_seq: end.seq, fault: found.err() })
}

async fn go_along<L: Log>(
    log: &L,
    walk: &mut Walk,
    end: &End,
) -> Result<Result<(), Fault>, L::Error> {
    let began = walk.seq;
    let mut is_over = false;
    for _ in 0..CHUNKS {
        let rows = log.rows(walk.seq, end.seq, CHUNK).await?;
        let is_last = rows.is_empty();
        for Linked { seq, fields, hash } in rows {
            let fields: Vec<Option<&str>> = fields.iter().map(Option::as_deref).collect();
            if let Err(fault) = walk.step(seq, &fields, &hash) {
                return Ok(Err(fault));
            }
        }
        is_over = is_last || walk.seq >= end.seq;
        if is_over {
            break;
        }
    }
    // A row in a place that another one has may stand where two chunks meet; one before the first
    // row is in nobody's chunk.
    let from = if began == 0 { i64::MIN } else { began };
    if log.count(from, walk.seq).await? > walk.seq - began {
        return Ok(Err(Fault::Added(walk.seq)));
    }
    Ok(if is_over { walk.end(end) } else { Ok(()) })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::audit::chain;

    /// A log in memory; a place may be taken twice.
    struct Held {
        rows: Vec<Linked>,
        end: End,
    }

    impl Held {
        fn of(length: i64) -> Self {
            let mut rows: Vec<Linked> = Vec::new();
            let mut hash = GENESIS.to_vec();
            for seq in 1..=length {
                let fields = vec![Some(seq.to_string()), Some("a".to_owned())];
                hash = hashed(&hash, &fields);
                rows.push(Linked { seq, fields, hash: hash.clone() });
            }
            Self { rows, end: End { seq: length, hash, beyond: None } }
        }

        /// Writes the row at this index and all after it anew, together with the head.
        fn rewrite_from(&mut self, at: usize) {
            let mut hash = self.rows[at - 1].hash.clone();
            self.rows[at].fields[1] = Some("b".to_owned());
            for row in &mut self.rows[at..] {
                hash = hashed(&hash, &row.fields);
                row.hash.clone_from(&hash);
            }
            self.end.hash = hash;
        }

        fn between(&self, seq: i64, until: i64) -> impl Iterator<Item = &Linked> {
            self.rows.iter().filter(move |it| it.seq > seq && it.seq <= until)
        }
    }

    fn hashed(previous: &[u8], fields: &[Option<String>]) -> Vec<u8> {
        let fields: Vec<Option<&str>> = fields.iter().map(Option::as_deref).collect();
        chain(previous, &fields)
    }

    impl Log for Held {
        type Error = Infallible;

        async fn end(&self) -> Result<End, Infallible> {
            Ok(self.end.clone())
        }

        async fn hash(&self, seq: i64) -> Result<Option<Vec<u8>>, Infallible> {
            Ok(self.rows.iter().find(|it| it.seq == seq).map(|it| it.hash.clone()))
        }

        async fn rows(&self, seq: i64, until: i64, limit: i64) -> Result<Vec<Linked>, Infallible> {
            let limit = usize::try_from(limit).unwrap();
            Ok(self.between(seq, until).take(limit).cloned().collect())
        }

        async fn count(&self, seq: i64, until: i64) -> Result<i64, Infallible> {
            Ok(i64::try_from(self.between(seq, until).count()).unwrap())
        }
    }

    #[tokio::test]
    async fn a_long_log_is_walked_along_piece_by_piece_and_nothing_changes_unseen_behind() {
        let mut log = Held::of(10_500);
        let first = look_along(&log, 0).await.unwrap();
        assert_eq!((first.walk.seq(), first.has_more(), first.fault), (10_000, true, None));
        let rest = look_on(&log, first.walk.clone()).await.unwrap();
        assert_eq!((rest.walk.seq(), rest.has_more(), rest.fault), (10_500, false, None));

        log.rewrite_from(9_000);
        let anew = look_along(&log, 10_000).await.unwrap();
        assert_eq!(anew.fault, None, "it believes row 10000");
        let kept = look_on(&log, first.walk).await.unwrap();
        assert_eq!(kept.fault, Some(Fault::Altered(10_001)));
    }

    #[tokio::test]
    async fn a_row_in_a_place_that_is_taken_shows_also_where_two_chunks_meet() {
        for at in [1_000, 10_000] {
            let mut log = Held::of(10_500);
            log.rows.insert(at, log.rows[at - 1].clone());
            let found = look_along(&log, 0).await.unwrap().fault;
            assert_eq!(found, Some(Fault::Added(10_000)), "{at}");
        }
        let mut log = Held::of(3);
        log.rows.insert(0, Linked { seq: 0, ..log.rows[0].clone() });
        assert_eq!(look_along(&log, 0).await.unwrap().fault, Some(Fault::Added(3)));
    }

    #[tokio::test]
    async fn a_look_after_a_row_that_is_not_there_says_so() {
        let mut log = Held::of(3);
        assert_eq!(look_along(&log, 4).await.unwrap().fault, Some(Fault::Truncated(4)));
        log.rows.remove(1);
        assert_eq!(look_along(&log, 2).await.unwrap().fault, Some(Fault::Missing(2)));
    }
}
