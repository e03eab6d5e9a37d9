//! Says how many tenants have no backup that is young enough, for the alarm. By a timer of its own: when
//! backups fail or hang, those who make them have no time to say so.

use std::time::Duration;

use chrono::TimeDelta;
use hotelhub_core::{clock::Clock, errors::Chain, tasks::Tasks};
use tokio::time::{MissedTickBehavior, interval};
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

    /// Counts until the tasks stop.
    pub async fn run(self) {
        let stop = self.tasks.stop_token();
        let mut every = interval(LOOK_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = every.tick() => {}
                () = stop.cancelled() => return,
            }
            tokio::select! {
                counted = self.count() => if let Err(error) = counted {
                    tracing::warn!(error = %Chain(&error), "cannot count overdue backups");
                },
                () = stop.cancelled() => return,
            }
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
