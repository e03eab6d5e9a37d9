//! The route feed: tells replicas of tenant-api which host is which tenant, where its data lies, and
//! which jobs are held back.
//!
//! A reader says how far it has come and gets what changed since, in commit order, or everything if
//! its position says nothing here. With nothing to tell, the request waits: a change reaches every
//! replica a few milliseconds after its commit.
//!
//! A position is an epoch and a version in it. A control database that was restored from an older
//! copy would give out versions again with other content, so it starts a new epoch, by itself, by
//! three nets: the server is not the one that the epoch was started on (looked at in each page's own
//! statement), a reader is ahead of the database, or the published snapshot is.

mod published;
pub(crate) mod routes;
mod snapshots;
mod store;

use std::time::Duration;

use hotelhub_core::{errors::Chain, tasks::Tasks};
use sea_orm::DatabaseConnection;
use tokio::time::sleep;

pub(crate) use self::{published::Publisher, snapshots::Snapshots, store::forget_old};

/// Every page looks for itself whether the epoch is over; this is for when nobody asks for one.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Looks now and again whether the database is still the one that the epoch was started on.
pub(crate) async fn watch_epoch(db: DatabaseConnection, tasks: Tasks) {
    loop {
        if let Err(error) = store::position(&db).await {
            tracing::warn!(error = %Chain(&error), "the epoch of the routes was not looked at");
        }
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            () = tasks.stopping() => return,
        }
    }
}
