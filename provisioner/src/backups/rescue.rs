//! Backs up what a restore replaced while its server was away, as soon as that answers again, and lets
//! it go then: what was written there last is in no other backup.

use std::time::Duration;

use chrono::TimeDelta;
use hotelhub_core::{
    clock::Clock,
    errors::Chain,
    ids::{BackupId, DatabaseId, DbHostId, OperationId, TenantId},
    keys::Keyring,
    sql::Query as _,
    tasks::Tasks,
};
use hotelhub_storage::Storage;
use serde_json::json;
use tokio::time::{sleep, timeout};
use tokio_postgres::{Error, Row};

use super::{KEPT_DAYS, Kind, Wanted, store, take};
use crate::{
    config::Config,
    copies,
    engine::{Operation, StepError, progress},
    hosts::Site,
    rounds::Rounds,
    session::Session,
};

const LOOK_EVERY: Duration = Duration::from_secs(15);
const LIMIT: Duration = Duration::from_secs(6 * 60 * 60);

/// Saves such copies. One at a time.
#[derive(Debug)]
pub struct Rescue {
    sealing_keys: Keyring,
    storage: Storage,
    clock: Clock,
    tasks: Tasks,
}

/// A copy that no backup has.
#[derive(PartialEq, Eq)]
struct Unsaved {
    database: DatabaseId,
    host: DbHostId,
    tenant: TenantId,
    /// The restore that replaced it.
    operation: OperationId,
}

impl Unsaved {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            database: row.try_get(0)?,
            host: row.try_get(1)?,
            tenant: row.try_get(2)?,
            operation: row.try_get(3)?,
        })
    }
}

impl Rescue {
    /// One of those who take turns.
    #[must_use]
    pub fn new(config: &Config, storage: Storage, tasks: Tasks) -> Self {
        let (sealing_keys, clock) = (config.sealing_keys.clone(), config.clock.clone());
        Self { sealing_keys, storage, clock, tasks }
    }

    /// Backs the copy up; `None`: its server knows nothing of it, and nothing can be saved. Killed at any
    /// point, the next try finds the backup made, or makes it anew.
    async fn save(&self, control: &Session, copy: &Unsaved) -> Result<Option<BackupId>, StepError> {
        let operation = Operation { id: copy.operation, tenant: copy.tenant };
        let site =
            Site::enter(control, copy.host, &self.sealing_keys, operation, &self.tasks).await?;
        let name = copy.database.name();
        let known = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
        if !site.session.query_one(known, &[&name]).await?.try_get::<_, bool>(0)? {
            return Ok(None);
        }
        copies::shut(&site, copy.database).await?;
        let inside = site.inside(&name).await?;
        let wanted = Wanted {
            tenant: copy.tenant,
            kind: Kind::BeforeRestore(copy.operation),
            database: copy.database,
            keep_until: Some(self.clock.now() + TimeDelta::days(KEPT_DAYS)),
        };
        take(control, &inside, &self.storage, &wanted, None).await.map(Some)
    }
}

impl Rounds for Rescue {
    const FAILURE: &'static str = "cannot look for copies that no backup has";
    type Error = Error;

    async fn look(&mut self, control: &Session) -> Result<(), Error> {
        for copy in list_unsaved(control).await? {
            if !store::try_lock(control, copy.tenant).await? {
                continue;
            }
            // Whoever held the lock before may have done it, or be deleting the tenant.
            if list_unsaved(control).await?.contains(&copy) {
                let saved = timeout(LIMIT, self.save(control, &copy)).await;
                match saved.unwrap_or(Err(StepError::TooLong(LIMIT.as_secs()))) {
                    Ok(backup) => {
                        let told = json!({ "replaced_is_unsaved": false, "backup_id": backup });
                        progress::note(control, copy.operation, &told).await?;
                        copies::give_up_unsaved(control, copy.tenant, Some(copy.database)).await?;
                    }
                    Err(error) => tracing::error!(
                        tenant.id = %copy.tenant, database.id = %copy.database,
                        error = %Chain(&error), "what a restore replaced is in no backup yet"
                    ),
                }
            }
            store::unlock(control, copy.tenant).await?;
        }
        Ok(())
    }

    async fn rest(&mut self) {
        sleep(LOOK_EVERY).await;
    }
}

/// Those whose server answers, and whose tenant is not on its way out.
async fn list_unsaved(control: &Session) -> Result<Vec<Unsaved>, Error> {
    let sql = "SELECT d.id, d.db_host_id, d.tenant_id, d.operation_id
         FROM databases d JOIN tenants t ON t.id = d.tenant_id
         JOIN db_host_reports r ON r.db_host_id = d.db_host_id
         WHERE d.state = 'unsaved' AND r.is_reachable AND t.provisioning = 'ready'
         ORDER BY d.id";
    control.query(sql, &[]).await?.iter().map(Unsaved::from_row).collect()
}
