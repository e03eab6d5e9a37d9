//! Group commit: what comes for the same key at the same moment, or while a batch of it is under way,
//! goes together. Nobody waits for a batch to fill, so a lone item is as quick as without.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// Items that wait for their batch, by key. Cheap to clone.
#[derive(Debug)]
pub struct Batches<K: Hash + Eq + Clone, I, O> {
    waiting: Arc<Mutex<Queues<K, I, O>>>,
    most: usize,
}

/// Who waits; a key without anybody has a batch under way.
type Queues<K, I, O> = HashMap<K, Vec<Waiting<K, I, O>>>;

#[derive(Debug)]
struct Waiting<K: Hash + Eq + Clone, I, O> {
    item: I,
    told: oneshot::Sender<Word<K, I, O>>,
}

#[derive(Debug)]
enum Word<K: Hash + Eq + Clone, I, O> {
    /// What became of the item.
    Ended(O),
    /// The next batch is yours, with your item first. Should nobody hear this, the lead is passed on
    /// all the same.
    Lead(I, Passing<K, I, O>),
}

impl<K: Hash + Eq + Clone, I, O> Clone for Batches<K, I, O> {
    fn clone(&self) -> Self {
        Self { waiting: Arc::clone(&self.waiting), most: self.most }
    }
}

impl<K: Hash + Eq + Clone, I, O> Batches<K, I, O> {
    /// Batches of at most so many items; with 1 each item goes alone.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { waiting: Arc::default(), most: most.max(1) }
    }

    /// Has `run` done with this item, alone or with others of its key: what came of it. `run` gives
    /// one result for each item, in their order.
    ///
    /// `None` if whoever ran the batch was given up in the middle of it.
    pub async fn submit<F: Future<Output = Vec<O>>>(
        &self,
        key: K,
        item: I,
        run: impl FnOnce(Vec<I>) -> F,
    ) -> Option<O> {
        let (item, passing) = match self.enter(&key, item) {
            Entered::Lead(item) => {
                let passing = Passing { batches: self.clone(), key };
                // Those who are about to come, such as other tickets of one delivery, go along.
                tokio::task::yield_now().await;
                (item, passing)
            }
            Entered::Wait(told) => match told.await.ok()? {
                Word::Ended(result) => return Some(result),
                Word::Lead(item, passing) => (item, passing),
            },
        };
        let others = self.those_who_wait(&passing.key);
        let (items, told): (Vec<I>, Vec<_>) =
            others.into_iter().map(|it| (it.item, it.told)).unzip();
        let mut results = run(std::iter::once(item).chain(items).collect()).await.into_iter();
        let own = results.next();
        for (told, result) in told.into_iter().zip(results) {
            // Whoever was given up meanwhile does not want to know.
            drop(told.send(Word::Ended(result)));
        }
        own
    }

    fn enter(&self, key: &K, item: I) -> Entered<K, I, O> {
        match self.waiting().entry(key.clone()) {
            Entry::Vacant(nobody) => {
                nobody.insert(Vec::new());
                Entered::Lead(item)
            }
            Entry::Occupied(mut under_way) => {
                let (told, word) = oneshot::channel();
                under_way.get_mut().push(Waiting { item, told });
                Entered::Wait(word)
            }
        }
    }

    /// Hands the next batch to the first who waits; the key is free if nobody does.
    fn pass_on(&self, key: &K) {
        let Some(first) = self.next(key) else { return };
        let passing = Passing { batches: self.clone(), key: key.clone() };
        // One that was given up meanwhile is not heard of, and its end passes the lead on.
        drop(first.told.send(Word::Lead(first.item, passing)));
    }

    fn next(&self, key: &K) -> Option<Waiting<K, I, O>> {
        let mut waiting = self.waiting();
        let queue = waiting.get_mut(key)?;
        if queue.is_empty() {
            waiting.remove(key);
            return None;
        }
        Some(queue.remove(0))
    }

    /// Takes those along who wait, as far as they fit into one batch.
    fn those_who_wait(&self, key: &K) -> Vec<Waiting<K, I, O>> {
        let mut waiting = self.waiting();
        let Some(queue) = waiting.get_mut(key) else { return Vec::new() };
        let rest = queue.split_off(queue.len().min(self.most - 1));
        std::mem::replace(queue, rest)
    }

    fn waiting(&self) -> MutexGuard<'_, Queues<K, I, O>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Entered<K: Hash + Eq + Clone, I, O> {
    Lead(I),
    Wait(oneshot::Receiver<Word<K, I, O>>),
}

