//! What becomes of a job whose try ended, and of its ticket.

use std::time::Duration;

use serde_json::Value;

use crate::{
    kind::Kind,
    outcome::{Failure, JobError, Outcome},
    rows::Ended,
    transport::Settled,
    wait::{Wait, WaitQueue},
};

/// How long a try rests that ended for a reason of ours.
const SOON: Wait = Wait::S2;

/// What a try came to, and what is to become of its ticket.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// For the row.
    pub ended: Ended,
    again: Option<WaitQueue>,
}

impl Verdict {
    /// Of the `attempt`-th try of a job. Only what is the job's own doing costs a try.
    #[must_use]
    pub fn of(kind: &Kind, attempt: i32, ended: &Result<Outcome, JobError>) -> Self {
        let error = match ended {
            Ok(_) => return Self { ended: Ended::Done(Value::Null), again: None },
            Err(error) => error,
        };
        match error.failure() {
            Failure::Permanent => Self::dead(),
            Failure::Cancelled => Self { ended: Ended::Cancelled, again: None },
            Failure::HandedBack => Self::handed_back(),
            Failure::RateLimited(after) | Failure::NotYet(after) => {
                Self::to_wait(Wait::towards(after), Ended::HandedBack(after))
            }
            Failure::PeerDown => Self::to_rest(kind.first_wait(), Ended::HandedBack),
            Failure::Retry => match kind.wait_after(attempt) {
                Some(wait) => Self::to_rest(wait, Ended::Retry),
                None => Self::dead(),
            },
        }
    }

    /// The try did not count, and there is another one soon.
    #[must_use]
    pub fn handed_back() -> Self {
        Self::to_rest(SOON, Ended::HandedBack)
    }

    /// A person has to look.
    #[must_use]
    pub const fn dead() -> Self {
        Self { ended: Ended::Dead, again: None }
    }

    fn to_rest(wait: Wait, ended: fn(Duration) -> Ended) -> Self {
        let queue = wait.with_jitter();
        Self::to_wait(queue, ended(queue.time()))
    }

    const fn to_wait(queue: WaitQueue, ended: Ended) -> Self {
        Self { ended, again: Some(queue) }
    }

    /// What is to become of the ticket.
    #[must_use]
    pub fn settled(&self) -> Settled {
        self.again.map_or(Settled::Finished, Settled::Again)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{Class, Words};

    const KIND: Kind = Kind {
        name: "test",
        class: Class::Mail,
        priority: 0,
        tries: 2,
        timeout: Duration::from_secs(30),
        ladder: &[Wait::M2],
        words: Words { name: ["Uji", "Test"], dead: ["Gagal", "Failed"] },
    };

    fn ended(attempt: i32, error: JobError) -> Ended {
        Verdict::of(&KIND, attempt, &Err(error)).ended
    }

    #[test]
    fn only_what_is_the_jobs_own_doing_costs_a_try() {
        let failed = |attempt| ended(attempt, JobError::retry("TEST", "no"));
        assert!(matches!(failed(1), Ended::Retry(it) if it >= Duration::from_secs(96)));
        assert!(matches!(failed(2), Ended::Dead), "the last try");
        assert!(matches!(ended(1, JobError::fail("TEST", "no")), Ended::Dead));
        assert!(matches!(ended(1, JobError::cancelled()), Ended::Cancelled));
        assert!(matches!(ended(9, JobError::peer_down("TEST", "no")), Ended::HandedBack(_)));
        assert!(matches!(ended(9, JobError::stopping()), Ended::HandedBack(it)
            if it < Duration::from_secs(3)));
        let hour = Duration::from_secs(3_600);
        assert!(matches!(ended(9, JobError::rate_limited("TEST", hour, "no")),
            Ended::HandedBack(it) if it == hour));
    }

    #[test]
    fn a_ticket_comes_again_as_long_as_its_job_does() {
        let settled = |error| Verdict::of(&KIND, 1, &Err(error)).settled();
        assert!(matches!(settled(JobError::stopping()), Settled::Again(_)));
        assert!(matches!(settled(JobError::fail("TEST", "no")), Settled::Finished));
        assert!(matches!(Verdict::of(&KIND, 1, &Ok(Outcome::Recorded)).ended, Ended::Done(_)));
    }
}
