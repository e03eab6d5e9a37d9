//! The circuit breaker of one hotel for one peer, in the hotel's database.
//!
//! It opens when most calls of half a minute did not reach the peer. While it is open jobs are held
//! without the loss of a try; from time to time one may try. A call that reaches the peer closes it,
//! and what was held goes on within its windows.

use std::time::Duration;

use hotelhub_core::sql::Query;
use tokio_postgres::Error;

/// Failures before it may open: a single one says nothing.
const FAILURES: i32 = 5;
/// The first wait before a try; each further one is twice as long.
const FIRST_PROBE: Duration = Duration::from_secs(15);
const LAST_PROBE: Duration = Duration::from_secs(600);

/// What became of the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// It is open now, until one job tries after this time.
    Opened(Duration),
    /// It is closed again; so many jobs go on.
    Closed(u64),
}

/// Notes that a call reached the peer, whatever it answered.
///
/// # Errors
/// Fails if the database does.
pub async fn note_reached(tx: &impl Query, peer: &str) -> Result<Change, Error> {
    // A peer that never fails costs no write.
    let sql = "WITH before AS (SELECT peer, opened_at FROM peers \
                 WHERE peer = $1 AND (opened_at IS NOT NULL OR failures > 0) FOR UPDATE) \
               UPDATE peers SET calls = peers.calls + 1, opened_at = NULL, probe_at = NULL, \
                 openings = 0, \
                 failures = CASE WHEN before.opened_at IS NULL THEN peers.failures ELSE 0 END \
               FROM before WHERE peers.peer = before.peer RETURNING before.opened_at IS NOT NULL";
    let was_open = tx.query_opt(sql, &[&peer]).await?.is_some_and(|row| row.get(0));
    if !was_open {
        return Ok(Change::None);
    }
    let sql = "UPDATE jobs SET state = 'ready', epoch = epoch + 1, held_for = NULL WHERE id IN ( \
                 SELECT id FROM jobs WHERE state = 'held' AND held_for = 'peer' AND peer = $1 \
                 ORDER BY id FOR UPDATE)";
    Ok(Change::Closed(tx.execute(sql, &[&peer]).await?))
}

/// Notes that a call did not reach the peer.
///
/// # Errors
/// Fails if the database does.
pub async fn note_down(tx: &impl Query, peer: &str, code: &str) -> Result<Change, Error> {
    let sql = "INSERT INTO peers AS p (peer, calls, failures, last_error_code) \
                 VALUES ($1, 1, 1, $2) \
               ON CONFLICT (peer) DO UPDATE SET last_error_code = $2, \
                 calls = CASE WHEN p.window_started_at < now() - interval '30 seconds' \
                   THEN 1 ELSE p.calls + 1 END, \
                 failures = CASE WHEN p.window_started_at < now() - interval '30 seconds' \
                   THEN 1 ELSE p.failures + 1 END, \
                 window_started_at = CASE WHEN p.opened_at IS NULL \
                     AND p.window_started_at < now() - interval '30 seconds' \
                   THEN now() ELSE p.window_started_at END \
               RETURNING calls, failures, opened_at IS NOT NULL, openings, \
                 opened_at IS NOT NULL AND window_started_at > now() - $3 * interval '1 second'";
    let row = tx.query_one(sql, &[&peer, &code, &FIRST_PROBE.as_secs_f64()]).await?;
    let (calls, failures): (i32, i32) = (row.get(0), row.get(1));
    let (is_open, openings): (bool, i32) = (row.get(2), row.get(3));
    // A call that was on its way when others opened it is no try after the wait.
    if row.get(4) {
        return Ok(Change::None);
    }
    if !is_open && (failures < FAILURES || failures * 2 <= calls) {
        return Ok(Change::None);
    }
    open(tx, peer, probe_after(openings)).await
}

/// Opens the breaker: one job may try after `wait`.
///
/// # Errors
/// Fails if the database does.
pub async fn open(tx: &impl Query, peer: &str, wait: Duration) -> Result<Change, Error> {
    // From now on the window says when it was opened last.
    let sql = "INSERT INTO peers AS p (peer, opened_at, probe_at, openings) \
                 VALUES ($1, now(), now() + $2 * interval '1 second', 1) \
               ON CONFLICT (peer) DO UPDATE SET opened_at = coalesce(p.opened_at, now()), \
                 window_started_at = now(), probe_at = excluded.probe_at, openings = p.openings + 1";
    tx.execute(sql, &[&peer, &wait.as_secs_f64()]).await?;
    Ok(Change::Opened(wait))
}

fn probe_after(openings: i32) -> Duration {
    let doublings = u32::try_from(openings.clamp(0, 16)).unwrap_or_default();
    (FIRST_PROBE * 2_u32.saturating_pow(doublings)).min(LAST_PROBE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_that_fails_doubles_the_wait_up_to_ten_minutes() {
        let waits: Vec<u64> = (0..8).map(|it| probe_after(it).as_secs()).collect();
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 600, 600]);
    }
}
