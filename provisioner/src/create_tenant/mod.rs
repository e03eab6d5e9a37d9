//! The saga behind a signup: from a row that asks for a hotel to a hotel that serves.
//!
//! The first step claims a copy of the template: a warm one, made before anybody asked, or else
//! room for a new one. The claim is a row of [`databases`](copy), on disk before the copy is
//! touched; the database and its login role bear the name of that row's id. So whatever has that
//! name is this operation's and nobody else's, and "it exists already" means that an earlier try
//! made it. What a warm copy has already is skipped.
//!
//! A database is closed until nobody but its owner can enter, a hotel whose server is away goes to
//! another one as long as its route is not published, and the route is published last: nobody ever
//! sees a hotel that is half made.

mod content;
mod copy;
mod database;
mod placement;
mod provinces;
mod route;
mod tenant;
mod work;

use hotelhub_core::{
    ids::{PropertyId, RatePlanId, UserId},
    sql::Query as _,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use self::content::HAND_OUT;
use self::tenant::Tenant;
pub use self::work::{Tools, Work};
use crate::{
    engine::{Operation, Saga, Step, StepError},
    session::Session,
};

/// What a run decides. Recorded before it is acted upon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The first property.
    pub property_id: PropertyId,
    /// Its first price list.
    pub rate_plan_id: RatePlanId,
    /// The owner's login.
    pub owner_id: UserId,
}

/// In a new database the commits from `open_database` to `create_owner` are left to be flushed with
/// that of `grant_access`. Its session was there before the first of them: if it still answers, the
/// server has not crashed in between, and its commit takes all of them to the disk. In a warm one
/// `create_owner` does the same.
///
/// Nothing before that is proof, so whoever takes the operation over begins with `place`, which may
/// find that the server is away and leave it. Once the route is published nothing is needed any
/// more: the hotel may be at work in there, and the owner's password is no longer known here.
static STEPS: [Step<Work>; 10] = [
    Step {
        name: "place",
        is_needed: |_| true,
        make: |work, control| Box::pin(placement::place(work, control)),
        undo: Some(|work, control| Box::pin(placement::give_up(work, control))),
        is_durable: false,
    },
    Step {
        name: "create_database",
        is_needed: Work::is_cold,
        make: |work, control| Box::pin(database::create_database(work, control)),
        undo: Some(|work, control| Box::pin(database::drop_all(work, control))),
        is_durable: false,
    },
    Step {
        name: "open_database",
        is_needed: Work::is_cold,
        make: |work, control| Box::pin(database::open_database(work, control)),
        undo: None,
        is_durable: false,
    },
    Step {
        name: "create_role",
        is_needed: Work::is_cold,
        make: |work, control| Box::pin(database::create_role(work, control)),
        undo: None,
        is_durable: false,
    },
    Step {
        name: "write_identity",
        is_needed: Work::is_unpublished,
        make: |work, control| Box::pin(content::write_identity(work, control)),
        undo: None,
        is_durable: false,
    },
    Step {
        name: "migrate",
        is_needed: content::is_behind,
        make: |work, control| Box::pin(content::migrate(work, control)),
        undo: None,
        is_durable: false,
    },
    Step {
        name: "seed",
        is_needed: Work::is_unpublished,
        make: |work, control| Box::pin(content::seed(work, control)),
        undo: None,
        is_durable: false,
    },
    Step {
        name: "create_owner",
        is_needed: Work::is_unpublished,
        make: |work, control| Box::pin(content::create_owner(work, control)),
        undo: None,
        is_durable: false,
    },
    Step {
        name: "grant_access",
        is_needed: Work::is_cold,
        make: |work, control| Box::pin(database::grant_access(work, control)),
        undo: None,
        is_durable: true,
    },
    Step {
        name: "publish_route",
        is_needed: |_| true,
        make: |work, control| Box::pin(route::publish(work, control)),
        undo: None,
        is_durable: true,
    },
];

/// The saga.
#[derive(Debug)]
pub struct CreateTenant {
    tools: std::sync::Arc<Tools>,
}

impl CreateTenant {
    /// The saga with the tools of one runner.
    #[must_use]
    pub const fn new(tools: std::sync::Arc<Tools>) -> Self {
        Self { tools }
    }
}

impl Saga for CreateTenant {
    const KIND: &'static str = "create_tenant";
    const IS_HASTY: bool = true;

    type Work = Work;

    fn steps(&self) -> &'static [Step<Work>] {
        &STEPS
    }

    fn mint_facts(&self) -> Value {
        Work::facts_to_json(&Facts {
            property_id: PropertyId::generate(),
            rate_plan_id: RatePlanId::generate(),
            owner_id: UserId::generate(),
        })
    }

    async fn begin(
        &self,
        control: &Session,
        operation: Operation,
        facts: Value,
    ) -> Result<Work, StepError> {
        let facts: Facts = serde_json::from_value(facts)
            .map_err(|error| StepError::Never(format!("read the facts of the run: {error}")))?;
        let id: hotelhub_core::sql::Params<'_> = &[&operation.tenant];
        let tenant = control.query_one(tenant::SELECT, id);
        let (row, copy) = tokio::try_join!(tenant, copy::find(control, operation))?;
        Ok(Work::new(self.tools.clone(), operation, Tenant::from_row(&row)?, facts, copy))
    }

    fn facts(work: &Work) -> Value {
        Work::facts_to_json(&work.facts)
    }

    async fn end(&self, work: Work) {
        work.put_away().await;
    }
}
