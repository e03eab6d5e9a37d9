//! Says how many tenants have no backup that is young enough, for the alarm. By a timer of its own: when
//! backups fail or hang, those who make them have no time to say so.

use std::time::Duration;

use chrono::TimeDelta;
use hotelhub_core::{clock::Clock, errors::Chain, tasks::Tasks};
use tokio::time::sleep;
use tokio_postgres::{Config as Login, Error};

use super::store;
use crate::{config::Config, session::Session};

const LOOK_EVERY: Duration = Duration::from_secs(15);
/// A night, and as long again as its backup may wait for others.
const OVERDUE: TimeDelta = TimeDelta::hours(26);

/// Counts backups that are overdue.
#[derive(Debug)]
pub struct Overdue {
    control: Login,
    clock: Clock,
    tasks: Tasks,
}

impl Overdue {
    /// One for a process.
    #[must_use]
    pub fn new(config: &Config, tasks: Tasks) -> Self {
        Self { control: config.control.clone(), clock: config.clock.clone(), tasks }
    }

    /// Counts without end.
    pub async fn run(self) {
        loop {
            if let Err(error) = self.count().await {
                tracing::warn!(error = %Chain(&error), "cannot count overdue backups");
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// The session lasts for one look: others use the server's connections in between.
    async fn count(&self) -> Result<(), Error> {
        let control = Session::open(&self.control, &self.tasks).await?;
        let overdue = store::count_overdue(&control, self.clock.now() - OVERDUE).await?;
        metrics::gauge!("backups_overdue").set(u32::try_from(overdue).unwrap_or(u32::MAX));
        Ok(())
    }
}
