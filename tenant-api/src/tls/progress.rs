//! How far a replica has come with its certificates, for whoever asks whether it is well.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// A replica that has not found all by then serves what it has: other replicas may have no more.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a look at the store came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// All that the index names can be shown.
    All,
    /// So many of them cannot, or only as they were before.
    AllBut(usize),
    /// Nothing: the store is away, or its index is of no use.
    Nothing,
}

/// How far it is. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    began: Instant,
    looks: Arc<Mutex<Looks>>,
}

#[derive(Debug, Default)]
struct Looks {
    /// One look at least came to something.
    has_looked: bool,
    last: Option<Found>,
}

impl Progress {
    /// Nobody has looked yet.
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), looks: Arc::default() }
    }

    /// Notes what a look came to.
    pub(super) fn note(&self, found: Found) {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.has_looked |= found != Found::Nothing;
        looks.last = Some(found);
    }

    /// Whether people may be sent here: custom domains would be refused before the first look.
    pub(crate) fn is_ready(&self) -> bool {
        self.is_ready_at(Instant::now())
    }

    fn is_ready_at(&self, now: Instant) -> bool {
        let looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.has_looked || now.duration_since(self.began) >= PATIENCE
    }

    /// What is the matter, in a word, and how many certificates cannot be taken over.
    pub(crate) fn said(&self) -> (&'static str, usize) {
        let looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        match looks.last {
            None => ("loading", 0),
            Some(Found::All) => ("ok", 0),
            Some(Found::AllBut(faulty)) => ("incomplete", faulty),
            Some(Found::Nothing) => ("unavailable", 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_is_ready_once_it_has_looked_or_has_tried_for_long_enough() {
        let progress = Progress::new();
        let now = progress.began;
        assert_eq!((progress.is_ready_at(now), progress.said()), (false, ("loading", 0)));
        progress.note(Found::Nothing);
        assert_eq!((progress.is_ready_at(now), progress.said()), (false, ("unavailable", 0)));
        assert!(progress.is_ready_at(now + PATIENCE), "it serves the platform's names at least");

        progress.note(Found::AllBut(2));
        assert_eq!((progress.is_ready_at(now), progress.said()), (true, ("incomplete", 2)));
        progress.note(Found::Nothing);
        assert_eq!(progress.said(), ("unavailable", 0));
        assert!(progress.is_ready_at(now), "what is shown stays");
        progress.note(Found::All);
        assert_eq!(progress.said(), ("ok", 0));
    }
}
