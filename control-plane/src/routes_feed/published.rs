//! Keeps a signed snapshot of all routes in object storage: what a replica starts with that has
//! neither a control plane to ask nor a copy of its own.
//!
//! `serve` does this rather than `work`: it holds the token that signs, hears of changes, and has the
//! snapshot in memory for the replicas anyway. Several of them write the same; where the storage can
//! compare, the slower one gives way. Where it cannot, an older snapshot over a newer one is found
//! within [`LOOK_EVERY`] and written again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hotelhub_core::{errors::Chain, route_copy, routes::Position, tasks::Tasks};
use hotelhub_storage::{Put, Stamp, Storage, StorageError};
use sea_orm::{DatabaseConnection, DbErr};
use secrecy::SecretString;
use tokio::time::{sleep, timeout};

use super::{Snapshots, store};
use crate::wakes::Wakes;

/// At most one write in this time. The first change of a burst is written at once.
const WRITE_EVERY: Duration = Duration::from_secs(2);
/// Somebody may have deleted the snapshot, or written an older one over it.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// What changed just before the end is written before it, if that takes no longer.
const LAST_WRITE: Duration = Duration::from_secs(3);

/// Why the snapshot was not published.
#[derive(Debug, thiserror::Error)]
enum PublishError {
    #[error("read the routes to publish them")]
    Database(#[from] DbErr),
    #[error("publish the routes")]
    Storage(#[from] StorageError),
}

/// What lies in the storage.
#[derive(Clone, Debug)]
struct Published {
    stamp: Stamp,
    /// `None`: it is of no use.
    position: Option<Position>,
}

/// Writes the snapshot.
pub(crate) struct Publisher {
    pub(crate) db: DatabaseConnection,
    pub(crate) snapshots: Snapshots,
    pub(crate) storage: Storage,
    pub(crate) token: SecretString,
    pub(crate) changes: Wakes,
    /// Whether the storage did what it was last asked.
    pub(crate) is_well: Arc<AtomicBool>,
}

impl Publisher {
    /// Publishes for as long as the program runs.
    pub(crate) async fn run(mut self, tasks: Tasks) {
        let stop = tasks.stop_token();
        let mut known = None;
        while !stop.is_cancelled() {
            self.changes.catch_up();
            self.publish_and_report(&mut known).await;
            tokio::select! {
                () = sleep(WRITE_EVERY) => {}
                () = stop.cancelled() => {}
            }
            tokio::select! {
                () = self.changes.heard() => {}
                () = sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => {}
            }
        }
        if timeout(LAST_WRITE, self.publish_and_report(&mut known)).await.is_err() {
            tracing::warn!("the last routes were not published in time");
        }
    }

    async fn publish_and_report(&self, known: &mut Option<Published>) {
        let published = self.publish(known).await;
        let was_well = self.is_well.swap(published.is_ok(), Ordering::Relaxed);
        metrics::gauge!("routes_published").set(if published.is_ok() { 1.0 } else { 0.0 });
        match published {
            Ok(()) if !was_well => tracing::info!("the routes are published again"),
            Ok(()) => {}
            Err(error) if was_well => {
                tracing::error!(error = %Chain(&error), "the routes are not published");
            }
            Err(error) => tracing::debug!(error = %Chain(&error), "still not published"),
        }
    }

    async fn publish(&self, known: &mut Option<Published>) -> Result<(), PublishError> {
        // The storage first: what lies there cannot be ahead of what is read afterwards, unless the
        // database was restored.
        *known = self.look(known.take()).await?;
        let there = known.as_ref().and_then(|it| it.position);
        let now = store::position(&self.db).await?;
        if there == Some(now) {
            return Ok(());
        }
        if there.is_some_and(|it| it.epoch == now.epoch && it.version > now.version) {
            let why = "the published snapshot is ahead of the database";
            store::start_epoch(&self.db, now.epoch, why).await?;
        }
        let snapshot = self.snapshots.current(&self.db).await?;
        let copy = route_copy::seal(&self.token, &snapshot.json);
        let seen = known.as_ref().map(|it| &it.stamp);
        match self.storage.put(route_copy::OBJECT, copy, seen).await? {
            Put::Written(stamp) => {
                *known = Some(Published { stamp, position: Some(snapshot.position) });
            }
            // The next look reads what the other one wrote.
            Put::Overtaken => *known = None,
        }
        Ok(())
    }

    /// What lies in the storage; read only if it is not what was `known`.
    async fn look(&self, known: Option<Published>) -> Result<Option<Published>, PublishError> {
        let there = self.storage.stamp(route_copy::OBJECT).await?;
        if known.as_ref().map(|it| &it.stamp) == there.as_ref() {
            return Ok(known);
        }
        let Some(object) = self.storage.get(route_copy::OBJECT).await? else { return Ok(None) };
        let position = match route_copy::open(&self.token, &object.bytes) {
            Ok(page) => Some(page.position),
            Err(error) => {
                tracing::error!(error = %Chain(&error), "the published routes are replaced");
                None
            }
        };
        Ok(Some(Published { stamp: object.stamp, position }))
    }
}
