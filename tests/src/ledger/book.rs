//! What a ledger wrote down, and what can be read from it.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use serde_json::Value;

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Its `Idempotency-Key`.
    pub key: String,
    /// What it was to bring about.
    pub effect: String,
    /// Whether it did: a refused call has no effect.
    pub is_taken: bool,
    /// When it was written down, by this machine's clock.
    pub at: DateTime<Utc>,
    /// Its `traceparent`.
    pub trace: Option<String>,
    /// Its whole body.
    pub body: Value,
}

/// The calls of a ledger. Cheap to clone; clones are the same book.
#[derive(Clone, Debug, Default)]
pub struct Book {
    pages: Arc<Mutex<Pages>>,
}

#[derive(Debug, Default)]
struct Pages {
    calls: Vec<Call>,
    /// The keys of calls that were taken.
    taken: HashSet<String>,
}

impl Book {
    /// Every call, in the order of arrival.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.read().calls.clone()
    }

    /// How many calls there were.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read().calls.len()
    }

    /// Tells whether nobody has called yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.read().calls.is_empty()
    }

    /// How often each key was used in calls that were taken.
    #[must_use]
    pub fn taken_by_key(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in self.read().calls.iter().filter(|it| it.is_taken) {
            *counts.entry(call.key.clone()).or_default() += 1;
        }
        counts
    }

    /// Effects that were brought about under more than one key, with those keys: an outside system
    /// cannot know that they were the same, so each of them happened twice.
    #[must_use]
    pub fn repeated_effects(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut keys = BTreeMap::<String, BTreeSet<String>>::new();
        for call in self.read().calls.iter().filter(|it| it.is_taken) {
            keys.entry(call.effect.clone()).or_default().insert(call.key.clone());
        }
        keys.retain(|_, keys| keys.len() > 1);
        keys
    }

    /// Keys that were used for more than one effect, with those effects: the outside system believes
    /// that the second is the first again.
    #[must_use]
    pub fn reused_keys(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut effects = BTreeMap::<String, BTreeSet<String>>::new();
        for call in self.read().calls.iter() {
            effects.entry(call.key.clone()).or_default().insert(call.effect.clone());
        }
        effects.retain(|_, effects| effects.len() > 1);
        effects
    }

    /// Writes a call down; whether its key was taken before.
    pub(super) fn write(&self, call: Call) -> bool {
        let mut pages = self.read();
        let is_repeat = pages.taken.contains(&call.key);
        if call.is_taken {
            pages.taken.insert(call.key.clone());
        }
        pages.calls.push(call);
        is_repeat
    }

    fn read(&self) -> MutexGuard<'_, Pages> {
        // Nothing in here leaves them half changed.
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
