//! Deletes the backups whose time is over, and compares what is on record with what is there.

use std::{
    collections::HashSet,
    time::{Duration, Instant, SystemTime},
};

use hotelhub_core::{clock::Clock, errors::Chain, sql::Query as _, tasks::Tasks};
use hotelhub_storage::Storage;
use tokio::time::{MissedTickBehavior, interval};
use tokio_postgres::Config as Login;

use super::{object_of, store};
use crate::{config::Config, engine::StepError, locks::Lock, restore_tenant, session::Session};

const LOOK_EVERY: Duration = Duration::from_secs(10);
const AT_ONCE: i64 = 200;
/// A list of all objects costs a call for each thousand.
const COMPARE_EVERY: Duration = Duration::from_secs(6 * 60 * 60);
/// A bundle that was brought waits for its operation; one that nobody asked for goes after a day.
const UPLOAD_AGE: Duration = Duration::from_secs(24 * 60 * 60);
/// Younger than this, it may belong to somebody who is still at it.
const UNFINISHED_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Deletes what is to go. One at a time works, of all processes.
#[derive(Debug)]
pub struct Expiry {
    control: Login,
    storage: Storage,
    clock: Clock,
    tasks: Tasks,
    compared: Option<Instant>,
}

impl Expiry {
    /// One of those who take turns.
    #[must_use]
    pub fn new(config: &Config, storage: Storage, tasks: Tasks) -> Self {
        let (control, clock) = (config.control.clone(), config.clock.clone());
        Self { control, storage, clock, tasks, compared: None }
    }

    /// Works until the tasks stop.
    pub async fn run(mut self) {
        let stop = self.tasks.stop_token();
        let mut every = interval(LOOK_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut control = None;
        loop {
            tokio::select! {
                _ = every.tick() => {}
                () = stop.cancelled() => return,
            }
            let look = async {
                let session = match control.take() {
                    Some(session) => session,
                    None => Session::open(&self.control, &self.tasks).await?,
                };
                self.look(&session).await.map(|()| session)
            };
            tokio::select! {
                looked = look => match looked {
                    Ok(session) => control = Some(session),
                    Err(error) => {
                        tracing::warn!(error = %Chain(&error), "cannot delete old backups");
                    }
                },
                () = stop.cancelled() => return,
            }
        }
    }

    async fn look(&mut self, control: &Session) -> Result<(), StepError> {
        let lock = Lock::Expiry.key();
        let locked = control.query_one("SELECT pg_try_advisory_lock($1)", &[&lock]).await?;
        if !locked.try_get::<_, bool>(0)? {
            return Ok(());
        }
        restore_tenant::discard_expired(control, self.clock.now()).await?;
        store::expire_old(control, self.clock.now()).await?;
        self.delete(control).await?;
        if self.compared.is_none_or(|it| it.elapsed() >= COMPARE_EVERY) {
            self.compare(control).await?;
            self.compared = Some(Instant::now());
        }
        control.query_one("SELECT pg_advisory_unlock($1)", &[&lock]).await?;
        Ok(())
    }

    /// The object first: killed in between, the row is taken up again.
    async fn delete(&self, control: &Session) -> Result<(), StepError> {
        for backup in store::list_expiring(control, AT_ONCE).await? {
            self.storage.delete(&object_of(backup.tenant, backup.id)).await?;
            store::forget(control, backup.id, self.clock.now()).await?;
            metrics::counter!("backups_expired_total").increment(1);
        }
        Ok(())
    }

    /// Reports what is on record and not there, or there and on no record; takes out what dead
    /// writers and uploads nobody asked for have left.
    async fn compare(&self, control: &Session) -> Result<(), StepError> {
        // The storage first: whatever is there by then is on record, unless it is a stray.
        let found = self.storage.list("tenants").await?;
        let records = store::list_objects(control).await?;
        let names: HashSet<String> =
            records.iter().map(|(tenant, id, _)| object_of(*tenant, *id)).collect();
        let there: HashSet<&str> = found.iter().map(|it| it.name.as_str()).collect();
        let is_backup = |name: &str| name.contains("/backups/");
        let strays = found.iter().filter(|it| is_backup(&it.name) && !names.contains(&it.name));
        let strays: Vec<&str> = strays.map(|it| it.name.as_str()).collect();
        let missing = records.iter().filter(|(_, _, must)| *must);
        let missing = missing.map(|(tenant, id, _)| object_of(*tenant, *id));
        let missing: Vec<String> = missing.filter(|it| !there.contains(it.as_str())).collect();
        metrics::gauge!("backup_strays").set(u32::try_from(strays.len()).unwrap_or(u32::MAX));
        metrics::gauge!("backups_missing").set(u32::try_from(missing.len()).unwrap_or(u32::MAX));
        if !strays.is_empty() {
            tracing::error!(?strays, "object storage holds backups that are on no record");
        }
        if !missing.is_empty() {
            tracing::error!(?missing, "object storage has lost backups");
        }
        let old = SystemTime::now().checked_sub(UPLOAD_AGE).unwrap_or(SystemTime::UNIX_EPOCH);
        for upload in found.iter().filter(|it| it.name.contains("/imports/")) {
            if upload.written_at < old {
                self.storage.delete(&upload.name).await?;
            }
        }
        self.storage.sweep_unfinished("", UNFINISHED_AGE).await?;
        Ok(())
    }
}
