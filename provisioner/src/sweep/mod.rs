//! Looks at every database server now and then: who has written, and what belongs to nobody.
//!
//! A job that was committed but never published would wait for its tenant's next periodic tick.
//! Writing moves a counter of the database, so a database whose counters moved gets a tick; the
//! tick's handler finds the job. One query a server, however many tenants it has.

mod activity;
mod strays;

use std::{collections::HashMap, time::Duration};

use hotelhub_core::{
    errors::Chain,
    ids::{DbHostId, TenantId},
    keys::Keyring,
    sql::Query as _,
    tasks::Tasks,
};
use hotelhub_jobs::{
    broker::Broker,
    class::Class,
    depth::{Depth, Depths},
};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_postgres::Error;

use self::{activity::Activity, strays::Strays};
use crate::{
    config::Config,
    hosts::{self, AdminLoginError, DbHost},
    rounds::Rounds,
    session::Session,
};

const SWEEP_EVERY: Duration = Duration::from_secs(10);
const HOST_LIMIT: Duration = Duration::from_secs(10);
/// All ticks of a sweep go out within this time, and a few of them this far apart: each costs a worker
/// and a server some milliseconds, which would be missing to requests and jobs all at once.
const SPREAD: Duration = Duration::from_secs(5);
const GAP: Duration = Duration::from_millis(100);

/// Sweeps the database servers.
#[derive(Debug)]
pub struct Sweeper {
    sealing_keys: Keyring,
    broker: Option<(Broker, Depths)>,
    tasks: Tasks,
    sessions: HashMap<DbHostId, Session>,
    activity: Activity,
    strays: Strays,
}

/// A database that was written to.
#[derive(Debug)]
struct Moved {
    database: String,
    counter: i64,
    tenant: TenantId,
}

/// A sweep of one server failed.
#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error("log in")]
    Login(#[from] AdminLoginError),
    #[error("ask a database")]
    Database(#[from] Error),
}

impl Sweeper {
    /// A sweeper; without a broker it sends no ticks.
    #[must_use]
    pub fn new(config: &Config, broker: Option<Broker>, tasks: Tasks) -> Self {
        Self {
            sealing_keys: config.sealing_keys.clone(),
            broker: broker.map(|it| (it.clone(), Depths::new(it))),
            tasks,
            sessions: HashMap::new(),
            activity: Activity::default(),
            strays: Strays::default(),
        }
    }
}

impl Rounds for Sweeper {
    const FAILURE: &'static str = "cannot sweep";
    type Error = Error;

    async fn look(&mut self, control: &Session) -> Result<(), Error> {
        let mut moved = Vec::new();
        for host in hosts::list(control).await? {
            match timeout(HOST_LIMIT, self.sweep_host(control, &host)).await {
                Ok(Ok(found)) => moved.extend(found),
                // The keeper of the servers tells of a server that is away, and loudly.
                Ok(Err(error)) => {
                    tracing::debug!(db_host = host.name, error = %Chain(&error), "cannot sweep");
                }
                Err(_late) => tracing::debug!(db_host = host.name, "a sweep took too long"),
            }
        }
        self.send_ticks(moved).await;
        Ok(())
    }

    async fn rest(&mut self) {
        sleep(SWEEP_EVERY).await;
    }
}

impl Sweeper {
    async fn sweep_host(
        &mut self,
        control: &Session,
        host: &DbHost,
    ) -> Result<Vec<Moved>, SweepError> {
        let session = match self.sessions.remove(&host.id).filter(|it| !it.is_lost()) {
            Some(session) => session,
            None => Session::open(&host.admin_login(&self.sealing_keys)?, &self.tasks).await?,
        };
        // The server first: whatever is there by then is on record, unless it is a stray.
        let counters = activity::read_counters(&session).await?;
        let found = strays::list_names(&session).await?;
        let mut tenants = list_tenants(control, host.id).await?;
        self.strays.compare(control, host, found).await?;
        self.sessions.insert(host.id, session);
        let moved = counters.into_iter().filter_map(|(database, counter)| {
            let tenant = tenants.remove(&database)?;
            let has_moved = self.activity.has_moved(&database, counter);
            has_moved.then_some(Moved { database, counter, tenant })
        });
        Ok(moved.collect())
    }

    async fn send_ticks(&mut self, moved: Vec<Moved>) {
        let Some((broker, depths)) = &mut self.broker else { return };
        if moved.is_empty() || !is_worked(depths).await {
            return;
        }
        let count = u32::try_from(moved.len()).unwrap_or(u32::MAX);
        let mut pace = interval(GAP.min(SPREAD / count.max(1)));
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for Moved { database, counter, tenant } in moved {
            pace.tick().await;
            match broker.publish_tick(tenant).await {
                Ok(()) => {
                    self.activity.note(&database, counter);
                    metrics::counter!("sweep_ticks_total").increment(1);
                }
                Err(error) => {
                    let error = Chain(&error);
                    tracing::debug!(tenant.id = %tenant, %error, "a tick waits for the next sweep");
                    // The broker is away or slow: the others would fail as well.
                    return;
                }
            }
        }
    }
}

/// Whether somebody takes ticks at all. If nobody does they would only pile up before the jobs; what
/// has moved is still seen when workers are back.
async fn is_worked(depths: &mut Depths) -> bool {
    match depths.of(Class::Default).await {
        Ok(Some(Depth { workers: 0, .. })) => {
            metrics::counter!("sweep_ticks_held_back_total").increment(1);
            false
        }
        Ok(Some(_)) => true,
        Ok(None) => false,
        Err(error) => {
            tracing::debug!(error = %Chain(&error), "it is not known whether ticks are taken");
            false
        }
    }
}

/// The tenants whose data lies on this server, by the names of their databases.
async fn list_tenants(
    control: &Session,
    host: DbHostId,
) -> Result<HashMap<String, TenantId>, Error> {
    let sql = "SELECT 'tenant_' || replace(id::text, '-', ''), tenant_id
         FROM databases WHERE db_host_id = $1 AND state = 'assigned'";
    let rows = control.query(sql, &[&host]).await?;
    rows.iter().map(|it| Ok((it.try_get(0)?, it.try_get(1)?))).collect()
}
