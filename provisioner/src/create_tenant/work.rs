//! What the steps of one run hold: the tenant, the facts, and sessions with the database server.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hotelhub_core::{
    clock::Clock, errors::Chain, ids::DbHostId, keys::Keyring, sql::Query as _, tasks::Tasks,
};
use postgres_protocol::password::scram_sha_256;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_postgres::{Config as Login, Error};

use super::{Facts, tenant::Tenant};
use crate::{
    config::Config,
    engine::{Operation, StepError},
    hosts::{self, DbHost, Place},
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
    pub(super) schema_version: i32,
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
            schema_version: config.schema_version,
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

/// The way into a tenant's database.
pub(super) struct Door {
    login: Login,
    tasks: Tasks,
}

impl Door {
    /// Opens a session.
    pub(super) async fn open(self) -> Result<Session, Error> {
        Session::open(&self.login, &self.tasks).await
    }
}

/// The work of one operation. Dropping it ends its sessions, and with them what they were at.
pub struct Work {
    pub(super) tools: Arc<Tools>,
    pub(super) operation: Operation,
    pub(super) tenant: Tenant,
    pub(super) facts: Facts,
    /// The template as it was when the server was chosen.
    pub(super) template: Option<String>,
    /// The version of the schema that the identity was written to.
    pub(super) found_version: Option<i32>,
    chosen: Option<DbHost>,
    verifier: Option<JoinHandle<String>>,
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
        Self {
            tools,
            operation,
            tenant,
            facts,
            template: None,
            found_version: None,
            chosen: None,
            verifier: None,
            site: None,
            inside: None,
        }
    }

    /// The name of the database and of its login role.
    pub(super) fn name(&self) -> String {
        self.facts.database_id.name()
    }

    /// Decides where the database will be.
    pub(super) fn choose(&mut self, place: Place) {
        self.facts.db_host_id = Some(place.host.id);
        self.chosen = Some(place.host);
        self.template = Some(place.template);
    }

    /// Begins to make the verifier of the login's password: thousands of hashes, so aside.
    pub(super) fn begin_verifier(&mut self, host: &DbHost) -> Result<(), StepError> {
        let password = self
            .tools
            .db_host_keys
            .database_password(&host.key_id, self.facts.database_id)
            .ok_or_else(|| {
                StepError::NotYet(format!("DB_HOST_KEYS has no key `{}`", host.key_id))
            })?;
        let make = move || scram_sha_256(password.expose_secret().as_bytes());
        self.verifier = Some(tokio::task::spawn_blocking(make));
        Ok(())
    }

    /// The verifier of the login's password.
    pub(super) async fn verifier(&mut self, host: &DbHost) -> Result<String, StepError> {
        if self.verifier.is_none() {
            self.begin_verifier(host)?;
        }
        let Some(verifier) = self.verifier.take() else { return Err(missing("the verifier")) };
        // Only a runtime that shuts down gives it up.
        verifier.await.map_err(|error| StepError::NotYet(format!("make the verifier: {error}")))
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

    async fn enter(&mut self, control: &Session) -> Result<Site, StepError> {
        let id = self.facts.db_host_id.ok_or_else(|| missing("a database server"))?;
        let host = match self.chosen.take() {
            Some(host) => host,
            None => {
                hosts::find(control, id).await?.ok_or_else(|| missing("its database server"))?
            }
        };
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

    /// The session inside the tenant's database, as the role that owns everything there. It leaves
    /// its commits to be flushed by the step that lets the login role in.
    pub(super) async fn inside(&mut self, control: &Session) -> Result<&mut Session, StepError> {
        let session = match self.inside.take() {
            Some(session) => session,
            None => self.site_and_door(control).await?.1.open().await?,
        };
        Ok(self.inside.insert(session))
    }

    /// The session with the server, and a way into the database while it is at work.
    pub(super) async fn site_and_door(
        &mut self,
        control: &Session,
    ) -> Result<(&Site, Door), StepError> {
        let (name, tasks) = (self.name(), self.tools.tasks.clone());
        let site = self.site(control).await?;
        let mut login = session::owner_login(&site.login, &name);
        let options = login.get_options().unwrap_or_default();
        let options = format!("{options} -c synchronous_commit=off");
        login.options(options);
        Ok((site, Door { login, tasks }))
    }

    /// Takes a session inside the tenant's database that was opened meanwhile.
    pub(super) fn keep_inside(&mut self, session: Session) {
        self.inside = Some(session);
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
