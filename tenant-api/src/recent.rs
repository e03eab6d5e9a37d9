//! Answers that are kept for a moment, so that many who ask cost as much as one.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The last answer, and until when it holds. Whoever asks meanwhile waits for the one who looks.
type Slot<V> = Arc<tokio::sync::Mutex<Option<(V, Instant)>>>;

/// The last answer about each of a bounded number of things. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Recent<K, V> {
    kept: Duration,
    slots: Arc<Mutex<HashMap<K, Slot<V>>>>,
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// Keeps answers for so long.
    pub(crate) fn new(kept: Duration) -> Self {
        Self { kept, slots: Arc::default() }
    }

    /// The answer about `key`: the last one, or a new one by `look` if that is too old.
    pub(crate) async fn of(&self, key: K, look: impl AsyncFnOnce() -> V) -> V {
        let slot = self.slot(key);
        let mut last = slot.lock().await;
        match last.as_ref() {
            Some((answer, until)) if Instant::now() < *until => answer.clone(),
            _ => {
                let answer = look().await;
                *last = Some((answer.clone(), Instant::now() + self.kept));
                answer
            }
        }
    }

    fn slot(&self, key: K) -> Slot<V> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(key).or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn those_who_ask_at_once_cost_as_much_as_one() {
        let recent = Recent::new(Duration::from_secs(3600));
        let looks = Cell::new(0);
        let ask = |key: u8| {
            recent.of(key, async || {
                tokio::task::yield_now().await;
                looks.set(looks.get() + 1);
                looks.get()
            })
        };

        assert_eq!(futures_util::join!(ask(1), ask(1), ask(1)), (1, 1, 1));
        assert_eq!(ask(2).await, 2, "another thing has an answer of its own");
    }

    #[tokio::test]
    async fn an_old_answer_is_not_given_again() {
        let recent = Recent::new(Duration::ZERO);
        assert_eq!(recent.of((), async || 1).await, 1);
        assert_eq!(recent.of((), async || 2).await, 2);
    }
}
