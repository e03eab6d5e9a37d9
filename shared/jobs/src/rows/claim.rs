//! Claims the jobs of tickets: compare and swap, with a lease and a fence on the database's clock.
//!
//! The database's own `tenant_identity.access` decides what may run, in the statement that claims.

use std::time::Duration;

use hotelhub_core::{
    ids::JobId,
    life::Access,
    sql::{Params, Query},
};
use tokio_postgres::{Error, types::ToSql};

use super::{
    CLAIMED, Called, HeldFor, RunningJob, STATE, Ticketed, by_id, by_place, hold, running,
};
use crate::class::Class;

/// A ticket's wish.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The job.
    pub job: JobId,
    /// The issue of tickets that its ticket is of.
    pub epoch: i32,
    /// Its kind, as the ticket has it: all else that is wanted follows from that.
    pub kind: &'static str,
    /// How long a claim holds.
    pub lease: Duration,
    /// What the hotel must be allowed; nothing: nobody may now.
    pub under: Vec<Access>,
    /// Why it is held if nobody may now.
    pub otherwise: HeldFor,
    /// A worker that is known to be gone: its lease counts no more.
    pub gone: Option<String>,
    /// It may be one that workers died of: no other of that sort runs beside it here.
    pub alone: bool,
}

impl Wanted {
    /// What its ticket says.
    #[must_use]
    pub const fn ticketed(&self) -> Ticketed<'_> {
        (self.job, self.epoch, self.kind)
    }
}

/// What came of a wish.
#[derive(Clone, Debug)]
pub enum Claim {
    /// It is ours.
    Run(Box<RunningJob>),
    /// Somebody holds it, it is not due yet, or nothing may be written now: look again after this
    /// time.
    Later(Duration),
    /// Workers died of it, or one did just now: whoever claims it does so [`Wanted::alone`].
    Suspect,
    /// The hotel may not do this now: the row waits until it may.
    Held,
    /// Done, dead, held, cancelled, or of a newer epoch: the ticket says nothing.
    Gone,
    /// There is no such row of this kind here, and there was none for as long as rows are kept.
    Missing,
}

/// Claims what is wanted, for one worker; of each wish, in their order, the job if it is ours. Of the
/// others [`explain`] says why not.
///
/// With a `cap`, so many jobs of the class may run at a time: whoever claims so holds
/// [`lock_class`].
///
/// # Errors
/// Fails if the database does; what was claimed then is claimed again when its lease has ended.
pub async fn claim(
    db: &impl Query,
    worker: &str,
    wanted: &[Wanted],
    cap: Option<i64>,
) -> Result<Vec<Option<Box<RunningJob>>>, Error> {
    let below = "AND (SELECT count(*) FROM jobs other \
           WHERE other.class = jobs.class AND other.state = 'running' \
             AND other.lease_until > now() AND other.id <> jobs.id) < $9";
    let sql = format!(
        "UPDATE jobs SET state = 'running', fence = fence + 1, lease_owner = $1, \
           lease_until = now() + $2 * interval '1 second', \
           attempt = attempt + CASE WHEN state = 'running' THEN 0 ELSE 1 END, \
           crash_count = crash_count + CASE WHEN state = 'running' THEN 1 ELSE 0 END \
         WHERE id = $3 AND epoch = $4 AND kind = $8 \
           AND (({STATE} IN ('ready', 'queued', 'retry_wait') AND run_at <= now()) \
             OR ({STATE} = 'running' AND (lease_until < now() OR lease_owner = $5))) \
           AND cancel_requested_at IS NULL \
           AND ($6 OR (crash_count = 0 AND {STATE} <> 'running')) \
           AND (SELECT access FROM tenant_identity) = ANY($7) {} \
         RETURNING {CLAIMED}",
        if cap.is_some() { below } else { "" }
    );
    let order = by_id(wanted, |it| it.job);
    let values: Vec<Values<'_>> = order.iter().map(|(_, it)| Values::of(it)).collect();
    let params: Vec<Vec<&(dyn ToSql + Sync)>> =
        values.iter().map(|it| it.params(&worker, cap.as_ref())).collect();
    let params: Vec<Params<'_>> = params.iter().map(Vec::as_slice).collect();
    let claimed = db.query_each(&sql, &params).await?;
    let claims = order.into_iter().zip(claimed).map(|((place, _), rows)| {
        let ours = rows.first().map(|row| Box::new(running(row)));
        (place, ours)
    });
    Ok(by_place(claims.collect()))
}

/// What a wish says to the database.
struct Values<'a> {
    wanted: &'a Wanted,
    lease: f64,
    under: Vec<&'static str>,
}

impl<'a> Values<'a> {
    fn of(wanted: &'a Wanted) -> Self {
        let under = wanted.under.iter().map(|it| it.as_str()).collect();
        Self { wanted, lease: wanted.lease.as_secs_f64(), under }
    }

