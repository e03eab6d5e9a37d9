//! The whole table as JSON, made once for all who ask at the same position: a new epoch sends every
//! replica here at the same moment.

use std::sync::Arc;

use actix_web::web::Bytes;
use hotelhub_core::routes::Position;
use sea_orm::{DatabaseConnection, DbErr};
use tokio::sync::Mutex;

use super::store;
use crate::database::damaged;

/// All routes at one position.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) position: Position,
    /// A page of the feed.
    pub(super) json: Bytes,
}

/// The newest snapshot. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshots(Arc<Mutex<Option<Snapshot>>>);

impl Snapshots {
    /// Everything there is now. One makes it, the others wait for that one.
    pub(super) async fn current(&self, db: &DatabaseConnection) -> Result<Snapshot, DbErr> {
        let mut newest = self.0.lock().await;
        let position = store::position(db).await?;
        if let Some(made) = newest.as_ref().filter(|it| it.position == position) {
            return Ok(made.clone());
        }
        let page = store::snapshot(db).await?;
        let json = serde_json::to_vec(&page).map_err(damaged)?;
        let made = Snapshot { position: page.position, json: json.into() };
        *newest = Some(made.clone());
        Ok(made)
    }
}
