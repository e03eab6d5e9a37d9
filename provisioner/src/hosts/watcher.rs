//! Looks whether each database server answers, and notes it in `db_host_reports`.
//!
//! Apart from the keeper, which may be busy with one server's template for long: a server that is
//! not looked at for half a minute gets no new tenants.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures_util::future::join_all;
use hotelhub_core::{errors::Chain, ids::DbHostId, keys::Keyring, tasks::Tasks};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_postgres::Error;

use super::{AdminLoginError, DbHost, list, report};
use crate::{config::Config, rounds::Rounds, session::Session, wake::Wake};

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// A server that takes longer to say one word is of no use to a signup.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// Watches the database servers.
#[derive(Debug)]
pub struct Watcher {
    sealing_keys: Keyring,
    wake: Wake,
    woken: watch::Receiver<()>,
    tasks: Tasks,
    sessions: HashMap<DbHostId, Session>,
    /// Servers that answered at the last look.
    well: HashSet<DbHostId>,
}

/// A server did not answer.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error("log in")]
    Login(#[from] AdminLoginError),
    #[error("ask the server")]
    Database(#[from] Error),
    #[error("the server does not answer")]
    Silent,
}

impl Watcher {
    /// A watcher with sessions of its own.
    #[must_use]
    pub fn new(config: &Config, wake: &Wake, tasks: Tasks) -> Self {
        Self {
            sealing_keys: config.sealing_keys.clone(),
            wake: wake.clone(),
            woken: wake.on_hosts(),
            tasks,
            sessions: HashMap::new(),
            well: HashSet::new(),
        }
    }
}

impl Rounds for Watcher {
    const FAILURE: &'static str = "cannot note which servers answer";
    type Error = Error;

    async fn look(&mut self, control: &Session) -> Result<(), Error> {
        self.woken.mark_unchanged();
        let hosts = list(control).await?;
        let mut sessions = std::mem::take(&mut self.sessions);
        let looks = hosts.iter().map(|host| {
            let kept = sessions.remove(&host.id);
            let ask = self.ask(host, kept);
            async move { timeout(ANSWER_LIMIT, ask).await.unwrap_or(Err(LookError::Silent)) }
        });
        let mut answers = join_all(looks).await.into_iter();
        for host in &hosts {
            let Some(answer) = answers.next() else { break };
            match answer {
                Ok(session) => {
                    report(control, host.id, None).await?;
                    self.sessions.insert(host.id, session);
                    if self.well.insert(host.id) {
                        // Whoever waits for a server may go on.
                        self.wake.wake_operations();
                    }
                }
                Err(error) => {
                    let text = Chain(&error).to_string();
                    report(control, host.id, Some(&text)).await?;
                    self.well.remove(&host.id);
                }
            }
        }
        Ok(())
    }

    async fn rest(&mut self) {
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            Ok(()) = self.woken.changed() => {}
        }
    }
}

impl Watcher {
    async fn ask(&self, host: &DbHost, kept: Option<Session>) -> Result<Session, LookError> {
        if let Some(session) = kept.filter(|it| !it.is_lost())
            && session.run("SELECT 1").await.is_ok()
        {
            return Ok(session);
        }
        let login = host.admin_login(&self.sealing_keys)?;
        let session = Session::open(&login, &self.tasks).await?;
        session.run("SELECT 1").await?;
        Ok(session)
    }
}
