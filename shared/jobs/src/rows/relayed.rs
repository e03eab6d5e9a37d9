//! From rows to tickets: which rows want one, and which have one.

use std::time::Duration;

use hotelhub_core::{
    ids::JobId,
    sql::{Params, Query},
};
use tokio_postgres::{Error, Row, types::ToSql};

use super::STATE;
use crate::class::Class;

/// A row that a ticket should be published for.
#[derive(Clone, Debug)]
pub struct Due {
    /// The job.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// Its class.
    pub class: String,
    /// The issue of tickets that counts.
    pub epoch: i32,
    /// Trace context of the request that caused it.
    pub trace: Option<String>,
}

/// The rows that are ready for a ticket, within the window of each class.
///
/// What waits for a peer (its breaker is open, its budget spent) gets none and takes no place, so
/// that it holds up nothing that goes to another peer.
///
/// # Errors
/// Fails if the database does.
pub async fn ready(db: &impl Query) -> Result<Vec<Due>, Error> {
    let sql = "SELECT due.id, due.kind, due.class, due.epoch, due.trace \
               FROM unnest($1::text[], $2::bigint[]) AS classes(class, width) \
               LEFT JOIN (SELECT class, count(*) AS count FROM jobs \
                     WHERE state = 'running' OR (state = 'queued' AND run_at <= now()) \
                     GROUP BY class) AS outstanding USING (class) \
               CROSS JOIN LATERAL (SELECT id, kind, class, epoch, trace FROM jobs \
                     WHERE jobs.class = classes.class AND state = 'ready' AND run_at <= now() \
                       AND (jobs.peer IS NULL OR NOT EXISTS (SELECT FROM peers \
                             WHERE peers.peer = jobs.peer AND peers.probe_at > now()) \
                           AND NOT EXISTS (SELECT FROM peer_budgets b \
                             WHERE b.peer = jobs.peer AND b.blocked_until > now() \
                               AND b.property_id = coalesce(jobs.property_id, \
                                 '00000000-0000-0000-0000-000000000000'))) \
                     ORDER BY priority DESC, run_at, id \
                     LIMIT greatest(width - coalesce(outstanding.count, 0), 0)) AS due";
    let classes: Vec<&str> = Class::ALL.iter().map(|it| it.name()).collect();
    let widths: Vec<i64> = Class::ALL.iter().map(|it| it.window()).collect();
    Ok(db.query(sql, &[&classes, &widths]).await?.iter().map(due).collect())
}

/// When the ticket of a row that has one on its way must have been lost. Whoever gave it a new one
/// since then said so ([`stamp`]).
const MISSED_AT: &str = "CASE \
       WHEN state = 'queued' THEN greatest(queued_at, run_at) + interval '10 minutes' \
       WHEN queued_at > coalesce(lease_until, run_at) THEN queued_at + interval '10 minutes' \
       WHEN state = 'retry_wait' THEN run_at + interval '1 minute' \
       ELSE lease_until + interval '30 seconds' END";

/// The rows whose ticket must have been lost: queued long ago, due for a retry, or in the hands of a
/// worker that is gone.
///
/// A row that got a new ticket is left alone for as long as a queued one: while the workers of a class
/// are away, nothing is gained by more of them.
///
/// # Errors
/// Fails if the database does.
pub async fn overdue(db: &impl Query) -> Result<Vec<Due>, Error> {
    let sql = format!(
        "SELECT id, kind, class, epoch, trace FROM jobs \
         WHERE state IN ('queued', 'running', 'retry_wait') AND {MISSED_AT} < now() \
         ORDER BY run_at LIMIT 100"
    );
    Ok(db.query(&sql, &[]).await?.iter().map(due).collect())
}

fn due(row: &Row) -> Due {
    Due {
        id: row.get(0),
        kind: row.get(1),
        class: row.get(2),
        epoch: row.get(3),
        trace: row.get(4),
    }
}

