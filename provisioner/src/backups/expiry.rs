//! Deletes the backups whose time is over, and compares what is on record with what is there.

use std::{
    collections::HashSet,
    time::{Duration, Instant, SystemTime},
};

use chrono::TimeDelta;
use hotelhub_core::{clock::Clock, sql::Query as _};
use hotelhub_storage::{Listed, Storage};
use tokio::time::sleep;

use super::{
    TENANTS, store,
    strays::{Known, Stray},
};
use crate::{
    config::Config, engine::StepError, locks::Lock, restore_tenant, rounds::Rounds,
    session::Session,
};

const LOOK_EVERY: Duration = Duration::from_secs(10);
const AT_ONCE: i64 = 200;
/// A list of all objects costs a call for each thousand.
const COMPARE_EVERY: Duration = Duration::from_secs(6 * 60 * 60);
/// A bundle that was brought is there before the operation that it is for, and so may be others: what
/// nobody knows of goes after a day.
const STRAY_AGE: Duration = Duration::from_secs(24 * 60 * 60);
/// A backup on no record was made by a platform whose control database has since been restored from
/// an older copy: it may be the only one of those days, and is there for a month, from when it was first
/// seen so, to be imported.
const STRAY_BACKUP_AGE: TimeDelta = TimeDelta::days(30);
/// Younger than this, it may belong to somebody who is still at it.
const UNFINISHED_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Deletes what is to go. One at a time works, of all processes.
#[derive(Debug)]
pub struct Expiry {
    storage: Storage,
    clock: Clock,
    compared: Option<Instant>,
}

impl Expiry {
    /// One of those who take turns.
    #[must_use]
    pub fn new(config: &Config, storage: Storage) -> Self {
        Self { storage, clock: config.clock.clone(), compared: None }
    }
}

impl Rounds for Expiry {
    const FAILURE: &'static str = "cannot delete old backups";
    type Error = StepError;

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

    async fn rest(&mut self) {
        sleep(LOOK_EVERY).await;
    }
}

impl Expiry {
    /// The object first: killed in between, the row is taken up again.
    async fn delete(&self, control: &Session) -> Result<(), StepError> {
        for backup in store::list_expiring(control, AT_ONCE).await? {
            self.storage.delete(&backup.object).await?;
            store::forget(control, backup.id, self.clock.now()).await?;
            metrics::counter!("backups_expired_total").increment(1);
        }
        Ok(())
    }

    /// Reports what is on record and not there, or there and on no record; deletes what nobody will
    /// ask for: backups that nobody has claimed, uploads without an operation, files of copies that are
    /// gone, and what dead writers have left.
    async fn compare(&self, control: &Session) -> Result<(), StepError> {
        // The storage first: whatever is there by then is on record, unless it is a stray.
        let found = self.storage.list(TENANTS).await?;
        let records = store::list_objects(control).await?;
        let there: HashSet<&str> = found.iter().map(|it| it.name.as_str()).collect();
        let missing = records.iter().filter(|it| it.is_kept).map(|it| it.object.as_str());
        let missing: Vec<&str> = missing.filter(|it| !there.contains(it)).collect();
        metrics::gauge!("backups_missing").set(u32::try_from(missing.len()).unwrap_or(u32::MAX));
        if !missing.is_empty() {
            tracing::error!(?missing, "object storage has lost backups");
        }
        let known = Known {
            begun: records.iter().map(|it| it.id).collect(),
            backups: records.into_iter().map(|it| it.object).collect(),
            uploads: store::list_wanted_uploads(control).await?,
            copies: store::list_copies_with_files(control).await?,
            tenants: store::list_tenants(control).await?,
        };
        self.sweep(control, &known, &found).await?;
        self.storage.sweep_unfinished("", UNFINISHED_AGE).await?;
        Ok(())
    }

    /// Deletes what is stray for long enough, of tenants that are known. What is in another's folder is
    /// another platform's, or all that is left of ours: it is left alone.
    async fn sweep(
        &self,
        control: &Session,
        known: &Known,
        found: &[Listed],
    ) -> Result<(), StepError> {
        let now = self.clock.now();
        let strays = found.iter().filter_map(|it| Some((it, known.stray(&it.name)?)));
        let (ours, foreign): (Vec<_>, Vec<_>) =
            strays.partition(|(it, _)| known.knows_tenant_of(&it.name));
        if !foreign.is_empty() {
            tracing::warn!(
                objects = foreign.len(),
                "object storage has objects of tenants that this platform does not know, and leaves \
                 them there: see that STORAGE_URL is not another platform's"
            );
        }
        let backups = ours.iter().filter(|(_, kind)| *kind == Stray::Backup);
        let backups: Vec<&str> = backups.map(|(it, _)| it.name.as_str()).collect();
        metrics::gauge!("backup_strays").set(u32::try_from(backups.len()).unwrap_or(u32::MAX));
        if !backups.is_empty() {
            tracing::error!(strays = ?backups, "backups are on no record");
        }
        let unclaimed = store::note_strays(control, &backups, now, now - STRAY_BACKUP_AGE).await?;
        let yesterday = SystemTime::now().checked_sub(STRAY_AGE).unwrap_or(SystemTime::UNIX_EPOCH);
        for (stray, kind) in ours {
            let is_over = match kind {
                Stray::Backup => unclaimed.contains(&stray.name),
                Stray::Unclaimed => stray.written_at < yesterday,
            };
            if is_over {
                self.storage.delete(&stray.name).await?;
                tracing::warn!(object = stray.name, "deleted what belongs to nothing on record");
            }
        }
        Ok(())
    }
}
