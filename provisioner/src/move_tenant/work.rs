//! What the steps of one move hold: the facts, and sessions on both sides.

use std::sync::Arc;

use hotelhub_core::{
    ids::{DatabaseId, DbHostId},
    keys::Keyring,
    tasks::Tasks,
};
use serde_json::Value;

use super::Facts;
use crate::{
    config::Config,
    engine::{Operation, StepError},
    hosts::Site,
    session::Session,
};

/// What one runner keeps between its operations.
#[derive(Debug)]
pub struct Tools {
    pub(super) db_host_keys: Keyring,
    sealing_keys: Keyring,
    tasks: Tasks,
}

impl Tools {
    /// The tools of one runner.
    #[must_use]
    pub fn new(config: &Config, tasks: Tasks) -> Self {
        Self {
            db_host_keys: config.db_host_keys.clone(),
            sealing_keys: config.sealing_keys.clone(),
            tasks,
        }
    }
}

/// One side of the move, as far as it has been entered.
#[derive(Debug, Default)]
struct Side {
    site: Option<Site>,
    inside: Option<Session>,
}

/// The work of one operation. Dropping it ends its sessions, and with them what they were at.
#[derive(Debug)]
pub struct Work {
    pub(super) tools: Arc<Tools>,
    pub(super) operation: Operation,
    pub(super) facts: Facts,
    source: Side,
    target: Side,
}

/// The sessions inside both databases, as the role that owns everything there.
#[derive(Clone, Copy)]
pub(super) struct Ends<'a> {
    pub(super) source: &'a Session,
    pub(super) target: &'a Session,
}

impl Work {
    pub(super) fn new(tools: Arc<Tools>, operation: Operation, facts: Facts) -> Self {
        Self { tools, operation, facts, source: Side::default(), target: Side::default() }
    }

    /// The name of the new database and of its login role.
    pub(super) fn new_name(&self) -> String {
        self.facts.database_id.name()
    }

    /// The copy that serves until the move commits.
    pub(super) fn old_id(&self) -> Result<DatabaseId, StepError> {
        self.facts.from_database_id.ok_or_else(|| missing("the copy that it moves"))
    }

    /// The version of the schema on both sides.
    pub(super) fn schema_version(&self) -> Result<i32, StepError> {
        self.facts.schema_version.ok_or_else(|| missing("the schema version"))
    }

    /// The server of the copy that serves until the move commits.
    pub(super) async fn source_site(&mut self, control: &Session) -> Result<&Site, StepError> {
        let id = self.facts.from_db_host_id;
        enter(&mut self.source, &self.tools, self.operation, id, control).await
    }

    /// The server of the new copy.
    pub(super) async fn target_site(&mut self, control: &Session) -> Result<&Site, StepError> {
        let id = self.facts.db_host_id;
        enter(&mut self.target, &self.tools, self.operation, id, control).await
    }

    /// A session inside the copy that serves until the move commits.
    pub(super) async fn source(&mut self, control: &Session) -> Result<&Session, StepError> {
        let name = self.old_id()?.name();
        let session = match self.source.inside.take().filter(|it| !it.is_lost()) {
            Some(session) => session,
            None => self.source_site(control).await?.inside(&name).await?,
        };
        Ok(self.source.inside.insert(session))
    }

    /// A session inside the new copy.
    pub(super) async fn target(&mut self, control: &Session) -> Result<&Session, StepError> {
        let name = self.new_name();
        let session = match self.target.inside.take().filter(|it| !it.is_lost()) {
            Some(session) => session,
            None => self.target_site(control).await?.inside(&name).await?,
        };
        Ok(self.target.inside.insert(session))
    }

    /// Sessions inside both.
    pub(super) async fn ends(&mut self, control: &Session) -> Result<Ends<'_>, StepError> {
        self.source(control).await?;
        self.target(control).await?;
        let ends = self.source.inside.as_ref().zip(self.target.inside.as_ref());
        let (source, target) = ends.ok_or_else(|| missing("its sessions"))?;
        Ok(Ends { source, target })
    }

    /// Hangs up inside both databases, and so ends what was begun and not committed there.
    pub(super) fn hang_up(&mut self) {
        self.source.inside = None;
        self.target.inside = None;
    }

    pub(super) fn facts_to_json(facts: &Facts) -> Value {
        // Cannot fail: the fields are ids and numbers. If it did, the next reader would say so.
        serde_json::to_value(facts).unwrap_or_default()
    }
}

async fn enter<'a>(
    side: &'a mut Side,
    tools: &Tools,
    operation: Operation,
    id: Option<DbHostId>,
    control: &Session,
) -> Result<&'a Site, StepError> {
    let id = id.ok_or_else(|| missing("a database server"))?;
    let site = match side.site.take().filter(|it| !it.session.is_lost()) {
        Some(site) => site,
        None => Site::enter(control, id, &tools.sealing_keys, operation, &tools.tasks).await?,
    };
    Ok(side.site.insert(site))
}

pub(super) fn missing(what: &str) -> StepError {
    StepError::Never(format!("the run has lost {what}"))
}
