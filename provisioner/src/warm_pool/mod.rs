//! Keeps copies of the template ready before anybody asks for a hotel, and drops those that nobody
//! is to have.
//!
//! A reconciler: it takes no input, compares the rows of `databases` with what should be, and looks
//! again every second. Any number of provisioners share one pool. What holds:
//!
//! - **A row is on disk before anything bears its name**, and is deleted after nothing does. So each
//!   database and each role is accounted for at every moment.
//! - **`making`** belongs to the process that holds the row's lock on the control database with its
//!   session. If the lock is free the maker is dead, and the row becomes `discarding`.
//! - **`warm`** means that database, login role and the right to enter are there and on disk. Nothing
//!   in it says whose it is.
//! - **`claimed`** is the signup's alone ([`create_tenant`](crate::create_tenant)); it never comes
//!   back to the pool.
//! - **`discarding`** has no way back: whatever bears the name is dropped, whole, half made or never
//!   made, and then the row is deleted. Nobody makes anything under that name any more, except for
//!   a statement of a dead session that the server still works on; the copy's lock on its server is
//!   waited for.
//!
//! How many: as many as there were signups in the last five minutes, within `WARM_POOL_MIN` and
//! `WARM_POOL_MAX`, spread over the servers by their room. Signups that found the pool empty come
//! first: while one of them is at work on a server, nothing is made for the pool there.

mod discarding;
mod kept;
mod making;
mod share;
mod store;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use hotelhub_core::{errors::Chain, ids::DbHostId, keys::Keyring, tasks::Tasks};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_postgres::{Config as Login, Error};

pub use self::kept::Kept;
use crate::{
    config::Config, engine::StepError, hosts::DbHost, rounds::Rounds, session::Session, wake::Wake,
};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The signup that woke us comes first; it is done by then.
const LET_PASS: Duration = Duration::from_millis(100);
/// A server that is slow holds up the look at the others for so long at most.
const HOST_LIMIT: Duration = Duration::from_secs(30);

/// Keeps the pool.
#[derive(Debug)]
pub struct WarmPool {
    db_host_keys: Keyring,
    sealing_keys: Keyring,
    /// `WARM_POOL_MIN` and `WARM_POOL_MAX`.
    bounds: (u32, u32),
    woken: watch::Receiver<()>,
    hosts_woken: watch::Receiver<()>,
    tasks: Tasks,
    kept: Arc<Kept>,
    /// Sessions with the servers, between two uses.
    idle: Mutex<HashMap<DbHostId, Vec<Session>>>,
}

impl WarmPool {
    /// A keeper with sessions of its own.
    #[must_use]
    pub fn new(config: &Config, wake: &Wake, kept: Arc<Kept>, tasks: Tasks) -> Self {
        Self {
            db_host_keys: config.db_host_keys.clone(),
            sealing_keys: config.sealing_keys.clone(),
            bounds: config.warm_pool,
            woken: wake.on_operations(),
            hosts_woken: wake.on_hosts(),
            tasks,
            kept,
            idle: Mutex::default(),
        }
    }
}

impl Rounds for WarmPool {
    const FAILURE: &'static str = "cannot keep the warm pool";
    type Error = Error;

    async fn look(&mut self, control: &Session) -> Result<(), Error> {
        self.woken.mark_unchanged();
        self.hosts_woken.mark_unchanged();
        store::discard_of_dead_makers(control).await?;
        store::discard_unfit(control).await?;
        self.look_inside(control).await?;
        let looks = store::list_discarding(control).await?.into_iter().map(|(host, copies)| {
            let work = self.discard(control, host.clone(), copies);
            async move { limited(&host, "discard", work).await }
        });
        join_all(looks).await.into_iter().collect::<Result<(), Error>>()?;
        let (demand, hosts) = store::read_demand(control).await?;
        let shares = share::spread(share::target(demand, self.bounds), &hosts);
        let looks = hosts.into_iter().zip(shares).filter(|(it, share)| it.ready < *share);
        let looks = looks.map(|(room, share)| {
            let work = self.fill(control, room.host.clone(), share);
            async move { limited(&room.host, "fill", work).await }
        });
        join_all(looks).await.into_iter().collect()
    }

    async fn rest(&mut self) {
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            Ok(()) = self.woken.changed() => sleep(LET_PASS).await,
            Ok(()) = self.hosts_woken.changed() => {}
        }
    }
}

impl WarmPool {
    /// A session with the server, an idle one if there is one.
    async fn session_with(&self, host: &DbHost) -> Result<Session, StepError> {
        let idle = {
            let mut all = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            all.get_mut(&host.id).and_then(Vec::pop)
        };
        if let Some(session) = idle.filter(|it| !it.is_lost()) {
            return Ok(session);
        }
        Ok(Session::open(&self.admin_login(host)?, &self.tasks).await?)
    }

    /// Keeps a session that is in order and holds no lock.
    fn put_back(&self, host: DbHostId, session: Session) {
        let mut all = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(host).or_default().push(session);
    }

    fn admin_login(&self, host: &DbHost) -> Result<Login, StepError> {
        host.admin_login(&self.sealing_keys).map_err(|error| {
            StepError::NotYet(format!("log in to `{}`: {}", host.name, Chain(&error)))
        })
    }
}

/// Gives a server its time. What was under way then is given up: its session with the server is
/// closed, and the next look finds the row as it finds a dead maker's, since the lock is our own.
async fn limited(
    host: &DbHost,
    what: &'static str,
    work: impl Future<Output = Result<(), Error>>,
) -> Result<(), Error> {
    match timeout(HOST_LIMIT, work).await {
        Ok(outcome) => outcome,
        Err(_late) => {
            tracing::warn!(db_host = host.name, what, "a server is too slow for the warm pool");
            Ok(())
        }
    }
}
