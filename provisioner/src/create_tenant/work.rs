//! What the steps of one run hold: the tenant, the facts, and sessions with the database server.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hotelhub_core::{
    clock::Clock, errors::Chain, ids::DbHostId, keys::Keyring, sql::Query as _, tasks::Tasks,
};
use serde_json::Value;
use tokio_postgres::Config as Login;

use super::{Facts, tenant::Tenant};
use crate::{
    config::Config,
    engine::{Operation, StepError},
    hosts::{self, DbHost},
    session::{self, Session},
};

/// Sets the locks on database servers apart from those on the control database, which may be the
/// same database.
const HOST_LOCKS: i64 = 0x5a5a_5a5a_5a5a_5a5a;

/// What one runner keeps between its operations.
#[derive(Debug)]
pub struct Tools {
    pub(super) db_host_keys: Keyring,
    pub(super) clock: Clock,
    sealing_keys: Keyring,
    tasks: Tasks,
    /// Connecting takes longer than most steps, so a session stays open between operations.
    idle: Mutex<HashMap<DbHostId, Site>>,
}

impl Tools {
    /// The tools of one runner.
    #[must_use]
    pub fn new(config: &Config, tasks: Tasks) -> Self {
        Self {
            db_host_keys: config.db_host_keys.clone(),
            clock: config.clock.clone(),
            sealing_keys: config.sealing_keys.clone(),
            tasks,
            idle: Mutex::default(),
        }
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<DbHostId, Site>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A database server, and the session that changes it.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) host: DbHost,
    pub(super) session: Session,
    login: Login,
}

/// The work of one operation. Dropping it ends its sessions, and with them what they were at.
pub struct Work {
    pub(super) tools: Arc<Tools>,
    pub(super) operation: Operation,
    pub(super) tenant: Tenant,
    pub(super) facts: Facts,
    site: Option<Site>,
    inside: Option<Session>,
}

impl Work {
    pub(super) fn new(
        tools: Arc<Tools>,
        operation: Operation,
        tenant: Tenant,
        facts: Facts,
    ) -> Self {
        Self { tools, operation, tenant, facts, site: None, inside: None }
    }

    /// The name of the database and of its login role.
    pub(super) fn name(&self) -> String {
        self.facts.database_id.name()
    }

    /// The session with the chosen server. It holds a lock that stands for the operation: should
    /// this process be killed, the next one waits until the server has finished with the
    /// statement that was under way.
    pub(super) async fn site(&mut self, control: &Session) -> Result<&Site, StepError> {
        let site = match self.site.take() {
            Some(site) => site,
            None => self.enter(control).await?,
        };
        Ok(self.site.insert(site))
    }

    async fn enter(&self, control: &Session) -> Result<Site, StepError> {
        let id = self.facts.db_host_id.ok_or_else(|| missing("a database server"))?;
        let host = hosts::find(control, id).await?.ok_or_else(|| missing("its database server"))?;
        let kept = self.tools.idle().remove(&id);
        let site = match kept.filter(|it| it.host == host && !it.session.is_lost()) {
            Some(site) => site,
            None => {
                let login = host.admin_login(&self.tools.sealing_keys).map_err(|error| {
                    StepError::NotYet(format!("log in to `{}`: {}", host.name, Chain(&error)))
                })?;
                let session = Session::open(&login, &self.tools.tasks).await?;
                Site { host, session, login }
            }
        };
        site.session.query_one("SELECT pg_advisory_lock($1)", &[&self.host_lock()]).await?;
        Ok(site)
    }

    /// The session inside the tenant's database, as the role that owns everything there.
    pub(super) async fn inside(&mut self, control: &Session) -> Result<&mut Session, StepError> {
        let session = match self.inside.take() {
            Some(session) => session,
            None => {
                let name = self.name();
                let login = session::owner_login(&self.site(control).await?.login, &name);
                Session::open(&login, &self.tools.tasks).await?
            }
        };
        Ok(self.inside.insert(session))
    }

    /// Ends the session inside the tenant's database and keeps the one with the server.
    pub(super) async fn put_away(mut self) {
        let Some(site) = self.site.take() else { return };
        let key = self.host_lock();
        match site.session.query_one("SELECT pg_advisory_unlock($1)", &[&key]).await {
            Ok(_) => drop(self.tools.idle().insert(site.host.id, site)),
            Err(error) => tracing::debug!(%error, "a session was lost after its work"),
        }
    }

    pub(super) fn facts_to_json(facts: &Facts) -> Value {
        // Cannot fail: the fields are ids and numbers. If it did, the next reader would say so.
        serde_json::to_value(facts).unwrap_or_default()
    }

    fn host_lock(&self) -> i64 {
        self.operation.lock_key() ^ HOST_LOCKS
    }
}

fn missing(what: &str) -> StepError {
    StepError::Never(format!("the run has lost {what}"))
}
