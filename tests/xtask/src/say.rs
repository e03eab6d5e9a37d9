//! What the developer sees: plain lines, and a sign of life for everything that takes long.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this talks to a terminal")]

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Nobody wonders for less.
const SILENCE: Duration = Duration::from_secs(2);
/// After the first sign of life, signs come less often: a log file is not to be filled with them.
const REPEAT: Duration = Duration::from_secs(5);

/// Says one line.
pub(crate) fn line(text: impl std::fmt::Display) {
    println!("{text}");
}

/// Says why it failed, with all causes.
pub(crate) fn fault(error: &anyhow::Error) {
    eprintln!("\nfailed: {error:#}");
}

/// Says that `what` goes on for as long as `work` takes, from two seconds on, and how long it took.
pub(crate) async fn during<T>(what: &str, work: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let mut signs = interval_at(start + SILENCE, REPEAT);
    signs.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            outcome = &mut work => {
                line(format_args!("  {what}: {}", seconds(start.elapsed())));
                return outcome;
            }
            _ = signs.tick() => {
                line(format_args!("  {what}… {} s", start.elapsed().as_secs()));
            }
        }
    }
}

/// A length of time for people.
pub(crate) fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}
