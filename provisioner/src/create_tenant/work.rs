//! What the steps of one run hold: the tenant, the facts, the copy, and sessions with its server.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hotelhub_core::{clock::Clock, errors::Chain, ids::DbHostId, keys::Keyring, tasks::Tasks};
use serde_json::Value;
use tokio::{sync::oneshot, task::JoinHandle};
use tokio_postgres::{Config as Login, Error};

use super::{Facts, copy::TenantCopy, tenant::Tenant};
use crate::{
    config::Config,
    copies,
    engine::{Operation, StepError},
    hosts::{self, DbHost},
    session::Session,
    warm_pool::Kept,
};

/// What one runner keeps between its operations.
#[derive(Debug)]
pub struct Tools {
    pub(super) clock: Clock,
    db_host_keys: Keyring,
    pub(super) schema_version: i32,
    sealing_keys: Keyring,
    tasks: Tasks,
    /// Sessions inside warm copies.
    pub(super) kept: Arc<Kept>,
    /// Connecting takes longer than most steps, so a session stays open between operations.
    idle: Mutex<HashMap<DbHostId, Site>>,
}

impl Tools {
    /// The tools of one runner.
    #[must_use]
    pub fn new(config: &Config, kept: Arc<Kept>, tasks: Tasks) -> Self {
        Self {
            clock: config.clock.clone(),
            db_host_keys: config.db_host_keys.clone(),
            schema_version: config.schema_version,
            sealing_keys: config.sealing_keys.clone(),
            tasks,
            kept,
            idle: Mutex::default(),
        }
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<DbHostId, Site>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admin_login(&self, host: &DbHost) -> Result<Login, StepError> {
        host.admin_login(&self.sealing_keys).map_err(|error| {
            StepError::NotYet(format!("log in to `{}`: {}", host.name, Chain(&error)))
        })
    }

    fn owner_login(&self, copy: &TenantCopy) -> Result<Login, StepError> {
        Ok(copies::owner_login(&self.admin_login(&copy.host)?, copy.id))
    }
}

/// A database server, and the session that changes it.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) session: Session,
    host: DbHost,
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
    /// What the operation has claimed.
    pub(super) copy: Option<TenantCopy>,
    /// The version of the schema that the identity was written to.
    pub(super) found_version: Option<i32>,
    /// The version of the schema as it will be published.
    pub(super) schema_version: Option<i32>,
    /// What this run wrote into the identity.
    pub(super) written_access: Option<String>,
    verifier: Option<JoinHandle<String>>,
    site: Option<Site>,
    inside: Option<Session>,
    entering: Option<oneshot::Receiver<Result<Session, Error>>>,
}

impl Work {
    pub(super) fn new(
        tools: Arc<Tools>,
        operation: Operation,
        tenant: Tenant,
        facts: Facts,
        copy: Option<TenantCopy>,
    ) -> Self {
        Self {
            tools,
            operation,
            tenant,
            facts,
            copy,
            found_version: None,
            schema_version: None,
            written_access: None,
            verifier: None,
            site: None,
            inside: None,
            entering: None,
        }
    }

    /// What the operation has claimed.
    pub(super) fn copy(&self) -> Result<&TenantCopy, StepError> {
        self.copy.as_ref().ok_or_else(|| missing("its claim"))
    }

    /// Whether the copy was made before anybody asked for it.
    pub(super) fn is_warm(&self) -> bool {
        self.copy.as_ref().is_some_and(|it| it.is_warm)
    }

    /// Whether the copy is yet to be made.
    pub(super) fn is_cold(&self) -> bool {
        self.is_unpublished() && !self.is_warm()
    }

    /// Whether the copy is not yet the tenant's.
    pub(super) fn is_unpublished(&self) -> bool {
        self.copy.as_ref().is_none_or(|it| !it.is_assigned)
    }

    /// Takes a copy that was claimed just now. Into a warm one we connect at once, unless a session is
    /// there: that changes nothing, and takes longer than the claim needs to be on disk.
    pub(super) fn take(&mut self, copy: TenantCopy) {
        (self.site, self.inside, self.verifier) = (None, None, None);
        self.entering = None;
        if copy.is_warm {
            self.inside = self.tools.kept.take(copy.id);
        }
        if copy.is_warm
            && self.inside.is_none()
            && let Ok(login) = self.tools.owner_login(&copy)
        {
            let (send, entering) = oneshot::channel();
            let door = Door { login, tasks: self.tools.tasks.clone() };
            self.tools.tasks.spawn("entering a warm copy", async move {
                // Nobody waits for it any more if the operation has failed; the session ends then.
                drop(send.send(door.open().await));
            });
            self.entering = Some(entering);
        }
        self.copy = Some(copy);
    }

