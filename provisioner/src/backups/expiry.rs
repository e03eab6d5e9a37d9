//! Deletes the backups whose time is over, and compares what is on record with what is there.

use std::{
    collections::HashSet,
    time::{Duration, Instant, SystemTime},
};

use hotelhub_core::{clock::Clock, errors::Chain, sql::Query as _, tasks::Tasks};
use hotelhub_storage::{Listed, Storage};
use tokio::time::{MissedTickBehavior, interval};
use tokio_postgres::Config as Login;

use super::{BACKUPS, COPIES, IMPORTS, TENANTS, object_of, store};
use crate::{config::Config, engine::StepError, locks::Lock, restore_tenant, session::Session};

const LOOK_EVERY: Duration = Duration::from_secs(10);
const AT_ONCE: i64 = 200;
/// A list of all objects costs a call for each thousand.
const COMPARE_EVERY: Duration = Duration::from_secs(6 * 60 * 60);
/// A bundle that was brought is there before the operation that it is for, and so may be others: what
/// nobody knows of goes after a day.
const STRAY_AGE: Duration = Duration::from_secs(24 * 60 * 60);
/// A backup on no record was made by a platform whose control database has since been restored from
/// an older copy: it may be the only one of those days, and is there for a month to be imported.
const STRAY_BACKUP_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
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

    /// Reports what is on record and not there, or there and on no record; deletes what nobody will
    /// ask for: backups without a record, uploads without an operation, files of copies that are gone,
    /// and what dead writers have left.
    async fn compare(&self, control: &Session) -> Result<(), StepError> {
        // The storage first: whatever is there by then is on record, unless it is a stray.
        let found = self.storage.list(TENANTS).await?;
        let records = store::list_objects(control).await?;
        let there: HashSet<&str> = found.iter().map(|it| it.name.as_str()).collect();
        let missing = records.iter().filter(|(_, _, must)| *must);
        let missing = missing.map(|(tenant, id, _)| object_of(*tenant, *id));
        let missing: Vec<String> = missing.filter(|it| !there.contains(it.as_str())).collect();
        let known = Known {
            backups: records.iter().map(|(tenant, id, _)| object_of(*tenant, *id)).collect(),
            uploads: store::list_wanted_uploads(control).await?,
            copies: store::list_copies_with_files(control).await?,
        };
        let strays: Vec<&Listed> = found.iter().filter(|it| known.is_stray(&it.name)).collect();
        let backups = strays.iter().filter(|it| folder_in(&it.name) == Some(BACKUPS)).count();
        metrics::gauge!("backup_strays").set(u32::try_from(backups).unwrap_or(u32::MAX));
        metrics::gauge!("backups_missing").set(u32::try_from(missing.len()).unwrap_or(u32::MAX));
        if !missing.is_empty() {
            tracing::error!(?missing, "object storage has lost backups");
        }
        let ago = |age| SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
        for stray in strays {
            let is_backup = folder_in(&stray.name) == Some(BACKUPS);
            if is_backup {
                tracing::error!(stray = stray.name, "a backup is on no record");
            }
            if stray.written_at < ago(if is_backup { STRAY_BACKUP_AGE } else { STRAY_AGE }) {
                self.storage.delete(&stray.name).await?;
                tracing::warn!(object = stray.name, "deleted what belongs to nothing on record");
            }
        }
        self.storage.sweep_unfinished("", UNFINISHED_AGE).await?;
        Ok(())
    }
}

/// What is on record of that which lies in tenants' folders.
struct Known {
    /// The objects of backups.
    backups: HashSet<String>,
    /// The objects of bundles that an operation is about which is not settled.
    uploads: HashSet<String>,
    /// The folders of files that came with copies that are there.
    copies: HashSet<String>,
}

impl Known {
    /// Whether an object is of a kind that is on record, and is on none. A hotel's own files are not.
    fn is_stray(&self, name: &str) -> bool {
        match folder_in(name) {
            Some(BACKUPS) => !self.backups.contains(name),
            Some(IMPORTS) => !self.uploads.contains(name),
            Some(COPIES) => {
                let folder = name.splitn(5, '/').take(4).collect::<Vec<_>>().join("/");
                !self.copies.contains(&folder)
            }
            _ => false,
        }
    }
}

/// The name of the folder in a tenant's folder that an object lies in.
fn folder_in(name: &str) -> Option<&str> {
    let mut parts = name.splitn(4, '/');
    let is_of_tenant = parts.next() == Some(TENANTS) && parts.next().is_some();
    let folder = parts.next().filter(|_| is_of_tenant);
    folder.filter(|_| parts.next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_in_a_folder_of_that_name_is_of_that_kind() {
        let of = |name: &str| folder_in(name).map(str::to_owned);
        assert_eq!(of("tenants/t/backups/b.zip").as_deref(), Some("backups"));
        assert_eq!(of("tenants/t/files/imports/b.zip").as_deref(), Some("files"));
        assert_eq!(of("tenants/t/backups"), None);
        assert_eq!(of("elsewhere/t/backups/b.zip"), None);
        let known = Known {
            backups: HashSet::from(["tenants/t/backups/b.zip".to_owned()]),
            uploads: HashSet::from(["tenants/t/imports/u.zip".to_owned()]),
            copies: HashSet::from(["tenants/t/copies/c".to_owned()]),
        };
        for kept in [
            "tenants/t/backups/b.zip",
            "tenants/t/imports/u.zip",
            "tenants/t/copies/c/logo/a.png",
            "tenants/t/files/backups/x.zip",
            "tenants/t/files/imports/x.zip",
            "tenants/t/files/copies/c",
        ] {
            assert!(!known.is_stray(kept), "{kept}");
        }
        for stray in
            ["tenants/t/backups/x.zip", "tenants/t/imports/x.zip", "tenants/t/copies/d/a.png"]
        {
            assert!(known.is_stray(stray), "{stray}");
        }
    }
}
