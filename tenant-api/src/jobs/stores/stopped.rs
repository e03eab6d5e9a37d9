//! Counts the jobs that a person may have to look at, for the vendor.

use chrono::{DateTime, Utc};
use hotelhub_core::sql::Query;
use serde_json::Value;
use tokio_postgres::Error;

/// What a hotel has of jobs that are dead, held or retrying.
#[derive(Clone, Debug)]
pub(crate) struct Stopped {
    /// By the clock of the hotel's database.
    pub(crate) looked_at: DateTime<Utc>,
    /// Those that are alike, as the control plane takes them.
    pub(crate) heaps: Value,
}

/// Counts them. The largest heaps are those to look at, and a report is to stay small.
pub(crate) async fn count_stopped(db: &impl Query) -> Result<Stopped, Error> {
    // Each half finds its rows by an index of its own.
    let sql = "WITH stopped AS ( \
                 SELECT kind, state, peer, last_error_code, created_at FROM jobs \
                   WHERE state IN ('held', 'dead') \
                 UNION ALL \
                 SELECT kind, 'retrying', peer, last_error_code, created_at FROM jobs \
                   WHERE state = 'retry_wait'), \
               heaps AS ( \
                 SELECT kind, state, peer, \
                   CASE WHEN state <> 'held' THEN last_error_code END AS error_code, \
                   count(*) AS count, min(created_at) AS oldest_at \
                 FROM stopped GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC LIMIT 500) \
               SELECT now(), coalesce(jsonb_agg(to_jsonb(heaps) \
                 ORDER BY kind, state, peer, error_code), '[]') FROM heaps";
    let row = db.query_one(sql, &[]).await?;
    Ok(Stopped { looked_at: row.get(0), heaps: row.get(1) })
}
