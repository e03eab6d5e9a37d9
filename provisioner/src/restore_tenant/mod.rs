//! The saga that puts a bundle in the place of a tenant's data: a backup of its own, or one that was
//! brought from elsewhere.
//!
//! The bundle is loaded into a copy of its own beside the hotel, which works on. That copy is then
//! shown, as a *preview* on a host name of its own, or takes the hotel's place at once; a preview that
//! was looked at takes it later, or is discarded. Whatever is replaced is backed up first of all that
//! follows the switch: nobody can write there any more, so the backup has the last word that the
//! hotel was given, and only then the old copy is dropped.
//!
//! Jobs that were open in the bundle may have been done since. They are neither done again nor lost:
//! they are *dead* for a person to look at, with the code `RESTORED`. Everybody has to log in anew,
//! with the password of today, and who was turned out since stays out. Support is not let in by a
//! consent of the past. The hotel's audit log forgets nothing, and tells of the restore.

mod history;
mod place;
mod preview;
mod settle;
mod source;
mod switch;
mod target;
mod work;

use std::{sync::Arc, time::Duration};

use hotelhub_core::ids::DatabaseId;
use serde_json::Value;

pub(crate) use self::preview::{discard_all_of, discard_expired};
use self::work::End;
pub use self::work::{Facts, Tools, Work};
use crate::{
    engine::{Operation, Saga, Step, StepError},
    session::Session,
};

static STEPS: [Step<Work>; 7] = [
    Step {
        name: "place",
        is_needed: |_| true,
        make: |work, control| Box::pin(place::place(work, control)),
        undo: Some(|work, control| Box::pin(source::forget_upload(work, control))),
        is_durable: true,
    },
    Step {
        name: "load",
        is_needed: |work| !work.facts.is_of_preview(),
        make: |work, control| Box::pin(target::load(work, control)),
        undo: Some(|work, control| Box::pin(target::drop_all(work, control))),
        is_durable: true,
    },
    Step {
        name: "show_preview",
        is_needed: |work| work.facts.end == Some(End::Preview),
        make: |work, control| Box::pin(preview::show(work, control)),
        undo: Some(|work, control| Box::pin(preview::take_away(work, control))),
        is_durable: true,
    },
    Step {
        name: "discard_preview",
        is_needed: |work| work.facts.end == Some(End::Discard),
        make: |work, control| Box::pin(preview::discard(work, control)),
        undo: None,
        is_durable: true,
    },
    Step {
        name: "switch",
        is_needed: |work| work.facts.end == Some(End::Swap),
        make: |work, control| Box::pin(switch::switch(work, control)),
        undo: Some(|work, control| Box::pin(switch::take_back(work, control))),
        is_durable: true,
    },
    Step {
        name: "back_up_old",
        is_needed: |work| work.facts.end == Some(End::Swap),
        make: |work, control| Box::pin(switch::back_up_old(work, control)),
        undo: None,
        is_durable: true,
    },
    Step {
        name: "clean_up",
        is_needed: |_| true,
        make: |work, control| Box::pin(switch::drop_old(work, control)),
        undo: None,
        is_durable: true,
    },
];

/// The saga.
#[derive(Debug)]
pub struct RestoreTenant {
    tools: Arc<Tools>,
}

impl RestoreTenant {
    /// The saga with the tools of one runner.
    #[must_use]
    pub const fn new(tools: Arc<Tools>) -> Self {
        Self { tools }
    }
}

impl Saga for RestoreTenant {
    const KIND: &'static str = "restore_tenant";

    const COMMITS_AT: Option<&'static str> = Some("switch");

    const PATIENCE: Option<Duration> = Some(Duration::from_mins(5));

    type Work = Work;

    fn limit(step: &str) -> Duration {
        Duration::from_secs(match step {
            // As long as the data is large; a load that is begun anew loses all that it had.
            "load" | "back_up_old" => 6 * 60 * 60,
            // A preview is brought to the present schema.
            "switch" => 30 * 60,
            _ => 2 * 60,
        })
    }

    fn steps(&self) -> &'static [Step<Work>] {
        &STEPS
    }

    fn mint_facts(&self) -> Value {
        Work::facts_to_json(&Facts::new(DatabaseId::generate()))
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
