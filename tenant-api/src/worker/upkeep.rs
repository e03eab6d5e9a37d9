//! What a tick keeps in order in a hotel's database: its business days, and tables that would grow for
//! ever.

use chrono::{DateTime, Utc};
use hotelhub_jobs::retention;
use hotelhub_tenancy::db::{ConnectTenantError, TenantDb, TenantTransaction};
use tokio::time::{error::Elapsed, timeout};
use tokio_postgres::Error;

use crate::{app::BOOKKEEPING, auth, desk, properties};

/// Rows of one table that one tick forgets. Ticks come every minute: small bites keep up, and no
/// transaction is long.
const BATCH: i64 = 500;

/// Why nothing was kept in order. The next tick tries again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpkeepError {
    #[error("connect to keep the database in order")]
    Connect(#[from] ConnectTenantError),
    #[error("keep the database in order")]
    Database(#[from] Error),
    #[error("keeping the database in order took too long")]
    Slow(#[from] Elapsed),
}

/// Opens the business days that have begun, and forgets what nobody will ask for again; all in one
/// transaction.
pub(crate) async fn upkeep(db: &TenantDb, now: DateTime<Utc>) -> Result<(), UpkeepError> {
    let mut connection = db.connect().await?;
    timeout(BOOKKEEPING, async {
        let tx = connection.transaction().await?;
        // Two ticks at once would delete the same rows, each in its own order.
        if retention::try_hold(&tx).await? {
            roll(&tx, now).await?;
            forget(&tx, now).await?;
        }
        tx.commit().await
    })
    .await??;
    connection.release();
    Ok(())
}

async fn roll(tx: &TenantTransaction<'_>, now: DateTime<Utc>) -> Result<(), Error> {
    let opened = properties::roll_business_days(tx, now).await?;
    if opened > 0 {
        tracing::info!(opened, "a new business day has begun");
    }
    Ok(())
}

async fn forget(tx: &TenantTransaction<'_>, now: DateTime<Utc>) -> Result<(), Error> {
    let answers = desk::forget_old_answers(tx, now, BATCH).await?;
    let sessions = auth::forget_ended_sessions(tx, now, BATCH).await?;
    let jobs = retention::forget_finished(tx, now, BATCH).await?;
    if answers + sessions + jobs > 0 {
        tracing::info!(answers, sessions, jobs, "forgot what is old");
    }
    Ok(())
}
