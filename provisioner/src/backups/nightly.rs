//! Every tenant's backup of the night, a few at once. A reconciler: whoever is due is in a table, and
//! whoever looks takes the one that waits longest and that nobody is at.

use std::time::Duration;

use chrono::TimeDelta;
use hotelhub_core::{
    clock::Clock,
    errors::Chain,
    ids::{DatabaseId, DbHostId, TenantId},
    keys::Keyring,
    sql::Query as _,
    tasks::Tasks,
};
use hotelhub_storage::Storage;
use tokio::time::{sleep, timeout};
use tokio_postgres::{Config as Login, Error};

use super::{Kind, Wanted, night::Night, retention, store, take};
use crate::{
    config::Config,
    engine::StepError,
    hosts::{self, enter_database},
    session::Session,
    usage,
};

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Longer than a backup of the largest hotel.
const LIMIT: Duration = Duration::from_secs(6 * 60 * 60);
const LONGEST_WAIT_MINUTES: i64 = 60;

/// Makes nightly backups. Several of them, in one process or many, share the work.
#[derive(Clone, Debug)]
pub struct Nightly {
    control: Login,
    sealing_keys: Keyring,
    storage: Storage,
    hour: u32,
    clock: Clock,
    tasks: Tasks,
}

/// A tenant whose turn it is.
#[derive(Debug)]
struct Due {
    tenant: TenantId,
    database: DatabaseId,
    host: DbHostId,
    failures: i32,
}

impl Nightly {
    /// One of those who share the work.
    #[must_use]
    pub fn new(config: &Config, storage: Storage, tasks: Tasks) -> Self {
        Self {
            control: config.control.clone(),
            sealing_keys: config.sealing_keys.clone(),
            storage,
            hour: config.backup_hour,
            clock: config.clock.clone(),
            tasks,
        }
    }

    /// Works until the tasks stop.
    pub async fn run(self) {
        let stop = self.tasks.stop_token();
        while !stop.is_cancelled() {
            let work = async {
                let control = Session::open(&self.control, &self.tasks).await?;
                loop {
                    if !self.take_one(&control).await? {
                        sleep(LOOK_EVERY).await;
                    }
                }
            };
            let failed: Error = tokio::select! {
                ended = work => match ended { Ok(never) => never, Err(error) => error },
                () = stop.cancelled() => return,
            };
            tracing::warn!(error = %Chain(&failed), "the control database failed the backups");
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Backs up the tenant that waits longest; `false` if nobody waits.
    async fn take_one(&self, control: &Session) -> Result<bool, Error> {
        self.give_turns(control).await?;
        let now = self.clock.now();
        let sql = "SELECT t.id FROM backup_turns b JOIN tenants t ON t.id = b.tenant_id
             WHERE b.due_at <= $1 AND t.provisioning = 'ready' ORDER BY b.due_at LIMIT 50";
        for row in control.query(sql, &[&now]).await? {
            let tenant: TenantId = row.try_get(0)?;
            if !store::try_lock(control, tenant).await? {
                continue;
            }
            // Whoever held the lock before may have done it.
            let due = self.find_due(control, tenant).await?;
            if let Some(due) = &due {
                self.back_up(control, due).await?;
            }
            store::unlock(control, tenant).await?;
            if due.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A tenant that has none yet gets a turn, in its first night.
    async fn give_turns(&self, control: &Session) -> Result<(), Error> {
        let sql = "SELECT t.id FROM tenants t LEFT JOIN backup_turns b ON b.tenant_id = t.id
             WHERE t.provisioning = 'ready' AND b.tenant_id IS NULL LIMIT 500";
        let now = self.clock.now();
        for row in control.query(sql, &[]).await? {
            let tenant: TenantId = row.try_get(0)?;
            let first = Night::of(tenant, self.hour, now).next_at;
            let give = "INSERT INTO backup_turns (tenant_id, due_at) VALUES ($1, $2)
                 ON CONFLICT DO NOTHING";
            control.execute(give, &[&tenant, &first]).await?;
        }
        Ok(())
    }

    async fn find_due(&self, control: &Session, tenant: TenantId) -> Result<Option<Due>, Error> {
        let sql = "SELECT d.id, d.db_host_id, b.failures
             FROM backup_turns b JOIN tenants t ON t.id = b.tenant_id
             JOIN databases d ON d.tenant_id = t.id AND d.state = 'assigned'
             WHERE b.tenant_id = $1 AND b.due_at <= $2 AND t.provisioning = 'ready'";
        let row = control.query_opt(sql, &[&tenant, &self.clock.now()]).await?;
        row.map(|it| {
            Ok(Due {
                tenant,
                database: it.try_get(0)?,
                host: it.try_get(1)?,
                failures: it.try_get(2)?,
            })
        })
        .transpose()
    }

    /// Makes the backup and gives the next turn. Killed before the turn, the next one finds the backup
    /// made; a failure puts the turn off.
    async fn back_up(&self, control: &Session, due: &Due) -> Result<(), Error> {
        let night = Night::of(due.tenant, self.hour, self.clock.now());
        let made = timeout(LIMIT, self.make(control, due, night))
            .await
            .unwrap_or(Err(StepError::TooLong(LIMIT.as_secs())));
        match made {
            Ok(()) => {
                metrics::counter!("backups_total", "outcome" => "made").increment(1);
                let sql = "UPDATE backup_turns SET due_at = $2, failures = 0, last_error = NULL,
                       failing_since = NULL WHERE tenant_id = $1";
                control.execute(sql, &[&due.tenant, &night.next_at]).await?;
                self.thin_out(control, due.tenant).await
            }
            Err(error) => {
                let error = Chain(&error).to_string();
                tracing::error!(tenant.id = %due.tenant, error, "a nightly backup failed");
                metrics::counter!("backups_total", "outcome" => "failed").increment(1);
                let now = self.clock.now();
                let wait = (1_i64 << due.failures.clamp(0, 6)).min(LONGEST_WAIT_MINUTES);
                let again = now + TimeDelta::minutes(wait);
                let sql = "UPDATE backup_turns SET due_at = $2, failures = failures + 1,
                       last_error = $3, failing_since = coalesce(failing_since, $4)
                     WHERE tenant_id = $1";
                control.execute(sql, &[&due.tenant, &again, &error, &now]).await.map(drop)
            }
        }
    }

    async fn make(&self, control: &Session, due: &Due, night: Night) -> Result<(), StepError> {
        let lost = || StepError::NotYet("the tenant's database server is not on record".to_owned());
        let host = hosts::find(control, due.host).await?.ok_or_else(lost)?;
        let login = host.admin_login(&self.sealing_keys).map_err(|error| {
            StepError::NotYet(format!("log in to `{}`: {}", host.name, Chain(&error)))
        })?;
        let inside = enter_database(&login, &due.database.name(), &self.tasks).await?;
        let kind = Kind::Nightly(night.date);
        let wanted = Wanted { tenant: due.tenant, kind, database: due.database, keep_until: None };
        take(control, &inside, &self.storage, &wanted, None).await?;
        usage::note(control, &inside, &self.storage, due.tenant).await;
        Ok(())
    }

    /// Gives up the nights that the rule does not keep.
    async fn thin_out(&self, control: &Session, tenant: TenantId) -> Result<(), Error> {
        let nights = store::list_nights(control, tenant).await?;
        let kept: Vec<_> = retention::kept(&nights).into_iter().collect();
        store::expire_other_nights(control, tenant, &kept).await.map(drop)
    }
}
