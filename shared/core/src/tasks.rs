//! Background tasks that are named, drained at shutdown, and never die in silence.

use std::{future::Future, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

/// The background tasks of one program. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    failed: CancellationToken,
}

impl Tasks {
    /// Starts `task` under `name`.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let span = tracing::info_span!("task", task = name);
        #[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
        tokio::spawn(self.tracker.track_future(task.instrument(span)));
    }

    /// Starts a task that the program cannot do without: if it ends or panics before
    /// [`Tasks::stop`], the program stops with a failure.
    pub fn spawn_critical(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let guard = EndGuard { name, tasks: self.clone() };
        self.spawn(name, async move {
            let _guard = guard;
            task.await;
        });
    }

    /// Starts a task that goes on until the program stops, and that it cannot do without: see
    /// [`Tasks::spawn_critical`]. What it does at that moment is dropped.
    pub fn spawn_endless(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let stop = self.stop.clone();
        self.spawn_critical(name, async move {
            tokio::select! { () = task => {}, () = stop.cancelled() => {} }
        });
    }

    /// Ends when the program should stop.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// A token that is cancelled when the program should stop.
    #[must_use]
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Asks every task to stop.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Tells whether a critical task ended on its own.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed.is_cancelled()
    }

    /// Waits for all tasks to end; `false` if some were still running after `grace`.
    pub async fn drain(&self, grace: Duration) -> bool {
        self.tracker.close();
        tokio::time::timeout(grace, self.tracker.wait()).await.is_ok()
    }

    /// Begins to listen to signals; the future waits until SIGTERM, SIGINT or the death of a critical
    /// task, then asks all to stop. What a program begins with: before, a signal would kill it.
    ///
    /// # Errors
    /// Fails if the signals cannot be listened to.
    pub fn until_signal(&self) -> std::io::Result<impl Future<Output = ()> + Send + use<>> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut term = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let tasks = self.clone();
        Ok(async move {
            tokio::select! {
                _ = term.recv() => tracing::info!("SIGTERM: draining"),
                _ = interrupt.recv() => tracing::info!("SIGINT: draining"),
                () = tasks.stop.cancelled() => {}
            }
            tasks.stop();
        })
    }
}

struct EndGuard {
    name: &'static str,
    tasks: Tasks,
}

impl Drop for EndGuard {
    fn drop(&mut self) {
        if !self.tasks.stop.is_cancelled() {
            tracing::error!(task = self.name, "a critical task ended: the program stops");
            self.tasks.failed.cancel();
            self.tasks.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_death_of_a_critical_task_stops_the_program() {
        let tasks = Tasks::default();
        tasks.spawn_critical("short", async {});

        tasks.stopping().await;

        assert!(tasks.has_failed());
        assert!(tasks.drain(Duration::from_secs(5)).await);
    }

    #[tokio::test]
    async fn a_task_that_ends_because_it_was_asked_to_is_no_failure() {
        let tasks = Tasks::default();
        let stop = tasks.stop_token();
        tasks.spawn_critical("obedient", async move { stop.cancelled().await });

        tasks.stop();

        assert!(tasks.drain(Duration::from_secs(5)).await);
        assert!(!tasks.has_failed());
    }
}
