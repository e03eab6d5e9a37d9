//! What the steps of one restore hold: the facts, and sessions with both database servers.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use hotelhub_bundle::Limits;
use hotelhub_core::{
    clock::Clock,
    ids::{BackupId, DatabaseId, DbHostId, TenantId},
    keys::Keyring,
    sql::Query as _,
    tasks::Tasks,
};
use hotelhub_storage::Storage;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    backups,
    config::Config,
    engine::{Operation, StepError},
    hosts::Site,
    session::Session,
};

/// Where the data comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A backup of the tenant.
    Backup {
        /// Which one.
        id: BackupId,
    },
    /// A bundle that was brought.
    Upload {
        /// Names its object.
        id: BackupId,
        /// What the control plane took in.
        sha256: String,
    },
    /// A copy that is shown beside the hotel.
    Preview {
        /// A tenant's id to all who serve it.
        id: TenantId,
    },
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It is shown beside the hotel.
    Preview,
    /// It takes the hotel's place.
    Swap,
    /// It goes.
    Discard,
}

/// What a run decides. Recorded before it is acted upon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The copy that is made, or shown already.
    pub database_id: DatabaseId,
    /// The tenant's id of a preview that is made.
    pub preview_id: TenantId,
    /// All that follows is chosen by the first step.
    pub source: Option<Source>,
    /// What becomes of the copy.
    pub end: Option<End>,
    /// Where the copy is.
    pub db_host_id: Option<DbHostId>,
    /// The copy that serves, where it is, and its generation.
    pub from: Option<(DatabaseId, DbHostId, i32)>,
    /// Until when a preview is shown, and what is replaced is kept.
    pub until: Option<DateTime<Utc>>,
}

impl Facts {
    /// The facts before the first step.
    #[must_use]
    pub fn new(database_id: DatabaseId) -> Self {
        Self {
            database_id,
            preview_id: TenantId::generate(),
            source: None,
            end: None,
            db_host_id: None,
            from: None,
            until: None,
        }
    }

    /// Whether the copy is a preview that another run made.
    pub(super) const fn is_of_preview(&self) -> bool {
        matches!(self.source, Some(Source::Preview { .. }))
    }
}

/// What one runner keeps between its operations.
#[derive(Debug)]
pub struct Tools {
    pub(super) db_host_keys: Keyring,
    pub(super) storage: Option<Storage>,
    pub(super) limits: Limits,
    pub(super) clock: Clock,
    pub(super) schema_version: i32,
    sealing_keys: Keyring,
    tasks: Tasks,
}

impl Tools {
    /// The tools of one runner.
    #[must_use]
    pub fn new(config: &Config, storage: Option<Storage>, tasks: Tasks) -> Self {
        Self {
            db_host_keys: config.db_host_keys.clone(),
            storage,
            limits: config.bundle_limits,
            clock: config.clock.clone(),
            schema_version: config.schema_version,
            sealing_keys: config.sealing_keys.clone(),
            tasks,
        }
    }
}

/// The work of one operation. Dropping it ends its sessions, and with them what they were at.
#[derive(Debug)]
pub struct Work {
    pub(super) tools: Arc<Tools>,
    pub(super) operation: Operation,
    pub(super) facts: Facts,
    old: Option<Site>,
    new: Option<Site>,
}

impl Work {
    pub(super) const fn new(tools: Arc<Tools>, operation: Operation, facts: Facts) -> Self {
        Self { tools, operation, facts, old: None, new: None }
    }

    /// The copy that served when the run began, where it is, and its generation.
    pub(super) fn from(&self) -> Result<(DatabaseId, DbHostId, i32), StepError> {
        self.facts.from.ok_or_else(|| missing("the copy that it replaces"))
    }

    /// The folder of the files that came with the copy.
    pub(super) fn files_of_copy(&self) -> String {
        backups::files_of_copy(self.operation.tenant, self.facts.database_id)
    }

    /// The server of the copy that served when the run began.
    pub(super) async fn old_site(&mut self, control: &Session) -> Result<&Site, StepError> {
        let (_, host, _) = self.from()?;
        // Two sessions of one operation on one server would wait for each other.
        if self.facts.db_host_id == Some(host) {
            return self.new_site(control).await;
        }
        enter(&mut self.old, &self.tools, self.operation, host, control).await
    }

    /// The server of the copy that is made or shown.
    pub(super) async fn new_site(&mut self, control: &Session) -> Result<&Site, StepError> {
        let host = self.facts.db_host_id.ok_or_else(|| missing("a database server"))?;
        enter(&mut self.new, &self.tools, self.operation, host, control).await
    }

    /// A session inside the copy that serves; `None` if its server is lost. A hotel whose server is
    /// lost goes back without what was known there.
    pub(super) async fn open_present(
        &mut self,
        control: &Session,
    ) -> Result<Option<Session>, StepError> {
        let (serving, host, _) = self.from()?;
        let lost = "SELECT EXISTS (
               SELECT FROM db_host_reports WHERE db_host_id = $1 AND NOT is_reachable)";
        if control.query_one(lost, &[&host]).await?.try_get(0)? {
            tracing::warn!(tenant.id = %self.operation.tenant, "restored without what is known since");
            return Ok(None);
        }
        self.old_site(control).await?.inside(&serving.name()).await.map(Some)
    }

    /// Whether nothing is to be had any more of the copy that was replaced: its server was lost when
    /// the hotel went back, or has been away for an hour since, or does not know of it.
    pub(super) async fn has_lost_replaced(&mut self, control: &Session) -> Result<bool, StepError> {
        let (replaced, host, _) = self.from()?;
        let lost = "SELECT EXISTS (
               SELECT FROM db_host_reports h, operation_runs r
               WHERE h.db_host_id = $1 AND NOT h.is_reachable AND r.operation_id = $2
                 AND (r.figures -> 'restored' ->> 'knows_present' = 'false'
                   OR r.failing_since < clock_timestamp() - interval '1 hour'))";
        if control.query_one(lost, &[&host, &self.operation.id]).await?.try_get(0)? {
            return Ok(true);
        }
        let site = self.old_site(control).await?;
        let known = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
        let is_known: bool =
            site.session.query_one(known, &[&replaced.name()]).await?.try_get(0)?;
        Ok(!is_known)
    }

    pub(super) fn facts_to_json(facts: &Facts) -> Value {
        // Cannot fail: the fields are ids and instants. If it did, the next reader would say so.
        serde_json::to_value(facts).unwrap_or_default()
    }
}

async fn enter<'a>(
    site: &'a mut Option<Site>,
    tools: &Tools,
    operation: Operation,
    host: DbHostId,
    control: &Session,
) -> Result<&'a Site, StepError> {
    let entered = match site.take().filter(|it| !it.session.is_lost()) {
        Some(site) => site,
        None => Site::enter(control, host, &tools.sealing_keys, operation, &tools.tasks).await?,
    };
    Ok(site.insert(entered))
}

pub(super) fn missing(what: &str) -> StepError {
    StepError::Never(format!("the run has lost {what}"))
}