/// Passes the lead on, also when the batch is given up in the middle or before it began.
#[derive(Debug)]
struct Passing<K: Hash + Eq + Clone, I, O> {
    batches: Batches<K, I, O>,
    key: K,
}

impl<K: Hash + Eq + Clone, I, O> Drop for Passing<K, I, O> {
    fn drop(&mut self) {
        self.batches.pass_on(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::pending,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use futures_util::{
        future::{join_all, join3},
        poll,
    };
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn what_comes_during_a_batch_goes_together_in_the_next() {
        let batches = Batches::new(16);
        let (runs, gate) = (AtomicUsize::new(0), Notify::new());
        let run = async |items: Vec<u32>| {
            if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                gate.notified().await;
            }
            items.iter().map(|it| it * 10).collect()
        };

        let mut first = Box::pin(batches.submit("a", 0, run));
        while runs.load(Ordering::SeqCst) == 0 {
            assert!(poll!(&mut first).is_pending());
        }
        let others = join_all((1..10).map(|it| batches.submit("a", it, run)));
        let (first, others, ()) = join3(first, others, async { gate.notify_one() }).await;

        assert_eq!(first, Some(0));
        assert_eq!(others, (1..10).map(|it| Some(it * 10)).collect::<Vec<_>>());
        assert_eq!(runs.load(Ordering::SeqCst), 2);
        assert!(batches.waiting().is_empty());
    }

    #[tokio::test]
    async fn what_comes_at_the_same_moment_goes_together() {
        let batches = Batches::new(16);
        let run = async |items: Vec<usize>| vec![items.len(); items.len()];

        let sizes = join_all((0..5).map(|it| batches.submit("a", it, run))).await;

        assert_eq!(sizes, [Some(5); 5]);
        assert!(batches.waiting().is_empty());
    }

    #[tokio::test]
    async fn no_batch_has_more_than_it_may_and_keys_do_not_meet() {
        let batches = Batches::new(2);
        let run = async |items: Vec<u32>| {
            tokio::task::yield_now().await;
            let together = items.len();
            items.iter().map(|_| together).collect()
        };

        let sizes = join_all((0..9).map(|it| batches.submit(it % 3, it, run))).await;

        assert!(sizes.iter().all(|it| it.is_some_and(|it| it <= 2)), "{sizes:?}");
    }

    #[tokio::test]
    async fn a_batch_that_is_given_up_keeps_nobody_waiting() {
        let batches = Batches::<_, u32, u32>::new(16);
        let never = async |_: Vec<u32>| pending().await;
        let mut given_up = Box::pin(batches.submit("a", 1, never));
        assert!(poll!(&mut given_up).is_pending());
        let mut next = Box::pin(batches.submit("a", 2, async |items| items));
        assert!(poll!(&mut next).is_pending());

        drop(given_up);

        assert_eq!(next.await, Some(2));
        assert_eq!(batches.submit("a", 3, async |items| items).await, Some(3));
    }

    #[tokio::test]
    async fn a_lead_that_nobody_hears_of_keeps_nobody_waiting() {
        let batches = Batches::<_, u32, u32>::new(16);
        let never = async |_: Vec<u32>| pending().await;
        let mut first = Box::pin(batches.submit("a", 1, never));
        assert!(poll!(&mut first).is_pending());
        let mut second = Box::pin(batches.submit("a", 2, never));
        assert!(poll!(&mut second).is_pending());

        let third = batches.submit("a", 3, async |items| items);
        let mut third = Box::pin(third);
        assert!(poll!(&mut third).is_pending());

        // The second one gets the lead and is gone before it looks.
        drop(first);
        drop(second);

        assert_eq!(third.await, Some(3));
        assert!(batches.waiting().is_empty());
    }
}
