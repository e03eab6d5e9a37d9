//! Waiting for what others do: patiently, and with Ctrl-C at hand.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use crate::{Hub, client::Reply, failure::Failure};

/// A control plane that restarts is back by then.
const PATIENCE: Duration = Duration::from_secs(60);
const QUICK_LOOK: Duration = Duration::from_millis(100);
const CALM_LOOK: Duration = Duration::from_secs(1);

/// Does `work`, unless Ctrl-C comes first: then says what goes on without us.
///
/// # Errors
/// As `work`, or that it was interrupted.
pub(crate) async fn or_interrupt<T>(
    work: impl Future<Output = Result<T, Failure>>,
    what_goes_on: impl FnOnce() -> String,
) -> Result<T, Failure> {
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted(what_goes_on())),
    }
}

/// Looks again and again: soon at first, then calmly.
#[derive(Debug)]
pub(crate) struct Looks {
    began: Instant,
}

impl Looks {
    /// Begins now.
    pub(crate) fn new() -> Self {
        Self { began: Instant::now() }
    }

    /// For how long it has been waited.
    pub(crate) fn waited(&self) -> Duration {
        self.began.elapsed()
    }

    /// Waits until it is time to look again: a tenth of the wait so far.
    pub(crate) async fn pause(&self) {
        tokio::time::sleep((self.waited() / 10).clamp(QUICK_LOOK, CALM_LOOK)).await;
    }
}

/// Reads what stands at `path`; a control plane that is away for a moment is waited for.
///
/// # Errors
/// As [`crate::client::Client::get`], once the patience is used up.
pub(crate) async fn look(
    hub: &Hub,
    path: &[&str],
    query: &[(&str, String)],
) -> Result<Reply, Failure> {
    let began = Instant::now();
    loop {
        match hub.client.get(path, query).await {
            Err(failure) if failure.passes() && began.elapsed() < PATIENCE => {
                hub.screen.live("the control plane does not answer; still trying …");
                tokio::time::sleep(CALM_LOOK).await;
            }
            answered => return answered,
        }
    }
}

/// A time for people.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