    /// Begins to make the verifier of the login's password.
    pub(super) fn begin_verifier(&mut self) -> Result<(), StepError> {
        let copy = self.copy()?;
        self.verifier =
            Some(copies::begin_verifier(&self.tools.db_host_keys, &copy.host, copy.id)?);
        Ok(())
    }

    /// The verifier of the login's password.
    pub(super) async fn verifier(&mut self) -> Result<String, StepError> {
        if self.verifier.is_none() {
            self.begin_verifier()?;
        }
        let Some(verifier) = self.verifier.take() else { return Err(missing("the verifier")) };
        // Only a runtime that shuts down gives it up.
        verifier.await.map_err(|error| StepError::NotYet(format!("make the verifier: {error}")))
    }

    /// The session with the copy's server, which holds the copy's lock there.
    pub(super) async fn site(&mut self, control: &Session) -> Result<&Site, StepError> {
        let site = match self.site.take() {
            Some(site) => site,
            None => self.enter(control).await?,
        };
        Ok(self.site.insert(site))
    }

    async fn enter(&mut self, control: &Session) -> Result<Site, StepError> {
        let copy = self.copy()?;
        let kept = self.tools.idle().remove(&copy.host.id);
        let site = match kept.filter(|it| it.host == copy.host && !it.session.is_lost()) {
            Some(site) => site,
            None => {
                let login = self.tools.admin_login(&copy.host)?;
                let opened = Session::open(&login, &self.tools.tasks).await;
                let session = reported(control, &copy.host, opened).await?;
                Site { session, host: copy.host.clone() }
            }
        };
        copies::lock(&site.session, copy.id).await?;
        Ok(site)
    }

    /// The session inside the tenant's database, as the role that owns everything there.
    pub(super) async fn inside(&mut self, control: &Session) -> Result<&mut Session, StepError> {
        let session = match self.inside.take() {
            Some(session) => session,
            None => {
                let opened = match self.entering.take() {
                    // Only a program that shuts down gives it up.
                    Some(entering) => entering.await.map_err(|closed| {
                        StepError::NotYet(format!("enter the warm copy: {closed}"))
                    })?,
                    None => self.door()?.open().await,
                };
                reported(control, &self.copy()?.host, opened).await?
            }
        };
        Ok(self.inside.insert(session))
    }

    /// The session with the server, and a way into the database while it is at work.
    pub(super) async fn site_and_door(
        &mut self,
        control: &Session,
    ) -> Result<(&Site, Door), StepError> {
        let door = self.door()?;
        Ok((self.site(control).await?, door))
    }

    fn door(&self) -> Result<Door, StepError> {
        let login = self.tools.owner_login(self.copy()?)?;
        Ok(Door { login, tasks: self.tools.tasks.clone() })
    }

    /// Takes a session inside the tenant's database that was opened meanwhile.
    pub(super) fn keep_inside(&mut self, session: Session) {
        self.inside = Some(session);
    }

    /// Ends the session inside the tenant's database and keeps the one with the server.
    pub(super) async fn put_away(mut self) {
        let (Some(site), Some(copy)) = (self.site.take(), self.copy.take()) else { return };
        match copies::unlock(&site.session, copy.id).await {
            Ok(()) => drop(self.tools.idle().insert(site.host.id, site)),
            Err(error) => tracing::debug!(%error, "a session was lost after its work"),
        }
    }

    pub(super) fn facts_to_json(facts: &Facts) -> Value {
        // Cannot fail: the fields are ids. If it did, the next reader would say so.
        serde_json::to_value(facts).unwrap_or_default()
    }
}

/// Notes that a server could not be reached, so that it gets no more tenants, this one included,
/// until it was seen again.
async fn reported(
    control: &Session,
    host: &DbHost,
    opened: Result<Session, Error>,
) -> Result<Session, StepError> {
    if let Err(error) = &opened
        && hosts::is_away(error)
    {
        let text = Chain(error).to_string();
        hosts::report(control, host.id, Some(&text)).await?;
    }
    Ok(opened?)
}

fn missing(what: &str) -> StepError {
    StepError::Never(format!("the run has lost {what}"))
}
