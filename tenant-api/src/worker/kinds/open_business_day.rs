//! Closes a property's business day when the next one has begun there, and opens that.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hotelhub_core::{clock::Clock, ids::PropertyId, life::Access};
use hotelhub_jobs::{
    kind::{Class, Kind, Wait, Words},
    outcome::{JobError, Outcome},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    properties,
    worker::{HotelJob, Try},
};

/// The job; its payload.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OpenBusinessDay {
    property_id: PropertyId,
    fire_at: DateTime<Utc>,
}

impl HotelJob for OpenBusinessDay {
    const KIND: &'static Kind = &Kind {
        name: "open_business_day",
        class: Class::Default,
        priority: 0,
        tries: 10,
        timeout: Duration::from_secs(30),
        ladder: &[Wait::S10, Wait::M2, Wait::M10],
        words: Words {
            name: ["Pergantian hari usaha", "Change of the business day"],
            dead: [
                "Hari usaha properti ini tidak berganti. Coba lagi, atau hubungi kami.",
                "The business day of this property did not change. Try again, or ask us.",
            ],
        },
    };
    /// A suspended hotel's guests are still there.
    const RUNS_UNDER: &'static [Access] = &[Access::Full, Access::Grace, Access::Essential];
    type Tools = Clock;

    async fn run(self, clock: &Clock, work: &Try<'_>) -> Result<Outcome, JobError> {
        let failed = JobError::database;
        let mut connection = work.connect().await?;
        let tx = connection.transaction().await.map_err(failed)?;
        let opened = properties::open_business_day(&tx, self.property_id, clock.now()).await;
        let opened = json!({ "opened": opened.map_err(failed)? });
        let recorded = work.record(&tx, &opened).await?;
        tx.commit().await.map_err(failed)?;
        connection.release();
        Ok(recorded)
    }
}
