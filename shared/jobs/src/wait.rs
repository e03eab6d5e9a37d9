//! How long tickets wait before they come again: a ladder of fixed times.

use std::time::Duration;

use rand::RngExt;

/// A rung of the ladder of waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wait {
    /// 2 seconds.
    S2,
    /// 10 seconds.
    S10,
    /// 30 seconds.
    S30,
    /// 2 minutes.
    M2,
    /// 10 minutes.
    M10,
    /// 30 minutes.
    M30,
    /// 2 hours.
    H2,
}

impl Wait {
    /// Every rung, shortest first.
    pub const ALL: &[Self] =
        &[Self::S2, Self::S10, Self::S30, Self::M2, Self::M10, Self::M30, Self::H2];

    /// The wait without jitter.
    #[must_use]
    pub const fn base(self) -> Duration {
        Duration::from_secs(match self {
            Self::S2 => 2,
            Self::S10 => 10,
            Self::S30 => 30,
            Self::M2 => 120,
            Self::M10 => 600,
            Self::M30 => 1_800,
            Self::H2 => 7_200,
        })
    }

    /// One of the rung's three queues, by chance, so that what failed together returns spread.
    #[must_use]
    pub fn with_jitter(self) -> WaitQueue {
        let variants = WaitQueue::VARIANTS.len();
        let at = rand::rng().random_range(0..variants);
        WaitQueue { wait: self, variant: at }
    }

    /// The longest queue that waits no longer than `time`: a ticket that is early waits again, and
    /// one that is late costs somebody a wait.
    #[must_use]
    pub fn towards(time: Duration) -> WaitQueue {
        let wait = Self::ALL.iter().copied().rfind(|it| it.base() <= time).unwrap_or(Self::S2);
        WaitQueue { wait, variant: 1 }
    }
}

/// A queue in which tickets wait a fixed time. One time per queue: a long wait in front would hold
/// up the shorter ones behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitQueue {
    wait: Wait,
    variant: usize,
}

impl WaitQueue {
    /// Letter and percent of the base time.
    const VARIANTS: [(&'static str, u32); 3] = [("a", 80), ("b", 100), ("c", 125)];

    /// Every queue.
    pub fn all() -> impl Iterator<Item = Self> {
        Wait::ALL
            .iter()
            .flat_map(|wait| (0..Self::VARIANTS.len()).map(|variant| Self { wait: *wait, variant }))
    }

    fn variant(self) -> (&'static str, u32) {
        Self::VARIANTS.get(self.variant).copied().unwrap_or(("b", 100))
    }

    /// How long a ticket waits here.
    #[must_use]
    pub fn time(self) -> Duration {
        self.wait.base() * self.variant().1 / 100
    }

    /// The name of the queue and of the exchange before it.
    #[must_use]
    pub fn name(self) -> String {
        format!("jobs.wait.{}s.{}", self.wait.base().as_secs(), self.variant().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_within_a_fifth_below_and_a_quarter_above() {
        for _ in 0..100 {
            let time = Wait::S10.with_jitter().time();
            assert!((8_000..=12_500).contains(&time.as_millis()), "{time:?}");
        }
    }

    #[test]
    fn a_ticket_waits_towards_its_time_and_never_past_it() {
        assert_eq!(Wait::towards(Duration::from_secs(45)).time(), Duration::from_secs(30));
        assert_eq!(Wait::towards(Duration::from_secs(1)).time(), Duration::from_secs(2));
        assert_eq!(Wait::towards(Duration::from_secs(99_999)).time(), Duration::from_secs(7_200));
    }
}
