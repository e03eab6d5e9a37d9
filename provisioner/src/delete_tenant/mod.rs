//! The saga that ends a tenant.
//!
//! First its route goes, then whoever is still in its database, then, once the last backup is whole,
//! the database itself, all earlier backups and the hotel's files, and every other copy that had its
//! data: of a preview, a drill, a move. At last its names are free.
//!
//! Only a tenant that has churned is deleted. Once its route is gone there is no way back: what
//! fails is tried again for ever. Everything can be repeated, also where nothing is left. What was
//! destroyed is noted as it goes, and stays as the proof (`deletions`); the last backup expires by
//! itself, which is noted there as well.

mod destroy;
mod work;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::{BackupId, DatabaseId, DbHostId},
    sql::Query as _,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::work::{Tools, Work};
use crate::{
    copies,
    engine::{Operation, Saga, Step, StepError},
    restore_tenant,
    session::Session,
};

/// What a run decides. Recorded before it is acted upon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The copy that served; names the database and its login role.
    pub database_id: Option<DatabaseId>,
    /// Where it is.
    pub db_host_id: Option<DbHostId>,
    /// Until when the last backup is kept; `None`: there is to be none.
    pub final_until: Option<DateTime<Utc>>,
    /// The last backup, once it is made.
    pub final_backup: Option<BackupId>,
}

static STEPS: [Step<Work>; 8] = [
    Step {
        name: "find",
        is_needed: |_| true,
        make: |work, control| Box::pin(find(work, control)),
        undo: None,
        is_durable: true,
    },
    Step {
        name: "withdraw_route",
        is_needed: |_| true,
        make: |work, control| Box::pin(withdraw_route(work, control)),
        undo: None,
        is_durable: true,
    },
    Step {
        name: "end_sessions",
        is_needed: |_| true,
        make: |work, control| Box::pin(work.end_sessions(control)),
        undo: None,
        is_durable: true,
    },
    Step {
        name: "back_up",
        is_needed: |work| work.facts.final_until.is_some(),
        make: |work, control| Box::pin(destroy::back_up(work, control)),
        undo: None,
        is_durable: true,
    },
    Step {
        name: "drop_database",
        is_needed: |_| true,
        make: |work, control| Box::pin(work.drop_database(control)),
        undo: None,
        is_durable: true,
    },
    Step {
        name: "destroy_backups",
        is_needed: |_| true,
        make: |work, control| Box::pin(destroy::destroy(work, control)),
        undo: None,
        is_durable: true,
    },
    Step {
        name: "await_other_copies",
        is_needed: |_| true,
        make: |work, control| Box::pin(await_other_copies(work, control)),
        undo: None,
        is_durable: true,
    },
    Step {
        name: "forget",
        is_needed: |_| true,
        make: |work, control| Box::pin(forget(work, control)),
        undo: None,
        is_durable: true,
    },
];

/// Finds the tenant's database, and whether a last backup is wanted.
async fn find(work: &mut Work, control: &Session) -> Result<(), StepError> {
    if work.facts.database_id.is_some() {
        return Ok(());
    }
    let row = control
        .query_opt(
            "SELECT d.id, d.db_host_id
             FROM tenants t JOIN databases d ON d.tenant_id = t.id AND d.state = 'assigned'
             WHERE t.id = $1 AND t.status = 'churned' AND t.provisioning = 'ready'",
            &[&work.operation.tenant],
        )
        .await?;
    let row = row.ok_or_else(not_churned)?;
    work.facts.final_until = destroy::final_until(work, control).await?;
    work.facts.database_id = Some(row.try_get(0)?);
    work.facts.db_host_id = Some(row.try_get(1)?);
    Ok(())
}

