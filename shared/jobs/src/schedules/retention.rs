//! What became of past times is kept for a while, for people who ask, and then forgotten.

use chrono::{DateTime, Utc};
use hotelhub_core::sql::Query;
use tokio_postgres::Error;

/// Forgets what became of times more than 60 days ago, at most `limit`; how many.
///
/// # Errors
/// Fails if the database does.
pub async fn forget_old_fires(
    db: &impl Query,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<u64, Error> {
    let sql = "DELETE FROM schedule_fires WHERE (name, property_id, fire_at) IN ( \
                 SELECT name, property_id, fire_at FROM schedule_fires \
                 WHERE fired_at < $1::timestamptz - interval '60 days' LIMIT $2)";
    db.execute(sql, &[&now, &limit]).await
}
