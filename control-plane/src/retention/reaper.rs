//! Asks for the deletions whose time has come.
//!
//! A reconciler: it remembers nothing. Several processes may run side by side: each tenant is held
//! while one looks at it, and a deletion that is asked for is an operation that others see.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hotelhub_core::{
    clock::Clock,
    errors::Chain,
    ids::{OperationId, TenantId},
    tasks::Tasks,
};
use hotelhub_http::error::{ApiError, ApiResult};
use sea_orm::{DatabaseConnection, TransactionTrait as _};
use serde_json::json;
use tokio::time::timeout;

use super::stores::plans as store;
use crate::{
    audit::{self, Actor, Event},
    database::database_failed,
    operations::{self, Kind, NewOperation},
};

const LOOK_EVERY: Duration = Duration::from_secs(5);
const PASS: Duration = Duration::from_secs(20);
/// Deletions that one pass asks for at most.
const AT_A_TIME: usize = 20;

/// What looks.
pub(crate) struct Reaper {
    pub(crate) db: DatabaseConnection,
    pub(crate) clock: Clock,
}

impl Reaper {
    /// Looks until the program stops.
    pub(crate) async fn run(self, tasks: Tasks) {
        loop {
            let pass = tokio::select! {
                pass = timeout(PASS, self.pass()) => pass,
                () = tasks.stopping() => return,
            };
            if pass.is_err() {
                tracing::warn!("a look at data whose time is over took too long");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = tasks.stopping() => return,
            }
        }
    }

    async fn pass(&self) {
        let now = self.clock.now();
        for _ in 0..AT_A_TIME {
            match self.delete_next(now).await {
                Ok(Some(tenant)) => {
                    tracing::info!(tenant.id = %tenant, "asked for the deletion of data whose time is over");
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "no deletion was asked for");
                    return;
                }
            }
        }
    }

    /// Asks for the next deletion whose time has come.
    async fn delete_next(&self, now: DateTime<Utc>) -> ApiResult<Option<TenantId>> {
        let tx = self.db.begin().await.map_err(database_failed)?;
        let due = store::find_due_for_update(&tx, now).await.map_err(database_failed)?;
        let Some(tenant) = due else { return Ok(None) };
        let id = OperationId::generate();
        let wish = json!({ "final_backup": true, "waive_retention": null });
        let kind = Kind::Delete;
        let wanted = NewOperation { id, tenant, kind, wish: wish.clone(), requested_by: None };
        operations::insert(&tx, wanted).await.map_err(ApiError::from)?;
        let event = Event::of("tenant.delete").on_tenant(tenant).with("wish", wish);
        let event = event.with("operation", id.to_string());
        audit::record(&tx, Actor::system("retention", now), event).await?;
        tx.commit().await.map_err(database_failed)?;
        Ok(Some(tenant))
    }
}
