//! The few handles that requests and jobs share.

use std::{
    collections::{HashMap, hash_map::Entry},
    ops::RangeInclusive,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hotelhub_core::{clock::Clock, errors::Chain, ids::TenantId, tasks::Tasks};
use hotelhub_http::auth::{passwords::Passwords, tokens::Tokens};
use hotelhub_jobs::{
    broker::{Broker, PublishError},
    relay,
};
use hotelhub_tenancy::{
    db::{ConnectTenantError, TenantDb},
    feed::Feed,
    pools::{PoolsConfig, TenantPools},
    routes::Routes,
};
use tokio::time::{error::Elapsed, timeout};

use crate::config::{Addresses, DatabasesConfig};

/// The schema versions of a hotel's database that this program serves.
pub const SCHEMA_VERSIONS: RangeInclusive<i32> = 4..=5;

/// Longest time that reading or marking jobs may take.
pub(crate) const BOOKKEEPING: Duration = Duration::from_secs(10);

/// What a request may need.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) clock: Clock,
    pub(crate) addresses: Addresses,
    pub(crate) routes: Routes,
    pub(crate) feed: Feed,
    pub(crate) pools: TenantPools,
    pub(crate) tokens: Tokens,
    pub(crate) passwords: Passwords,
    pub(crate) relay: Relay,
}

/// The pools of this process.
pub(crate) fn pools(config: DatabasesConfig, application: &'static str) -> TenantPools {
    TenantPools::new(PoolsConfig {
        keys: config.keys,
        connections_per_host: config.connections_per_host,
        schema_versions: SCHEMA_VERSIONS,
        application,
    })
}

/// Sends the tickets of a hotel's fresh jobs on their way, beside the request.
#[derive(Clone, Debug)]
pub(crate) struct Relay {
    broker: Broker,
    tasks: Tasks,
    /// The hotels that are being relayed, and whether to look once more afterwards.
    running: Arc<Mutex<HashMap<TenantId, bool>>>,
}

impl Relay {
    pub(crate) fn new(broker: Broker, tasks: Tasks) -> Self {
        Self { broker, tasks, running: Arc::default() }
    }

    /// Relays what is ready in `db`, one relay per hotel at a time. A failure costs time only: the
    /// next tick finds the rows.
    pub(crate) fn nudge(&self, db: TenantDb) {
        if !self.broker.is_connected() || !self.begin(db.tenant()) {
            return;
        }
        let relay = self.clone();
        self.tasks.spawn("relay", async move {
            loop {
                if let Err(error) = relay_jobs(&db, &relay.broker, false).await {
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
    broker: &Broker,
    overdue_too: bool,
) -> Result<(), RelayError> {
    let connection = db.connect().await?;
    let due = timeout(BOOKKEEPING, relay::due(&connection, overdue_too)).await??;
    connection.release();
    if due.is_empty() {
        return Ok(());
    }
    let published = relay::publish(db.tenant(), &due, broker).await;
    let connection = db.connect().await?;
    timeout(BOOKKEEPING, relay::mark(&connection, &published)).await??;
    connection.release();
    published.failure.map_or(Ok(()), |failure| Err(failure.into()))
}
