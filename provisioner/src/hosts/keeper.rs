//! The loop over all database servers.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures_util::future::join_all;
use hotelhub_core::{errors::Chain, ids::DbHostId, keys::Keyring, tasks::Tasks};
use tokio::{sync::watch, time::sleep};
use tokio_postgres::Error;

use super::{AdminLoginError, DbHost, list, roles, template};
use crate::{config::Config, engine::StepError, rounds::Rounds, session::Session, wake::Wake};

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Building a template takes a second or two; a server that does not answer must not hold up
/// the look at the others for ever.
const LOOK_LIMIT: Duration = Duration::from_secs(60);

/// Keeps the database servers.
#[derive(Debug)]
pub struct Keeper {
    sealing_keys: Keyring,
    schema_version: i32,
    wake: Wake,
    woken: watch::Receiver<()>,
    tasks: Tasks,
    sessions: HashMap<DbHostId, Session>,
    /// Servers whose trouble was logged: each is told once, and once more when it is over.
    troubled: HashSet<DbHostId>,
}

/// A look at one server failed.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error("log in")]
    Login(#[from] AdminLoginError),
    #[error("ask the server")]
    Database(#[from] Error),
    #[error("keep its template")]
    Template(#[source] StepError),
    #[error("the server does not answer")]
    Silent,
}

impl Keeper {
    /// A keeper with sessions of its own.
    #[must_use]
    pub fn new(config: &Config, wake: &Wake, tasks: Tasks) -> Self {
        Self {
            sealing_keys: config.sealing_keys.clone(),
            schema_version: config.schema_version,
            wake: wake.clone(),
            woken: wake.on_hosts(),
            tasks,
            sessions: HashMap::new(),
            troubled: HashSet::new(),
        }
    }
}

impl Rounds for Keeper {
    const FAILURE: &'static str = "cannot list the database servers";
    type Error = Error;

    async fn look(&mut self, control: &Session) -> Result<(), Error> {
        self.woken.mark_unchanged();
        let hosts = list(control).await?;
        let mut sessions = std::mem::take(&mut self.sessions);
        let looks = hosts.iter().map(|host| {
            let kept = sessions.remove(&host.id);
            let keep = self.keep(control, host, kept);
            async move { tokio::time::timeout(LOOK_LIMIT, keep).await }
        });
        let outcomes = join_all(looks).await;
        for (host, outcome) in hosts.iter().zip(outcomes) {
            match outcome.unwrap_or(Err(KeepError::Silent)) {
                Ok(session) => {
                    self.sessions.insert(host.id, session);
                    if self.troubled.remove(&host.id) {
                        tracing::info!(db_host = host.name, "a database server is well again");
                    }
                }
                Err(error) => {
                    metrics::counter!("db_host_failures_total", "db_host" => host.name.clone())
                        .increment(1);
                    if self.troubled.insert(host.id) {
                        let error = Chain(&error);
                        tracing::error!(db_host = host.name, %error, "a database server fails");
                    }
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

impl Keeper {
    async fn keep(
        &self,
        control: &Session,
        host: &DbHost,
        kept: Option<Session>,
    ) -> Result<Session, KeepError> {
        let login = host.admin_login(&self.sealing_keys)?;
        let session = match kept.filter(|it| !it.is_lost()) {
            Some(session) => session,
            None => {
                let session = Session::open(&login, &self.tasks).await?;
                roles::close_doors(&session, host).await?;
                session
            }
        };
        roles::ensure(&session).await?;
        let place = template::Place {
            control,
            host,
            login: &login,
            session: &session,
            schema_version: self.schema_version,
        };
        if place.ensure(&self.tasks).await.map_err(KeepError::Template)? {
            self.wake.wake_operations();
        }
        Ok(session)
    }
}
