//! Connections to tenant databases: a small pool each, within one budget per database host.
//!
//! A connection is bound to one database, so tenants cannot share any. A pool is made on first
//! use, holds nothing while idle, and gives way when the budget of its host is spent: idle
//! connections beyond a tenant's first are closed first, then the least recently used. A spent
//! budget is waited for in order of arrival, up to a deadline. Every connection holds its share of
//! the budget as long as its socket is open.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use deadpool_postgres::{
    Connect, Manager, ManagerConfig, Pool, QueueMode, RecyclingMethod, Runtime, Timeouts,
};
use hotelhub_core::{
    ids::{DatabaseId, DbHostId, TenantId},
    keys::Keyring,
    life::{Access, Provisioning},
    routes::{Placement, Route},
};
use secrecy::ExposeSecret;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_postgres::{Client, Config, Error, NoTls};

use crate::{db::TenantDb, identity::identity_check, routes::Routes, turns::Turns};

/// Connections of one tenant and process. Below the login role's CONNECTION LIMIT.
const PER_TENANT: usize = 4;
/// How long a request waits for a connection before it is told to come back.
pub(crate) const WAIT: Duration = Duration::from_secs(2);
/// How often whoever waits for the budget looks for connections that became idle.
const LOOK_FOR_IDLE: Duration = Duration::from_millis(20);
const REAP_EVERY: Duration = Duration::from_secs(15);

/// How connections are made.
#[derive(Clone, Debug)]
pub struct PoolsConfig {
    /// `DB_HOST_KEYS`: makes the login passwords.
    pub keys: Keyring,
    /// `DB_CONNECTIONS_PER_HOST`: this process's share of a database host's connections.
    pub connections_per_host: usize,
    /// The least and greatest schema version that this program can serve.
    pub schema_versions: std::ops::RangeInclusive<i32>,
    /// How long a connection that nobody uses is kept.
    pub idle: Duration,
    /// How long a queue may stand before the hotel gets another connection.
    pub patience: Duration,
    /// What the server shows as the connection's application.
    pub application: &'static str,
}

/// Why a tenant's database cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenTenantError {
    /// The tenant has no database yet.
    #[error("the tenant has no database yet")]
    NotPlaced,
    /// Its schema is older or newer than this program can serve.
    #[error("schema version {0} is not served by this program")]
    SchemaVersion(i32),
    /// The key of its database host is not configured.
    #[error("DB_HOST_KEYS has no key `{0}`")]
    UnknownKey(String),
    /// No runtime or invalid settings; a bug of ours.
    #[error("make a pool of connections")]
    Pool,
}

/// The pools of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct TenantPools(Arc<Inner>);

struct Inner {
    config: PoolsConfig,
    pools: Mutex<HashMap<TenantId, TenantPool>>,
    budgets: Mutex<HashMap<DbHostId, Arc<Semaphore>>>,
}

#[derive(Clone)]
struct TenantPool {
    database: DatabaseId,
    generation: i32,
    db_host: DbHostId,
    /// Whether it was made while the tenant was stopped: for its owner, who may still come in.
    while_stopped: bool,
    pool: Pool,
    turns: Turns,
    used_at: Instant,
}

impl TenantPool {
    /// What is in flight may finish, nothing new starts here.
    fn close(&self, reason: &'static str) {
        self.turns.close();
        self.pool.close();
        metrics::counter!("tenant_pools_closed_total", "reason" => reason).increment(1);
    }

    /// Closes one idle connection; `false` if there is none.
    fn close_one(&self) -> bool {
        let mut is_closed = false;
        self.pool.retain(|_, _| std::mem::replace(&mut is_closed, true));
        self.turns.shrink_to(self.pool.status().size);
        is_closed
    }

