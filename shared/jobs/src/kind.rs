//! What is decided about one kind of job.

use std::time::Duration;

pub use crate::{class::Class, wait::Wait};

/// One kind of job: everything that is decided about it, in one place.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// As stored. Never changed once released.
    pub name: &'static str,
    /// Where its tickets queue.
    pub class: Class,
    /// Higher ones first, where jobs of a hotel and class wait for each other; 0 is usual.
    pub priority: i32,
    /// How often it is tried before it is dead.
    pub tries: i32,
    /// How long one try may take.
    pub timeout: Duration,
    /// The waits between tries; the last one repeats.
    pub ladder: &'static [Wait],
    /// How people call it, and what they are told when its tries are used up.
    pub words: Words,
}

/// What people read of a kind, each in Bahasa Indonesia and in English.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// Its name.
    pub name: [&'static str; 2],
    /// What is the matter when it is dead, and what to do about it.
    pub dead: [&'static str; 2],
}

/// What the lease outlasts the timeout by: the time a worker needs to notice that it lost its
/// broker.
const LEASE_MARGIN: Duration = Duration::from_secs(15);

impl Kind {
    /// How long a claim holds.
    #[must_use]
    pub fn lease(&self) -> Duration {
        self.timeout + LEASE_MARGIN
    }

    /// The wait after a try that did not count.
    #[must_use]
    pub fn first_wait(&self) -> Wait {
        self.ladder.first().copied().unwrap_or(Wait::S10)
    }

    /// The wait after the `attempt`-th try failed; `None` when that was the last one.
    #[must_use]
    pub fn wait_after(&self, attempt: i32) -> Option<Wait> {
        if attempt >= self.tries {
            return None;
        }
        let step = usize::try_from(attempt.saturating_sub(1)).unwrap_or_default();
        self.ladder.get(step).or(self.ladder.last()).copied().or(Some(Wait::S10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind {
        name: "test",
        class: Class::Mail,
        priority: 0,
        tries: 3,
        timeout: Duration::from_secs(30),
        ladder: &[Wait::S10, Wait::M2],
        words: Words { name: ["Uji", "Test"], dead: ["Gagal", "Failed"] },
    };

    #[test]
    fn a_kind_waits_its_ladder_and_is_dead_after_its_tries() {
        assert_eq!(KIND.wait_after(1), Some(Wait::S10));
        assert_eq!(KIND.wait_after(2), Some(Wait::M2));
        assert_eq!(KIND.wait_after(3), None);
        assert_eq!(KIND.lease(), Duration::from_secs(45));
    }
}
