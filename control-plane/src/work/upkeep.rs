//! What `work` keeps in order in the control database: tables that would grow for ever.

use chrono::{DateTime, Utc};
use hotelhub_jobs::retention;

use crate::{idempotency, routes_feed};

/// Rows of one table that one pass forgets. Passes come every few seconds: small bites keep up.
const BATCH: i64 = 500;

/// A pass failed; the next one tries again.
#[derive(Debug, thiserror::Error)]
pub(super) enum UpkeepError {
    #[error("connect to keep the control database in order")]
    Connect(#[from] deadpool_postgres::PoolError),
    #[error("keep the control database in order")]
    Database(#[from] tokio_postgres::Error),
}

/// Forgets old changes of routes and idempotency keys, and jobs that were over long ago.
pub(super) async fn upkeep(
    pool: &deadpool_postgres::Pool,
    now: DateTime<Utc>,
) -> Result<(), UpkeepError> {
    let client = pool.get().await?;
    let changes = routes_feed::forget_old(&**client, BATCH).await?;
    idempotency::forget_old(&**client, now).await?;
    let jobs = retention::forget_finished(&**client, now, BATCH).await?;
    if changes + jobs > 0 {
        tracing::info!(changes, jobs, "forgot what is old");
    }
    Ok(())
}
