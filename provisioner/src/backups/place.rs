//! Where backups are kept: the folder that the platform's first provisioner found, and no other.
//!
//! A machine that comes up without its disk has an empty folder in the disk's place. Whoever took that for
//! object storage would call every backup lost, forget those that expire, and prove deletions of data that
//! is still there. So the folder's mark is on record, and another folder is storage that is away: until the
//! disk is back, or somebody brings the mark along with what was kept.

use std::time::Duration;

use anyhow::{Context as _, Result};
use hotelhub_core::{errors::Chain, sql::Query as _, tasks::Tasks};
use hotelhub_storage::{Storage, StorageConfig};
use tokio::time::sleep;
use tokio_postgres::{Config as Login, Error};

use crate::session::Session;

const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Opens object storage as it is on record; records it if nothing is. Waits for the control database.
///
/// # Errors
/// Fails if the place cannot be opened.
pub(crate) async fn open(place: &StorageConfig, control: &Login, tasks: &Tasks) -> Result<Storage> {
    let storage = Storage::open(place).context("open STORAGE_URL")?;
    let Some(mark) = storage.mark().map(str::to_owned) else { return Ok(storage) };
    loop {
        match recorded(control, tasks, &mark).await {
            Ok(recorded) if recorded == mark => return Ok(storage),
            Ok(recorded) => {
                tracing::error!(
                    mark = recorded,
                    "ALARM: the folder of STORAGE_URL is not the one that backups are kept in: mount its \
                     disk; or, if all of it was moved there, write this mark into .hotelhub-storage"
                );
                return Ok(storage.known_by(recorded));
            }
            Err(error) => tracing::warn!(error = %Chain(&error), "no record of object storage"),
        }
        sleep(ASK_AGAIN).await;
    }
}

/// The mark on record, which is `mark` if there was none.
async fn recorded(control: &Login, tasks: &Tasks, mark: &str) -> Result<String, Error> {
    let control = Session::open(control, tasks).await?;
    let sql = "INSERT INTO object_storage (mark) VALUES ($1) ON CONFLICT DO NOTHING";
    control.execute(sql, &[&mark]).await?;
    control.query_one("SELECT mark FROM object_storage", &[]).await?.try_get(0)
}
