//! Kinds of jobs, the classes their tickets queue in, and how long a failed one waits.

use std::{fmt, str::FromStr, time::Duration};

use rand::RngExt;

/// One kind of job: everything that is decided about it, in one place.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// As stored. Never changed once released.
    pub name: &'static str,
    /// Where its tickets queue.
    pub class: Class,
    /// How often it is tried before it is dead.
    pub tries: i32,
    /// How long one try may take.
    pub timeout: Duration,
    /// The waits between tries; the last one repeats.
    pub ladder: &'static [Wait],
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

macro_rules! classes {
    ($($(#[$meta:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// A queue class: what is scaled and paused together. Tries and timeouts belong to kinds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Class { $($(#[$meta])* $variant),+ }

        impl Class {
            /// Every class.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in tables, routing keys and options.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl FromStr for Class {
            type Err = UnknownClass;

            fn from_str(text: &str) -> Result<Self, UnknownClass> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(UnknownClass(text.to_owned())),
                }
            }
        }
    };
}

classes!(
    /// Availability, rates and restrictions to OTAs.
    OtaSync = "ota-sync",
    /// Bookings from OTAs.
    OtaIngest = "ota-ingest",
    /// E-mail.
    Mail = "mail",
    /// `WhatsApp` and SMS.
    Messaging = "messaging",
    /// Language models.
    Ai = "ai",
    /// Search pages.
    Pseo = "pseo",
    /// Documents.
    Pdf = "pdf",
    /// Coretax.
    Tax = "tax",
    /// Everything else, ticks included.
    Default = "default",
);

/// A name that is no class.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no job class; there are ota-sync, ota-ingest, mail, messaging, ai, pseo, pdf, tax and default"
)]
pub struct UnknownClass(String);

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

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

    const KIND: Kind = Kind {
        name: "test",
        class: Class::Mail,
        tries: 3,
        timeout: Duration::from_secs(30),
        ladder: &[Wait::S10, Wait::M2],
    };

    #[test]
    fn a_kind_waits_its_ladder_and_is_dead_after_its_tries() {
        assert_eq!(KIND.wait_after(1), Some(Wait::S10));
        assert_eq!(KIND.wait_after(2), Some(Wait::M2));
        assert_eq!(KIND.wait_after(3), None);
        assert_eq!(KIND.lease(), Duration::from_secs(45));
    }

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
