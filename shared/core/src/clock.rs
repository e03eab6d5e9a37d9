//! The current time, as a value that tests can set.
//!
//! Business rules take `now` from a [`Clock`]. Only leases use the database's clock.

use std::{path::PathBuf, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};

/// A source of the current time. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Fixed(DateTime<Utc>),
    /// The machine's time, moved by the seconds that the file holds.
    Moved(Arc<PathBuf>),
}

impl Clock {
    /// The clock of the machine.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at one instant.
    #[must_use]
    pub const fn fixed(at: DateTime<Utc>) -> Self {
        Self(Source::Fixed(at))
    }

    /// The machine's clock, moved by the whole seconds written in `file`.
    ///
    /// Several programs share one file, so a test moves all of them at once. A file that is
    /// missing or holds no number moves nothing.
    #[must_use]
    pub fn moved_by_file(file: PathBuf) -> Self {
        Self(Source::Moved(Arc::new(file)))
    }

    /// The current instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => machine_now(),
            Source::Fixed(at) => *at,
            Source::Moved(file) => {
                let seconds = std::fs::read_to_string(file.as_ref())
                    .ok()
                    .and_then(|it| it.trim().parse::<i64>().ok())
                    .and_then(TimeDelta::try_seconds)
                    .unwrap_or_default();
                machine_now() + seconds
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that may ask")]
fn machine_now() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_moves_the_clock_of_all_who_share_it() {
        let file = std::env::temp_dir().join(format!("clock-{}", std::process::id()));
        std::fs::write(&file, "86400\n").unwrap();

        let before = Clock::system().now();
        let moved = Clock::moved_by_file(file.clone()).now() - TimeDelta::days(1);
        let after = Clock::system().now();

        std::fs::remove_file(&file).unwrap();
        assert!((before..=after).contains(&moved), "{before} {moved} {after}");
    }
}