    fn params(&'a self, worker: &'a &str, cap: Option<&'a i64>) -> Vec<&'a (dyn ToSql + Sync)> {
        let Wanted { job, epoch, kind, gone, alone, .. } = self.wanted;
        let mut params: Vec<&(dyn ToSql + Sync)> =
            vec![worker, &self.lease, job, epoch, gone, alone, &self.under, kind];
        if let Some(cap) = cap {
            params.push(cap);
        }
        params
    }
}

/// Says why a job could not be claimed, and holds it if the hotel may not do it. Goes after the
/// transaction of the claim, so that nobody waits for the explanation.
///
/// # Errors
/// Fails if the database does.
pub async fn explain(db: &impl Query, wanted: &Wanted) -> Result<Claim, Error> {
    // Its worker died before it could know, or it went out again before anybody could tell it.
    let sql = format!(
        "UPDATE jobs SET state = 'cancelled', lease_owner = NULL, lease_until = NULL, \
           finished_at = now() \
         WHERE id = $1 AND kind = $2 AND cancel_requested_at IS NOT NULL \
           AND ({STATE} IN ('ready', 'queued', 'retry_wait') \
             OR ({STATE} = 'running' AND lease_until < now()))"
    );
    db.execute(&sql, &[&wanted.job, &wanted.kind]).await?;
    let mut unless = wanted.under.clone();
    unless.push(Access::ReadOnly);
    if hold(db, wanted.ticketed(), wanted.otherwise, &unless).await? {
        return Ok(Claim::Held);
    }
    let sql = "SELECT epoch = $2 AND state IN ('ready', 'queued', 'retry_wait', 'running'), \
                 NOT $4 AND ( \
                   (state <> 'running' AND crash_count > 0 AND run_at <= now()) OR (state = 'running' \
                     AND (lease_until < now() OR coalesce(lease_owner = $3, false)))), \
                 extract(epoch FROM \
                   CASE state WHEN 'running' THEN lease_until ELSE run_at END - now())::float8 \
               FROM jobs WHERE id = $1 AND kind = $5";
    let Wanted { job, epoch, kind, gone, alone, .. } = wanted;
    let Some(row) = db.query_opt(sql, &[job, epoch, gone, alone, kind]).await? else {
        return Ok(Claim::Missing);
    };
    let (is_open, is_suspect): (bool, bool) = (row.get(0), row.get(1));
    Ok(match (is_open, is_suspect) {
        (false, _) => Claim::Gone,
        (true, true) => Claim::Suspect,
        (true, false) => Claim::Later(Duration::from_secs_f64(row.get::<_, f64>(2).max(0.1))),
    })
}

/// Puts off a job that has a ticket on its way: its peer may not be called before. Costs no try.
///
/// # Errors
/// Fails if the database does.
pub async fn defer(db: &impl Query, job: JobId, wait: Duration) -> Result<(), Error> {
    let sql = format!(
        "UPDATE jobs SET state = 'queued', queued_at = now(), \
           run_at = now() + $2 * interval '1 second' \
         WHERE id = $1 AND {STATE} IN ('ready', 'queued', 'retry_wait')"
    );
    db.execute(&sql, &[&job, &wait.as_secs_f64()]).await.map(drop)
}

/// Keeps others from claiming jobs of a class until the transaction ends, so that what runs can be
/// counted.
///
/// # Errors
/// Fails if the database does.
pub async fn lock_class(tx: &impl Query, class: Class) -> Result<(), Error> {
    let sql = "SELECT pg_advisory_xact_lock(hashtextextended('claim ' || $1, 0))";
    tx.execute(sql, &[&class.name()]).await.map(drop)
}

/// Who holds the lease of a running job.
///
/// # Errors
/// Fails if the database does.
pub async fn find_owner(db: &impl Query, job: JobId) -> Result<Option<String>, Error> {
    let sql = format!("SELECT lease_owner FROM jobs WHERE id = $1 AND {STATE} = 'running'");
    Ok(db.query_opt(&sql, &[&job]).await?.and_then(|row| row.get(0)))
}

/// Whether somebody has cancelled a job that runs.
///
/// # Errors
/// Fails if the database does.
pub async fn is_cancelled(db: &impl Query, job: JobId) -> Result<bool, Error> {
    let sql = "SELECT cancel_requested_at IS NOT NULL FROM jobs WHERE id = $1";
    Ok(db.query_opt(sql, &[&job]).await?.is_some_and(|row| row.get(0)))
}

/// Whom a job calls.
///
/// # Errors
/// Fails if the database does.
pub async fn find_called(db: &impl Query, job: JobId) -> Result<Option<Called>, Error> {
    let sql = "SELECT peer, property_id FROM jobs WHERE id = $1 AND peer IS NOT NULL";
    let row = db.query_opt(sql, &[&job]).await?;
    Ok(row.map(|row| Called { peer: row.get(0), property: row.get(1) }))
}

/// Notes whom a job calls that was written without that word.
///
/// # Errors
/// Fails if the database does.
pub async fn note_called(db: &impl Query, job: JobId, called: &Called) -> Result<(), Error> {
    let sql = "UPDATE jobs SET peer = $2, property_id = $3 WHERE id = $1 AND peer IS NULL";
    db.execute(sql, &[&job, &called.peer, &called.property]).await.map(drop)
}
