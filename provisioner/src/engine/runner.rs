//! Finds open operations and drives them, one at a time.

use std::time::Duration;

use hotelhub_core::{errors::Chain, tasks::Tasks};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_postgres::{Config, Error};

use super::{
    Saga,
    drive::{Drive, Ending},
    record::{self, Open},
};
use crate::{session::Session, wake::Wake};

/// How often to look without having been woken.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Works on the operations of one saga. Several of them, in one process or many, share the work.
#[derive(Debug)]
pub struct Runner<S> {
    saga: S,
    control: Config,
    wake: watch::Receiver<()>,
    tasks: Tasks,
}

impl<S: Saga> Runner<S> {
    /// A runner with a session of its own on the control database.
    #[must_use]
    pub fn new(saga: S, control: Config, wake: &Wake, tasks: Tasks) -> Self {
        Self { saga, control, wake: wake.on_operations(), tasks }
    }

    /// Works until the tasks stop, over as many sessions as it takes.
    pub async fn run(mut self) {
        let stop = self.tasks.stop_token();
        while !stop.is_cancelled() {
            let outcome = match Session::open(&self.control, &self.tasks).await {
                Ok(control) => self.work(&control).await,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                tracing::warn!(error = %Chain(&error), "the control database failed a runner");
                tokio::select! {
                    () = sleep(LOOK_EVERY) => {}
                    () = stop.cancelled() => {}
                }
            }
        }
    }

    async fn work(&mut self, control: &Session) -> Result<(), Error> {
        let stop = self.tasks.stop_token();
        let mut next_try: Option<Instant> = None;
        while !stop.is_cancelled() {
            // Before the look, so that what comes during it is not slept through.
            self.wake.mark_unchanged();
            match self.take_one(control).await? {
                Some(Ending::Waits(pause)) => {
                    let due = Instant::now() + pause;
                    next_try = Some(next_try.map_or(due, |it| it.min(due)));
                }
                Some(Ending::Settled | Ending::TurnsBack | Ending::Stopped) => {}
                None => {
                    let now = Instant::now();
                    let look = next_try.filter(|it| *it > now).unwrap_or(now + LOOK_EVERY);
                    next_try = next_try.filter(|it| *it > now);
                    tokio::select! {
                        // Fails only when nobody can wake us any more; the look remains.
                        Ok(()) = self.wake.changed() => {}
                        () = tokio::time::sleep_until(look.min(now + LOOK_EVERY)) => {}
                        () = stop.cancelled() => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// Drives the oldest operation that nobody else holds; `None` if there is none.
    async fn take_one(&self, control: &Session) -> Result<Option<Ending>, Error> {
        for Open { operation, is_new } in record::list_open(control, S::KIND).await? {
            if !record::try_lock(control, operation).await? {
                continue;
            }
            let stop = self.tasks.stop_token();
            let drive = Drive { saga: &self.saga, control, stop: &stop, operation, is_new };
            let ending = drive.go().await?;
            record::unlock(control, operation).await?;
            return Ok(Some(ending));
        }
        Ok(None)
    }
}
