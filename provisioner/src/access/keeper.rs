//! The loop over all databases that say something else than they should.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use hotelhub_core::{
    errors::Chain,
    ids::{DatabaseId, DbHostId},
    sql::Query as _,
    tasks::Tasks,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_postgres::{Config as Login, Error};

use super::pen::{Behind, Pen};
use crate::{config::Config, session::Session, wake::Wake};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// So many databases in one look; the others are next.
const BATCH: i64 = 500;

/// Keeps `tenant_identity.access` of every assigned database as `tenants.access` is.
#[derive(Debug)]
pub struct AccessKeeper {
    control: Login,
    pen: Pen,
    woken: watch::Receiver<()>,
    tasks: Tasks,
    /// Servers that are being written to.
    at_work: HashSet<DbHostId>,
    /// Servers that are away, and until when nobody asks again.
    away: HashMap<DbHostId, Instant>,
    /// Databases that could not be written, and until when nobody tries again.
    put_off: HashMap<DatabaseId, Instant>,
}

impl AccessKeeper {
    /// A keeper with sessions of its own.
    #[must_use]
    pub fn new(config: &Config, wake: &Wake, tasks: Tasks) -> Self {
        Self {
            control: config.control.clone(),
            pen: Pen::new(config, tasks.clone()),
            woken: wake.on_access(),
            tasks,
            at_work: HashSet::new(),
            away: HashMap::new(),
            put_off: HashMap::new(),
        }
    }

    /// Looks again and again until the tasks stop.
    ///
    /// Every server is written to by itself: one that is away, or slow, holds up no other.
    pub async fn run(mut self) {
        let stop = self.tasks.stop_token();
        let mut kept: Option<Arc<Session>> = None;
        let mut writes = FuturesUnordered::new();
        while !stop.is_cancelled() {
            self.woken.mark_unchanged();
            match self.find_behind(kept.take()).await {
                Ok((control, by_host)) => {
                    for (host, behind) in by_host {
                        self.at_work.insert(host);
                        let (pen, control) = (self.pen.clone(), control.clone());
                        writes.push(async move { pen.write_all(&control, host, behind).await });
                    }
                    kept = Some(control);
                }
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "cannot read what tenants may do");
                    sleep(LOOK_EVERY).await;
                }
            }
            tokio::select! {
                Some(done) = writes.next() => {
                    self.at_work.remove(&done.host);
                    let again = Instant::now() + LOOK_EVERY;
                    if done.is_away {
                        self.away.insert(done.host, again);
                    }
                    self.put_off.extend(done.left.into_iter().map(|it| (it, again)));
                }
                () = sleep(LOOK_EVERY) => {}
                Ok(()) = self.woken.changed() => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// The databases that are behind, on servers that nobody writes to now.
    async fn find_behind(
        &mut self,
        kept: Option<Arc<Session>>,
    ) -> Result<(Arc<Session>, HashMap<DbHostId, Vec<Behind>>), Error> {
        let control = match kept.filter(|it| !it.is_lost()) {
            Some(control) => control,
            None => Arc::new(Session::open(&self.control, &self.tasks).await?),
        };
        let hosts: Vec<DbHostId> =
            self.at_work.iter().copied().chain(still(&mut self.away)).collect();
        let databases = still(&mut self.put_off);
        let rows = control
            .query(
                "SELECT d.id, d.tenant_id, d.db_host_id
                 FROM databases d JOIN tenants t ON t.id = d.tenant_id
                 WHERE d.state = 'assigned' AND d.access IS DISTINCT FROM t.access
                   AND t.provisioning = 'ready'
                   AND d.db_host_id <> ALL ($1) AND d.id <> ALL ($2)
                 ORDER BY t.access_changed_at NULLS FIRST LIMIT $3",
                &[&hosts, &databases, &BATCH],
            )
            .await?;
        let mut by_host: HashMap<DbHostId, Vec<Behind>> = HashMap::new();
        for row in &rows {
            let behind = Behind { database: row.try_get(0)?, tenant: row.try_get(1)? };
            by_host.entry(row.try_get(2)?).or_default().push(behind);
        }
        Ok((control, by_host))
    }
}

/// Those whose time has not come yet; the others are forgotten.
fn still<K: Copy + Eq + Hash>(until: &mut HashMap<K, Instant>) -> Vec<K> {
    let now = Instant::now();
    until.retain(|_, until| *until > now);
    until.keys().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_off_comes_again() {
        let now = Instant::now();
        let mut until = HashMap::from([(1, now), (2, now + Duration::from_hours(1))]);

        assert_eq!(still(&mut until), [2]);
        assert_eq!(until.len(), 1);
    }
}