/// Nobody is led to the hotel any more, and the proof begins. The point of no return.
async fn withdraw_route(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let (tenant, operation) = (work.operation.tenant, work.operation.id);
    let begin = "WITH proof AS (
           INSERT INTO deletions
             (tenant_id, operation_id, slug, company_name, requested_by, requested_at)
           SELECT t.id, o.id, t.slug, t.company_name, o.requested_by, o.requested_at
           FROM tenants t, operations o
           WHERE t.id = $1 AND o.id = $2 AND t.status = 'churned' AND t.provisioning = 'ready'
         )
         SELECT move_provisioning(id, 'deleting')
         FROM tenants WHERE id = $1 AND status = 'churned' AND provisioning = 'ready'";
    control.query(begin, &[&tenant, &operation]).await?;
    let begun = "SELECT provisioning = 'deleting' FROM tenants WHERE id = $1";
    if !control.query_one(begun, &[&tenant]).await?.try_get::<_, bool>(0)? {
        return Err(not_churned());
    }
    copies::give_up_unsaved(control, tenant, None).await?;
    // What shows the hotel's past goes with it; replicas learn of each route by itself.
    Ok(restore_tenant::discard_all_of(control, tenant).await?)
}

/// Waits until whatever else had the data is gone: it is dropped by whoever discards copies, as soon
/// as its server answers.
async fn await_other_copies(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let sql = "SELECT string_agg(DISTINCT h.name, ', '), count(*)
         FROM databases d JOIN db_hosts h ON h.id = d.db_host_id WHERE d.data_of = $1";
    let row = control.query_one(sql, &[&work.operation.tenant]).await?;
    match row.try_get::<_, Option<String>>(0)? {
        None => Ok(()),
        Some(hosts) => {
            let left: i64 = row.try_get(1)?;
            let wait =
                format!("{left} other copies of the data are still to be dropped on {hosts}");
            Err(StepError::NotYet(wait))
        }
    }
}

/// Forgets who the owner was and where the data was, frees the tenant's names and ends the proof. The
/// company and its slug stay: the proof is about them, and invoices are.
async fn forget(work: &mut Work, control: &Session) -> Result<(), StepError> {
    // Before the last word: until that, the step is done again.
    let owner = "UPDATE tenants SET owner_name = '', owner_email = '', owner_phone = ''
         WHERE id = $1 AND provisioning = 'deleting'";
    control.execute(owner, &[&work.operation.tenant]).await?;
    let sql = "WITH gone AS (DELETE FROM databases WHERE tenant_id = $1),
         turn AS (DELETE FROM backup_turns WHERE tenant_id = $1),
         used AS (DELETE FROM tenant_usage WHERE tenant_id = $1),
         proof AS (UPDATE deletions SET deleted_at = $2, final_backup = $3, final_backup_until = $4
                   WHERE tenant_id = $1 AND deleted_at IS NULL)
         SELECT move_provisioning(id, 'deleted')
         FROM tenants WHERE id = $1 AND provisioning = 'deleting'";
    let Facts { final_until, final_backup, .. } = work.facts;
    let (now, final_until) = (work.now(), final_until.filter(|_| final_backup.is_some()));
    control.query(sql, &[&work.operation.tenant, &now, &final_backup, &final_until]).await?;
    Ok(())
}

fn not_churned() -> StepError {
    StepError::Never("only a tenant that has churned is deleted".to_owned())
}

/// The saga.
#[derive(Debug)]
pub struct DeleteTenant {
    tools: Arc<Tools>,
}

impl DeleteTenant {
    /// The saga with the tools of one runner.
    #[must_use]
    pub const fn new(tools: Arc<Tools>) -> Self {
        Self { tools }
    }
}

impl Saga for DeleteTenant {
    const KIND: &'static str = "delete_tenant";

    const COMMITS_AT: Option<&'static str> = Some("withdraw_route");

    type Work = Work;

    fn limit(step: &str) -> Duration {
        Duration::from_secs(match step {
            "back_up" => 6 * 60 * 60,
            "destroy_backups" => 60 * 60,
            _ => 60,
        })
    }

    fn steps(&self) -> &'static [Step<Work>] {
        &STEPS
    }

    fn mint_facts(&self) -> Value {
        Work::facts_to_json(&Facts {
            database_id: None,
            db_host_id: None,
            final_until: None,
            final_backup: None,
        })
    }

    async fn begin(
        &self,
        _control: &Session,
        operation: Operation,
        facts: Value,
    ) -> Result<Work, StepError> {
        let facts: Facts = serde_json::from_value(facts)
            .map_err(|error| StepError::Never(format!("read the facts of the run: {error}")))?;
        Ok(Work::new(self.tools.clone(), operation, facts))
    }

    fn facts(work: &Work) -> Value {
        Work::facts_to_json(&work.facts)
    }

    async fn end(&self, work: Work) {
        drop(work);
    }
}