    /// Why a pool that was made for another route should not live on; `None` if it may.
    fn is_outlived_by(&self, route: Option<&Route>) -> Option<&'static str> {
        let placed = route.filter(|it| it.provisioning == Provisioning::Ready);
        let Some((route, at)) = placed.and_then(|it| Some((it, it.placement.as_ref()?))) else {
            return Some("gone");
        };
        if (self.database, self.generation, self.db_host)
            != (at.database_id, at.generation, at.db_host.id)
        {
            return Some("moved");
        }
        (route.access == Access::Stopped && !self.while_stopped).then_some("stopped")
    }
}

impl TenantPools {
    /// Pools that are empty until they are used.
    #[must_use]
    pub fn new(config: PoolsConfig) -> Self {
        Self(Arc::new(Inner { config, pools: Mutex::default(), budgets: Mutex::default() }))
    }

    /// The database of the tenant that `route` names. Opens no connection yet.
    ///
    /// # Errors
    /// Refuses a tenant without a database, or with one that this program cannot serve.
    pub fn open(&self, route: &Route) -> Result<TenantDb, OpenTenantError> {
        let placement = route.placement.as_ref().ok_or(OpenTenantError::NotPlaced)?;
        if !self.0.config.schema_versions.contains(&placement.schema_version) {
            return Err(OpenTenantError::SchemaVersion(placement.schema_version));
        }
        let mut pools = self.pools();
        if let Some(known) = pools.get_mut(&route.tenant_id) {
            if (known.database, known.generation) == (placement.database_id, placement.generation) {
                known.used_at = Instant::now();
                let (pool, turns) = (known.pool.clone(), known.turns.clone());
                return Ok(TenantDb::new(route.tenant_id, pool, turns));
            }
            known.close("moved");
        }
        let pool = self.pool_for(route.tenant_id, placement)?;
        let turns = Turns::new(PER_TENANT, self.0.config.patience);
        pools.insert(
            route.tenant_id,
            TenantPool {
                database: placement.database_id,
                generation: placement.generation,
                db_host: placement.db_host.id,
                while_stopped: route.access == Access::Stopped,
                pool: pool.clone(),
                turns: turns.clone(),
                used_at: Instant::now(),
            },
        );
        metrics::gauge!("tenant_pools").set(u32::try_from(pools.len()).unwrap_or(u32::MAX));
        Ok(TenantDb::new(route.tenant_id, pool, turns))
    }

    /// Closes the pools of tenants that are gone, have moved or were stopped as soon as their routes
    /// say so, for ever. What is in flight may finish; its connection is closed after it.
    pub async fn follow(self, routes: Routes) {
        let mut changes = routes.changes();
        while changes.changed().await.is_ok() {
            let mut pools = self.pools();
            pools.retain(|tenant, it| {
                let Some(reason) = it.is_outlived_by(routes.of(*tenant).as_deref()) else {
                    return true;
                };
                it.close(reason);
                tracing::info!(tenant.id = %tenant, reason, "closed a pool");
                false
            });
            metrics::gauge!("tenant_pools").set(u32::try_from(pools.len()).unwrap_or(u32::MAX));
        }
    }

