//! What is done on the database server.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use hotelhub_core::{clock::Clock, ids::DatabaseId, keys::Keyring, sql::Query as _, tasks::Tasks};
use hotelhub_storage::Storage;
use serde_json::{Value, json};

use super::Facts;
use crate::{
    config::Config,
    copies,
    engine::{Operation, StepError},
    hosts::Site,
    session::Session,
};

/// What one runner keeps between its operations.
#[derive(Debug)]
pub struct Tools {
    sealing_keys: Keyring,
    storage: Option<Storage>,
    clock: Clock,
    tasks: Tasks,
}

impl Tools {
    /// The tools of one runner.
    #[must_use]
    pub fn new(config: &Config, storage: Option<Storage>, tasks: Tasks) -> Self {
        let (sealing_keys, clock) = (config.sealing_keys.clone(), config.clock.clone());
        Self { sealing_keys, storage, clock, tasks }
    }
}

/// The work of one operation. Dropping it ends its session.
#[derive(Debug)]
pub struct Work {
    pub(super) operation: Operation,
    pub(super) facts: Facts,
    tools: Arc<Tools>,
    site: Option<Site>,
}

impl Work {
    pub(super) const fn new(tools: Arc<Tools>, operation: Operation, facts: Facts) -> Self {
        Self { operation, facts, tools, site: None }
    }

    /// The time by which backups are kept.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.tools.clock.now()
    }

    /// Where backups and files are.
    pub(super) fn storage(&self) -> Option<&Storage> {
        self.tools.storage.as_ref()
    }

    /// Nobody enters any more, and whoever is in leaves.
    pub(super) async fn end_sessions(&mut self, control: &Session) -> Result<(), StepError> {
        let (site, database) = self.enter(control).await?;
        let name = database.name();
        let row = site.session.query_one("SELECT to_regrole($1) IS NOT NULL", &[&name]).await?;
        if row.try_get(0)? {
            site.session.run(&format!("ALTER ROLE {name} NOLOGIN")).await?;
        }
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = $1 AND usename = $1";
        site.session.query(end, &[&name]).await?;
        Ok(())
    }

    /// Drops the database, also one that an interrupted drop has left invalid, and then the role,
    /// which cannot go while the database lets it in.
    pub(super) async fn drop_database(&mut self, control: &Session) -> Result<(), StepError> {
        let tenant = self.operation.tenant;
        let (site, database) = self.enter(control).await?;
        copies::drop_all(&site.session, database).await?;
        let note = "UPDATE deletions SET destroyed = destroyed || $2
             WHERE tenant_id = $1 AND NOT destroyed @> $2";
        let proof = json!([{ "database": database.name(), "db_host": site.host.name }]);
        control.execute(note, &[&tenant, &proof]).await?;
        Ok(())
    }

    pub(super) async fn enter(
        &mut self,
        control: &Session,
    ) -> Result<(&Site, DatabaseId), StepError> {
        let place = self.facts.db_host_id.zip(self.facts.database_id);
        let lost = || StepError::Never("the run has lost the database".to_owned());
        let (host, database) = place.ok_or_else(lost)?;
        let site = match self.site.take().filter(|it| !it.session.is_lost()) {
            Some(site) => site,
            None => {
                let (keys, tasks) = (&self.tools.sealing_keys, &self.tools.tasks);
                Site::enter(control, host, keys, self.operation, tasks).await?
            }
        };
        Ok((self.site.insert(site), database))
    }

    pub(super) fn facts_to_json(facts: &Facts) -> Value {
        // Cannot fail: the fields are ids. If it did, the next reader would say so.
        serde_json::to_value(facts).unwrap_or_default()
    }
}