/// Notes that tickets of these epochs for ready rows are confirmed. A row that a worker has taken, or
/// somebody has replayed meanwhile, stays as it is.
///
/// # Errors
/// Fails if the database does.
pub async fn mark_queued(db: &impl Query, tickets: &[(JobId, i32)]) -> Result<(), Error> {
    let sql = format!(
        "UPDATE jobs SET state = 'queued', queued_at = now() \
         WHERE id = $1 AND epoch = $2 AND {STATE} = 'ready'"
    );
    let mut tickets = tickets.to_vec();
    tickets.sort_unstable();
    let params: Vec<[&(dyn ToSql + Sync); 2]> =
        tickets.iter().map(|(job, epoch)| [job as _, epoch as _]).collect();
    let params: Vec<Params<'_>> = params.iter().map(<[_; 2]>::as_slice).collect();
    db.query_each(&sql, &params).await.map(drop)
}

/// In how many seconds a row will want a ticket if nothing happens until then: it is ready for later,
/// its peer may be called again, a worker may know its kind by then, or its ticket will seem lost.
///
/// # Errors
/// Fails if the database does.
pub async fn next_due(db: &impl Query) -> Result<Option<f64>, Error> {
    let sql = format!(
        "SELECT extract(epoch FROM least( \
           (SELECT min(run_at) FROM jobs WHERE state = 'ready' AND run_at > now()), \
           (SELECT min(probe_at) FROM peers WHERE probe_at > now()), \
           (SELECT min(blocked_until) FROM peer_budgets WHERE blocked_until > now()), \
           (SELECT now() + interval '30 minutes' FROM jobs \
            WHERE state = 'held' AND held_for = 'kind' LIMIT 1), \
           (SELECT min({MISSED_AT}) FROM jobs \
            WHERE state IN ('queued', 'running', 'retry_wait'))) - now())::float8"
    );
    Ok(db.query_one(&sql, &[]).await?.get(0))
}

/// Notes that rows whose ticket was lost have a new one; their state stays as it is.
///
/// # Errors
/// Fails if the database does.
pub async fn stamp(db: &impl Query, jobs: &[JobId]) -> Result<(), Error> {
    let sql = "UPDATE jobs SET queued_at = now() WHERE id IN ( \
                 SELECT id FROM jobs \
                 WHERE id = ANY($1) AND state IN ('queued', 'retry_wait', 'running') \
                 ORDER BY id FOR UPDATE)";
    db.execute(sql, &[&jobs]).await.map(drop)
}

/// What is due in one class and has not begun.
#[derive(Clone, Debug)]
pub struct Backlog {
    /// The class.
    pub class: String,
    /// How many jobs.
    pub count: i64,
    /// For how long the oldest of them has been due.
    pub oldest: Duration,
}

/// What is due and has not begun, by class.
///
/// # Errors
/// Fails if the database does.
pub async fn backlog(db: &impl Query) -> Result<Vec<Backlog>, Error> {
    let sql = "SELECT class, count(*), extract(epoch FROM now() - min(run_at))::float8 FROM jobs \
               WHERE state IN ('ready', 'queued') AND run_at <= now() GROUP BY class";
    let backlog = |row: &Row| Backlog {
        class: row.get(0),
        count: row.get(1),
        oldest: Duration::from_secs_f64(row.get::<_, f64>(2).max(0.0)),
    };
    Ok(db.query(sql, &[]).await?.iter().map(backlog).collect())
}

/// How many jobs wait, run or are to be tried again, and how many are dead.
///
/// # Errors
/// Fails if the database does.
pub async fn counts(db: &impl Query) -> Result<(i64, i64), Error> {
    let sql = "SELECT count(*) FILTER (WHERE state <> 'dead'), \
               count(*) FILTER (WHERE state = 'dead') FROM jobs \
               WHERE state IN ('ready', 'queued', 'running', 'retry_wait', 'held', 'dead')";
    let row = db.query_one(sql, &[]).await?;
    Ok((row.get(0), row.get(1)))
}