    /// Closes what has been idle for long, for ever.
    pub async fn reap(self) {
        let idle = self.0.config.idle;
        let mut ticks = interval(REAP_EVERY.min(idle));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let mut pools = self.pools();
            pools.retain(|_, it| {
                let closed = it.pool.retain(|_, metrics| metrics.last_used() < idle);
                it.turns.shrink_to(it.pool.status().size);
                count_evictions("idle", closed.removed.len());
                it.used_at.elapsed() < idle || it.pool.status().size > 0
            });
            metrics::gauge!("tenant_pools").set(u32::try_from(pools.len()).unwrap_or(u32::MAX));
        }
    }

    fn pools(&self) -> MutexGuard<'_, HashMap<TenantId, TenantPool>> {
        self.0.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn budget(&self, db_host: DbHostId) -> Arc<Semaphore> {
        let mut budgets = self.0.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        let size = self.0.config.connections_per_host;
        Arc::clone(budgets.entry(db_host).or_insert_with(|| Arc::new(Semaphore::new(size))))
    }

    fn pool_for(&self, tenant: TenantId, at: &Placement) -> Result<Pool, OpenTenantError> {
        let password = self
            .0
            .config
            .keys
            .database_password(&at.db_host.key_id, at.database_id)
            .ok_or_else(|| OpenTenantError::UnknownKey(at.db_host.key_id.clone()))?;
        let name = at.database_id.name();
        let mut config = Config::new();
        config
            .host(&at.db_host.address)
            .port(at.db_host.port)
            .user(&name)
            .dbname(&name)
            .password(password.expose_secret())
            .application_name(self.0.config.application)
            .connect_timeout(WAIT)
            .tcp_user_timeout(Duration::from_secs(5))
            .keepalives_idle(Duration::from_secs(15));
        let connect = BudgetedConnect {
            budget: self.budget(at.db_host.id),
            db_host: at.db_host.id,
            pools: self.clone(),
        };
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        Pool::builder(Manager::from_connect(config, connect, recycling))
            .max_size(PER_TENANT)
            // Those in excess stay unused, and so are seen to be idle.
            .queue_mode(QueueMode::Lifo)
            .timeouts(Timeouts {
                wait: Some(WAIT),
                create: Some(WAIT),
                recycle: Some(Duration::from_secs(1)),
            })
            .runtime(Runtime::Tokio1)
            .post_create(identity_check(tenant, at))
            .build()
            .map_err(|_no_runtime| OpenTenantError::Pool)
    }

    /// Closes an idle connection to `db_host`: of a tenant that has another one, else of the least
    /// recently used pool.
    fn evict_one(&self, db_host: DbHostId) {
        let mut pools: Vec<TenantPool> =
            self.pools().values().filter(|it| it.db_host == db_host).cloned().collect();
        pools.sort_by_cached_key(|it| (it.pool.status().size < 2, it.used_at));
        if pools.iter().any(TenantPool::close_one) {
            count_evictions("budget", 1);
        }
    }
}

fn count_evictions(reason: &'static str, connections: usize) {
    let connections = u64::try_from(connections).unwrap_or(u64::MAX);
    metrics::counter!("tenant_connections_evicted_total", "reason" => reason)
        .increment(connections);
}

struct BudgetedConnect {
    budget: Arc<Semaphore>,
    db_host: DbHostId,
    pools: TenantPools,
}

impl BudgetedConnect {
    /// A share of the budget; the pool's own deadline bounds the wait.
    ///
    /// Shares are given out in order of arrival. A connection that another hotel has finished with
    /// keeps its share while it is idle, so whoever waits takes it away again and again.
    async fn share(&self) -> OwnedSemaphorePermit {
        if let Ok(share) = Arc::clone(&self.budget).try_acquire_owned() {
            return share;
        }
        metrics::counter!("tenant_connection_waits_total").increment(1);
        let waiting = Arc::clone(&self.budget).acquire_owned();
        let mut waiting = std::pin::pin!(waiting);
        let mut looks = interval(LOOK_FOR_IDLE);
        loop {
            tokio::select! {
                share = &mut waiting => {
                    #[expect(clippy::expect_used, reason = "budgets are never closed")]
                    return share.expect("the budget is open");
                }
                _ = looks.tick() => self.pools.evict_one(self.db_host),
            }
        }
    }
}

type Connecting<'a> =
    Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + 'a>>;

impl Connect for BudgetedConnect {
    fn connect(&self, config: &Config) -> Connecting<'_> {
        let config = config.clone();
        Box::pin(async move {
            let share = self.share().await;
            let (client, connection) = config.connect(NoTls).await?;
            #[expect(clippy::disallowed_methods, reason = "lives and dies with the connection")]
            let task = tokio::spawn(async move {
                let _share = share;
                if let Err(error) = connection.await {
                    tracing::warn!(%error, "a database connection ended");
                }
            });
            Ok((client, task))
        })
    }
}
