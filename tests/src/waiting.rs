//! Waiting for a condition, with a deadline: never for a length of time.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// Probes are cheap but not free: after a second of looking, five looks a second are enough.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Asks `probe` until it answers, and gives its answer.
///
/// # Errors
/// Fails when `deadline` has passed without an answer; the message says `what` was waited for.
pub async fn eventually<T>(
    deadline: Duration,
    what: &str,
    mut probe: impl AsyncFnMut() -> Option<T>,
) -> Result<T> {
    let end = Instant::now() + deadline;
    let mut pause = FIRST_PAUSE;
    loop {
        // Of two that begin and end on either side of the deadline, the later one has the last word.
        let is_last = Instant::now() >= end;
        if let Some(answer) = probe().await {
            return Ok(answer);
        }
        if is_last {
            bail!("waited {} s in vain for: {what}", deadline.as_secs());
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_ends_the_wait() {
        let mut asked = 0;
        let answer = eventually(Duration::from_secs(5), "the third look", async || {
            asked += 1;
            (asked == 3).then_some("here")
        });
        assert_eq!(answer.await.unwrap(), "here");
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_began_before_the_deadline_and_lasted_is_not_the_last() {
        let mut asked = 0;
        let answer = eventually(Duration::from_secs(5), "the second look", async || {
            asked += 1;
            tokio::time::sleep(Duration::from_secs(8)).await;
            (asked == 2).then_some("here")
        });
        assert_eq!(answer.await.unwrap(), "here");
    }

    #[tokio::test]
    async fn a_wait_in_vain_says_for_what() {
        let wait = eventually(Duration::ZERO, "a miracle", async || None::<()>);
        assert!(wait.await.unwrap_err().to_string().contains("a miracle"));
    }
}
