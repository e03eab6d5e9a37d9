//! The saga that moves a tenant to another database server while its hotel works.
//!
//! Triggers on the source note which rows change; one snapshot is copied, and then, round by
//! round, the rows that changed since. For the last round writers are stopped: they get a
//! refusal that says "try again", readers go on. The pause ends with one transaction of the
//! control database, which points the route at the new copy. Until it commits the source is the
//! tenant's data and everything can be undone; after it the source is only dropped.
//!
//! None of this needs a superuser, and no login gets REPLICATION: a login with that right can read
//! every write of every tenant on its server.
//!
//! What the copy is worth is proven, not believed: rows are counted and hashed on both sides, of
//! every table after the copy and of the changed rows after each round.

mod capture;
mod copy;
mod pause;
mod placement;
mod retire;
mod rounds;
mod switch;
mod target;
mod work;

use std::{sync::Arc, time::Duration};

use hotelhub_core::ids::{DatabaseId, DbHostId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::work::{Tools, Work};
use crate::{
    engine::{Operation, Saga, Step, StepError},
    session::Session,
};

/// What a run decides. Recorded before it is acted upon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Names the new database and its login role.
    pub database_id: DatabaseId,
    /// Where the new database is; chosen by the first step, as is all that follows.
    pub db_host_id: Option<DbHostId>,
    /// The copy that serves until the move commits.
    pub from_database_id: Option<DatabaseId>,
    /// Where it is.
    pub from_db_host_id: Option<DbHostId>,
    /// Its generation; the new copy has the next one.
    pub from_generation: Option<i32>,
    /// The version of its schema, which must not change meanwhile.
    pub schema_version: Option<i32>,
}

static STEPS: [Step<Work>; 7] = [
    Step {
        name: "place",
        is_needed: |_| true,
        make: |work, control| Box::pin(placement::place(work, control)),
        undo: None,
        is_durable: true,
    },
    Step {
        name: "create_target",
        is_needed: |_| true,
        make: |work, control| Box::pin(target::create(work, control)),
        undo: Some(|work, control| Box::pin(target::drop_all(work, control))),
        is_durable: true,
    },
    Step {
        name: "capture",
        is_needed: |_| true,
        make: |work, control| Box::pin(capture::attach(work, control)),
        undo: Some(|work, control| Box::pin(capture::detach(work, control))),
        is_durable: true,
    },
    Step {
        name: "copy",
        is_needed: |_| true,
        make: |work, control| Box::pin(copy::copy(work, control)),
        undo: None,
        is_durable: true,
    },
    Step {
        name: "catch_up",
        is_needed: |_| true,
        make: |work, control| Box::pin(rounds::catch_up(work, control)),
        undo: None,
        is_durable: true,
    },
    Step {
        name: "switch",
        is_needed: |_| true,
        make: |work, control| Box::pin(switch::switch(work, control)),
        undo: Some(|work, control| Box::pin(pause::release(work, control))),
        is_durable: true,
    },
    Step {
        name: "retire",
        is_needed: |_| true,
        make: |work, control| Box::pin(retire::retire(work, control)),
        undo: None,
        is_durable: true,
    },
];

/// The saga.
#[derive(Debug)]
pub struct MoveTenant {
    tools: Arc<Tools>,
}

impl MoveTenant {
    /// The saga with the tools of one runner.
    #[must_use]
    pub const fn new(tools: Arc<Tools>) -> Self {
        Self { tools }
    }
}

impl Saga for MoveTenant {
    const KIND: &'static str = "move_tenant";

    const COMMITS_AT: Option<&'static str> = Some("switch");

    const PATIENCE: Option<Duration> = Some(Duration::from_mins(5));

    type Work = Work;

    fn limit(step: &str) -> Duration {
        Duration::from_secs(match step {
            // As long as the data is large; a copy that is begun anew loses all that it had.
            "copy" => 6 * 60 * 60,
            "catch_up" | "retire" => 60 * 60,
            // It bounds its own pause, which is far shorter.
            "switch" => 15 * 60,
            _ => 2 * 60,
        })
    }

    fn steps(&self) -> &'static [Step<Work>] {
        &STEPS
    }

    fn mint_facts(&self) -> Value {
        Work::facts_to_json(&Facts {
            database_id: DatabaseId::generate(),
            db_host_id: None,
            from_database_id: None,
            from_db_host_id: None,
            from_generation: None,
            schema_version: None,
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
