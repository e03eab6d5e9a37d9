//! Sends the tickets of a hotel's jobs on their way.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use hotelhub_core::{errors::Chain, ids::TenantId, tasks::Tasks};
use hotelhub_jobs::{broker::PublishError, class::Class, hints::Hint, relay, transport::Transport};
use hotelhub_tenancy::db::{ConnectTenantError, TenantDb};
use tokio::time::{Instant, error::Elapsed, sleep_until, timeout};

use crate::app::BOOKKEEPING;

/// Sends the tickets of a hotel's fresh jobs on their way, beside whoever wrote or ended some.
#[derive(Clone, Debug)]
pub(crate) struct Relay {
    transport: Arc<dyn Transport>,
    tasks: Tasks,
    /// The hotels that are being relayed, and whether to look once more afterwards.
    running: Arc<Mutex<HashMap<TenantId, bool>>>,
    /// Where jobs have made room in the window of their class since it was last filled up: how many,
    /// and since when.
    ended: Arc<Mutex<Room>>,
}

/// Jobs that have ended, and since when.
type Room = HashMap<(TenantId, Class), (i64, Instant)>;

/// A window is filled up when half of it has ended, so that workers find the other half meanwhile and
/// looking costs once what it would cost for each; or so long after one has ended.
const FILL_UP: Duration = Duration::from_millis(50);

impl Relay {
    pub(crate) fn new(transport: Arc<dyn Transport>, tasks: Tasks) -> Self {
        Self { transport, tasks, running: Arc::default(), ended: Arc::default() }
    }

    /// Relays what is ready in `db`, one relay per hotel at a time. A failure costs time only: the
    /// next tick finds the rows.
    pub(crate) fn nudge(&self, db: TenantDb) {
        if !self.transport.is_connected() || !self.begin(db.tenant()) {
            return;
        }
        let relay = self.clone();
        self.tasks.spawn("relay", async move {
            loop {
                if let Err(error) = relay_jobs(&db, &*relay.transport, false).await {
                    tracing::warn!(
                        tenant.id = %db.tenant(), error = %Chain(&error),
                        "jobs were not relayed; the next tick finds them"
                    );
                }
                if !relay.once_more(db.tenant()) {
                    return;
                }
            }
        });
    }

    /// Has a hotel looked at again when more of its jobs are due. That word may be lost: it is looked
    /// at now and then anyway.
    pub(crate) fn look_again(&self, tenant: TenantId, next_due: DateTime<Utc>) {
        let transport = Arc::clone(&self.transport);
        self.tasks.spawn("tell what is due", async move {
            let hint = Hint { tenant, next_due: Some(next_due), looked: false };
            if let Err(error) = transport.hint(&hint).await {
                tracing::warn!(tenant.id = %tenant, error = %Chain(&error), "a hint is lost");
            }
        });
    }

    /// Relays what is ready in `db` where a job of a class has ended, together with others that end.
    pub(crate) fn fill_up(&self, db: TenantDb, class: Class) {
        let share = (db.tenant(), class);
        let (count, since) = {
            let mut ended = self.ended();
            let (count, since) = ended.entry(share).or_insert((0, Instant::now()));
            *count += 1;
            if *count * 2 >= class.window() {
                ended.remove(&share);
                drop(ended);
                return self.nudge(db);
            }
            (*count, *since)
        };
        if count == 1 {
            let relay = self.clone();
            self.tasks.spawn("fill up a window", async move {
                sleep_until(since + FILL_UP).await;
                // Unless that was done meanwhile.
                let mut ended = relay.ended();
                if ended.get(&share).is_some_and(|(_, it)| *it == since) {
                    ended.remove(&share);
                    drop(ended);
                    relay.nudge(db);
                }
            });
        }
    }

    fn ended(&self) -> MutexGuard<'_, Room> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `false`: one is under way, and will look once more.
    fn begin(&self, tenant: TenantId) -> bool {
        match self.running().entry(tenant) {
            Entry::Occupied(mut under_way) => {
                under_way.insert(true);
                false
            }
            Entry::Vacant(none) => {
                none.insert(false);
                true
            }
        }
    }

    fn once_more(&self, tenant: TenantId) -> bool {
        let mut running = self.running();
        match running.get_mut(&tenant) {
            Some(asked @ true) => {
                *asked = false;
                true
            }
            _ => {
                running.remove(&tenant);
                false
            }
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<TenantId, bool>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why jobs were not relayed. They stay as they are; the next tick tries again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RelayError {
    #[error("connect to relay jobs")]
    Connect(#[from] ConnectTenantError),
    #[error("read or mark the jobs to relay")]
    Database(#[from] tokio_postgres::Error),
    #[error("publish tickets")]
    Publish(#[from] PublishError),
    #[error("the database did not answer in time")]
    Slow(#[from] Elapsed),
}

/// Publishes tickets for the rows that want one. Holds no connection while the broker is waited
/// for: a broker that stalls must not keep a hotel from its data.
pub(crate) async fn relay_jobs(
    db: &TenantDb,
    transport: &dyn Transport,
    overdue_too: bool,
) -> Result<(), RelayError> {
    let connection = db.connect().await?;
    let due = timeout(BOOKKEEPING, relay::due(&connection, overdue_too)).await??;
    connection.release();
    if due.is_empty() {
        return Ok(());
    }
    let published = relay::publish(db.tenant(), &due, transport).await;
    let connection = db.connect().await?;
    timeout(BOOKKEEPING, relay::mark(&connection, &published)).await??;
    connection.release();
    published.failure.map_or(Ok(()), |failure| Err(failure.into()))
}
