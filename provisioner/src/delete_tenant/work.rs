//! What is done on the database server.

use std::sync::Arc;

use hotelhub_core::{keys::Keyring, sql::Query as _, tasks::Tasks};
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
    sealing_keys: Keyring,
    tasks: Tasks,
}

impl Tools {
    /// The tools of one runner.
    #[must_use]
    pub fn new(config: &Config, tasks: Tasks) -> Self {
        Self { sealing_keys: config.sealing_keys.clone(), tasks }
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

    /// Nobody enters any more, and whoever is in leaves.
    pub(super) async fn end_sessions(&mut self, control: &Session) -> Result<(), StepError> {
        let (site, name) = self.enter(control).await?;
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
        let (site, name) = self.enter(control).await?;
        site.session.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        Ok(site.session.run(&format!("DROP ROLE IF EXISTS {name}")).await?)
    }

    async fn enter(&mut self, control: &Session) -> Result<(&Site, String), StepError> {
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
        Ok((self.site.insert(site), database.name()))
    }

    pub(super) fn facts_to_json(facts: &Facts) -> Value {
        // Cannot fail: the fields are ids. If it did, the next reader would say so.
        serde_json::to_value(facts).unwrap_or_default()
    }
}
