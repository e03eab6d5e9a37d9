//! Brings over to one copy of a hotel what another one's log says and its own does not.
//!
//! Rows that both have stay as they are. Those that only the other one has follow them, in their order
//! and word for word. Where the one log is the beginning of the other, they keep number and hash; where
//! the two went different ways, they are numbered and chained anew.

use hotelhub_core::{audit, sql::Query};
use tokio_postgres::{Error, types::ToSql};

use super::{CHUNK, FIELDS, Head, ROWS, fields, next_seq};

/// The text columns of a row, all but its number.
const TEXTS: usize = FIELDS - 1;

const WRITE: &str = "INSERT INTO audit_log (seq, hash, at, actor_kind, actor_id, actor_name,
       on_behalf_of, client_address, action, subject_kind, subject_id, details, request_id)
     SELECT seq, hash, at::timestamptz, actor_kind, actor_id::uuid, actor_name,
       on_behalf_of::uuid, client_address, action, subject_kind, subject_id, details, request_id::uuid
     FROM unnest($1::bigint[], $2::bytea[], $3::text[], $4::text[], $5::text[], $6::text[],
         $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
       AS r (seq, hash, at, actor_kind, actor_id, actor_name, on_behalf_of, client_address, action,
         subject_kind, subject_id, details, request_id)";

/// Brings it over, within a transaction of the copy that is added to.
pub(crate) async fn carry(from: &impl Query, tx: &impl Query) -> Result<(), Error> {
    let mut after = find_parting(from, tx).await?;
    let mut head = Head { seq: next_seq(tx).await? - 1, ..Head::of(tx).await? };
    loop {
        let rows = from.query(ROWS, &[&after, &CHUNK]).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.try_get("number")?;

        let (mut seqs, mut hashes) = (Vec::new(), Vec::new());
        let mut texts: [Vec<Option<&str>>; TEXTS] = Default::default();
        for row in &rows {
            head.seq += 1;
            let number = head.seq.to_string();
            let words = fields(row)?.into_iter().skip(1);
            let hashed: Vec<Option<&str>> =
                std::iter::once(Some(&*number)).chain(words.clone()).collect();
            head.hash = audit::chain(&head.hash, &hashed);
            seqs.push(head.seq);
            hashes.push(head.hash.clone());
            texts.iter_mut().zip(words).for_each(|(column, it)| column.push(it));
        }
        let mut values: Vec<&(dyn ToSql + Sync)> = vec![&seqs, &hashes];
        values.extend(texts.iter().map(|it| it as &(dyn ToSql + Sync)));
        tx.execute(WRITE, &values).await?;
        head.write(tx).await?;
    }
}

/// The last row that both have; 0 if they have none in common.
async fn find_parting(one: &impl Query, other: &impl Query) -> Result<i64, Error> {
    let (mut common, mut apart) = (0, newest(one).await?.min(newest(other).await?) + 1);
    while apart - common > 1 {
        let middle = i64::midpoint(common, apart);
        if hash_at(one, middle).await? == hash_at(other, middle).await? {
            common = middle;
        } else {
            apart = middle;
        }
    }
    Ok(common)
}

async fn newest(db: &impl Query) -> Result<i64, Error> {
    db.query_one("SELECT coalesce(max(seq), 0) FROM audit_log", &[]).await?.try_get(0)
}

async fn hash_at(db: &impl Query, seq: i64) -> Result<Option<Vec<u8>>, Error> {
    let row = db.query_opt("SELECT hash FROM audit_log WHERE seq = $1", &[&seq]).await?;
    row.map(|it| it.try_get(0)).transpose()
}

/// Takes back all rows from this one on. The end before was the row `seq`, with this hash in
/// hexadecimal digits.
pub(crate) async fn take_back(
    tx: &impl Query,
    first: i64,
    (seq, hash): (i64, &str),
) -> Result<(), Error> {
    tx.execute("DELETE FROM audit_log WHERE seq >= $1", &[&first]).await?;
    let sql = "UPDATE audit_head SET seq = $1, hash = decode($2, 'hex')";
    tx.execute(sql, &[&seq, &hash]).await.map(drop)
}
