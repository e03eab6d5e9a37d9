//! Jobs that are over are kept for a while, for people who ask what happened, and then forgotten.

use chrono::{DateTime, Utc};
use hotelhub_core::sql::Query;
use tokio_postgres::Error;

/// Holds the upkeep of this database until the transaction ends; `false` if somebody else has it.
///
/// # Errors
/// Fails if the database does.
pub async fn try_hold(tx: &impl Query) -> Result<bool, Error> {
    let sql = "SELECT pg_try_advisory_xact_lock(hashtextextended('upkeep', 0))";
    Ok(tx.query_one(sql, &[]).await?.get(0))
}

/// Forgets jobs that were done or cancelled more than 14 days ago, at most `limit`; how many. Dead
/// ones stay: a person has to look.
///
/// # Errors
/// Fails if the database does.
pub async fn forget_finished(
    db: &impl Query,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<u64, Error> {
    let sql = "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs \
               WHERE state IN ('done', 'cancelled') \
                 AND finished_at < $1::timestamptz - interval '14 days' LIMIT $2)";
    db.execute(sql, &[&now, &limit]).await
}
