//! Follows a fleet migration: a line for each ring that ended, and one for what runs.

use std::time::{Duration, Instant};

use super::run::{FleetMigration, Ring};
use crate::{
    Hub,
    client::Reply,
    failure::Failure,
    waiting::{Looks, look, or_interrupt},
};

/// The provisioner takes a word to go on within a second; until then it still says `halted`.
const RESUME_LIMIT: Duration = Duration::from_secs(10);

/// Where the watch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The migration is new.
    Beginning,
    /// It was halted and asked to go on.
    Halt,
}

/// Follows it until it is done.
///
/// # Errors
/// Fails if it halts or is cancelled, cannot be looked at any more, or on Ctrl-C.
pub(super) async fn watch(hub: &Hub, id: &str, from: From) -> Result<Reply, Failure> {
    let what_goes_on =
        || format!("the migration goes on without you; look: `hotelhub migrate status {id}`");
    or_interrupt(follow(hub, id, from), what_goes_on).await
}

async fn follow(hub: &Hub, id: &str, from: From) -> Result<Reply, Failure> {
    let looks = Looks::new();
    let mut is_moving = from == From::Beginning;
    let mut pace = Pace::default();
    let mut ended_rings = Vec::new();
    loop {
        let reply = look(hub, &["fleet-migrations", id], &[]).await?;
        let migration: FleetMigration = reply.read()?;
        for line in news(&mut ended_rings, &migration.rings) {
            hub.screen.progress(&line);
        }
        is_moving = is_moving || migration.state != "halted" || looks.waited() > RESUME_LIMIT;
        match migration.state.as_str() {
            "done" => {
                hub.screen.quiet();
                return Ok(reply);
            }
            "halted" if is_moving => return Err(halted(&migration)),
            "cancelled" => {
                let next = "begin another one: `hotelhub migrate fleet`";
                return Err(Failure::failed(migration.sentence(), next));
            }
            state => {
                let pace = pace.of(migration.done(), Instant::now());
                let (done, total) = (migration.done(), migration.total());
                hub.screen.live(&format!("  {state}: {done}/{total} hotels, {pace:.0} a second"));
            }
        }
        looks.pause().await;
    }
}

/// A line for each ring that ended since the last look.
fn news(ended: &mut Vec<i64>, rings: &[Ring]) -> Vec<String> {
    let mut lines = Vec::new();
    for ring in rings.iter().filter(|it| it.total > 0 && it.pending == 0) {
        if ended.contains(&ring.ring) {
            continue;
        }
        ended.push(ring.ring);
        let failed = match ring.quarantined {
            0 => String::new(),
            it => format!(", {it} in quarantine"),
        };
        lines.push(format!("  {:<12} {}/{}{failed}", ring.name(), ring.done, ring.total));
    }
    lines
}

/// How many hotels a second.
#[derive(Debug, Default)]
struct Pace {
    first: Option<(u64, Instant)>,
}

impl Pace {
    /// The mean since the first look that found one done.
    fn of(&mut self, done: u64, now: Instant) -> f64 {
        let (first, began) = *self.first.get_or_insert((done, now));
        let time = now.duration_since(began).as_secs_f64();
        let more = u32::try_from(done.saturating_sub(first)).unwrap_or(u32::MAX);
        if time > 0.0 { f64::from(more) / time } else { 0.0 }
    }
}

fn halted(migration: &FleetMigration) -> Failure {
    let why = migration.halt_reason.as_deref().unwrap_or("no reason was recorded");
    let id = &migration.id;
    Failure::failed(
        format!("fleet migration {id} halted: {why}"),
        format!(
            "see who failed: `hotelhub migrate quarantine {id}`; then `hotelhub migrate resume \
             {id}` or `hotelhub migrate cancel {id}`"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ring_is_told_once_when_nothing_of_it_waits() {
        let ring = |pending, done| Ring { ring: 0, total: 3, done, quarantined: 1, pending };
        let mut ended = Vec::new();
        assert!(news(&mut ended, &[ring(1, 1)]).is_empty());
        assert_eq!(news(&mut ended, &[ring(0, 2)]), ["  canaries     2/3, 1 in quarantine"]);
        assert!(news(&mut ended, &[ring(0, 2)]).is_empty());
    }

    #[test]
    fn the_pace_counts_what_was_done_while_watching() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert!(pace.of(100, now).abs() < f64::EPSILON);
        let later = pace.of(500, now + Duration::from_secs(2));
        assert!((later - 200.0).abs() < 1e-6, "{later}");
    }
}
