//! The saga behind a backup that somebody asks for: what they may take along, or go back to.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::{
    clock::Clock,
    ids::{DatabaseId, DbHostId},
    keys::Keyring,
    sql::Query as _,
    tasks::Tasks,
};
use hotelhub_storage::Storage;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    backups::{self, KEPT_DAYS, Kind, Wanted, store},
    config::Config,
    engine::{
        Operation, Saga, Step, StepError,
        progress::{self, Progress},
    },
    hosts::Site,
    session::Session,
    usage,
};

/// What a run decides. Recorded before it is acted upon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The copy that is backed up, and where it is.
    pub place: Option<(DatabaseId, DbHostId)>,
    /// Until when the backup is kept.
    pub keep_until: Option<DateTime<Utc>>,
}

static STEPS: [Step<Work>; 2] = [
    Step {
        name: "find",
        is_needed: |_| true,
        make: |work, control| Box::pin(find(work, control)),
        undo: None,
        is_durable: true,
    },
    Step {
        name: "back_up",
        is_needed: |_| true,
        make: |work, control| Box::pin(back_up(work, control)),
        undo: Some(|work, control| Box::pin(discard(work, control))),
        is_durable: true,
    },
];

async fn find(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let sql = "SELECT d.id, d.db_host_id
         FROM tenants t JOIN databases d ON d.tenant_id = t.id AND d.state = 'assigned'
         WHERE t.id = $1 AND t.provisioning = 'ready'";
    let row = control.query_opt(sql, &[&work.operation.tenant]).await?;
    let row = row.ok_or_else(|| StepError::Never("the tenant is not ready".to_owned()))?;
    work.facts.place = Some((row.try_get(0)?, row.try_get(1)?));
    work.facts.keep_until = Some(work.tools.clock.now() + TimeDelta::days(KEPT_DAYS));
    Ok(())
}

async fn back_up(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let (tools, operation) = (work.tools.clone(), work.operation);
    let lost = || StepError::Never("the run has lost the database".to_owned());
    let (database, host) = work.facts.place.ok_or_else(lost)?;
    let site = Site::enter(control, host, &tools.sealing_keys, operation, &tools.tasks).await?;
    let inside = site.inside(&database.name()).await?;
    let wanted = Wanted {
        tenant: operation.tenant,
        kind: Kind::Manual(operation.id),
        database,
        keep_until: work.facts.keep_until,
    };
    let mut progress = Progress::begin(control, operation.id);
    let storage = backups::required(tools.storage.as_ref())?;
    let backup = backups::take(control, &inside, storage, &wanted, Some(&mut progress)).await?;
    usage::note(control, &inside, storage, operation.tenant).await;
    Ok(progress::note(control, operation.id, &json!({ "backup_id": backup })).await?)
}

/// What was begun expires: whoever deletes old backups takes it away.
async fn discard(work: &mut Work, control: &Session) -> Result<(), StepError> {
    Ok(store::expire_of_operation(control, work.operation.id).await?)
}

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

/// The work of one operation.
#[derive(Debug)]
pub struct Work {
    operation: Operation,
    facts: Facts,
    tools: Arc<Tools>,
}

/// The saga.
#[derive(Debug)]
pub struct BackupTenant {
    tools: Arc<Tools>,
}

impl BackupTenant {
    /// The saga with the tools of one runner.
    #[must_use]
    pub const fn new(tools: Arc<Tools>) -> Self {
        Self { tools }
    }
}

impl Saga for BackupTenant {
    const KIND: &'static str = "backup_tenant";

    const PATIENCE: Option<Duration> = Some(Duration::from_mins(5));

    type Work = Work;

    fn limit(step: &str) -> Duration {
        Duration::from_secs(if step == "back_up" { 6 * 60 * 60 } else { 60 })
    }

    fn steps(&self) -> &'static [Step<Work>] {
        &STEPS
    }

    fn mint_facts(&self) -> Value {
        facts_to_json(&Facts { place: None, keep_until: None })
    }

    async fn begin(
        &self,
        _control: &Session,
        operation: Operation,
        facts: Value,
    ) -> Result<Work, StepError> {
        let facts: Facts = serde_json::from_value(facts)
            .map_err(|error| StepError::Never(format!("read the facts of the run: {error}")))?;
        Ok(Work { operation, facts, tools: self.tools.clone() })
    }

    fn facts(work: &Work) -> Value {
        facts_to_json(&work.facts)
    }

    async fn end(&self, work: Work) {
        drop(work);
    }
}

fn facts_to_json(facts: &Facts) -> Value {
    // Cannot fail: the fields are ids and an instant. If it did, the next reader would say so.
    serde_json::to_value(facts).unwrap_or_default()
}
