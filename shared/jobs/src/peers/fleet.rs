//! What one process knows of a peer from the jobs of all hotels.
//!
//! A peer that is down for everybody is noticed by the calls of a few hotels; the others need not
//! find out one by one. And where all hotels share one key of a peer, their calls share its budget.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{Budget, Peer};

/// Calls that are looked at, at most this old.
const WINDOW: Duration = Duration::from_secs(30);
/// Calls before a share of failures says something.
const SAMPLES: usize = 10;
/// How long jobs of all hotels stay away before their hotels' breakers may try.
const AWAY: Duration = Duration::from_secs(15);

/// What this process has seen of all peers. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Fleet(Arc<Mutex<HashMap<&'static str, Seen>>>);

#[derive(Debug, Default)]
struct Seen {
    /// When each call ended, and whether it reached the peer.
    samples: VecDeque<(Instant, bool)>,
    /// Nobody calls before.
    away_until: Option<Instant>,
    /// When the calls of the shared budget were made.
    called_at: VecDeque<Instant>,
    /// None is made before: the peer said so.
    blocked_until: Option<Instant>,
}

impl Fleet {
    /// How long jobs should stay away from `peer`, since it answers hardly anybody.
    #[must_use]
    pub fn down_for(&self, peer: &Peer) -> Option<Duration> {
        self.with(peer, |seen| {
            let left = seen.away_until?.saturating_duration_since(Instant::now());
            if left.is_zero() {
                // The samples of before say nothing about now.
                (seen.samples, seen.away_until) = Default::default();
                return None;
            }
            Some(left)
        })
    }

    /// Notes how a call ended; `true` if the peer counts as down for everybody from now on.
    pub fn note(&self, peer: &Peer, reached: bool) -> bool {
        self.with(peer, |seen| {
            let now = Instant::now();
            seen.samples.push_back((now, reached));
            while seen.samples.front().is_some_and(|(at, _)| now - *at > WINDOW) {
                seen.samples.pop_front();
            }
            let failed = seen.samples.iter().filter(|(_, reached)| !reached).count();
            let is_down = seen.samples.len() >= SAMPLES && failed * 2 > seen.samples.len();
            let was_down = seen.away_until.is_some();
            if is_down {
                seen.away_until = seen.away_until.or(Some(now + AWAY));
            }
            is_down && !was_down
        })
    }

    /// Nobody of this process takes from the shared budget before `wait` is over.
    pub fn block(&self, peer: &Peer, wait: Duration) {
        self.with(peer, |seen| {
            seen.blocked_until = seen.blocked_until.max(Some(Instant::now() + wait));
        });
    }

    /// Counts one call in this process's share of what all hotels may call; else how long to wait.
    ///
    /// # Errors
    /// Says how long to wait.
    pub fn take(&self, peer: &Peer, share: Budget) -> Result<(), Duration> {
        self.with(peer, |seen| {
            let now = Instant::now();
            if let Some(until) = seen.blocked_until.filter(|it| *it > now) {
                return Err(until - now);
            }
            while seen.called_at.front().is_some_and(|at| now - *at >= share.window) {
                seen.called_at.pop_front();
            }
            let calls = usize::try_from(share.calls).unwrap_or(usize::MAX);
            match seen.called_at.front() {
                Some(oldest) if seen.called_at.len() >= calls => {
                    Err(share.window - (now - *oldest))
                }
                _ => {
                    seen.called_at.push_back(now);
                    Ok(())
                }
            }
        })
    }

    fn with<T>(&self, peer: &Peer, work: impl FnOnce(&mut Seen) -> T) -> T {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(seen.entry(peer.name).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: Peer = Peer { name: "channex", per_property: None, shared: None };

    #[test]
    fn a_peer_that_answers_hardly_anybody_is_left_alone_by_all() {
        let fleet = Fleet::default();
        for call in 0..SAMPLES - 1 {
            assert!(!fleet.note(&PEER, call % 3 == 0));
        }
        assert_eq!(fleet.down_for(&PEER), None);

        assert!(fleet.note(&PEER, false));

        assert!(fleet.down_for(&PEER).is_some_and(|left| left <= AWAY));
        assert!(!fleet.note(&PEER, false), "said once");
    }

    #[test]
    fn a_shared_budget_lets_no_more_through_than_it_has() {
        let fleet = Fleet::default();
        let share = Budget { calls: 3, window: Duration::from_secs(60) };
        let began = Instant::now();
        for _ in 0..3 {
            assert_eq!(fleet.take(&PEER, share), Ok(()));
        }
        let wait = fleet.take(&PEER, share).unwrap_err();
        assert!(wait <= share.window && wait + began.elapsed() >= share.window, "{wait:?}");
    }
}
