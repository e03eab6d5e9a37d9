//! Jobs that wait for somebody's leave: the hotel's access, a pause, a peer that answers again.
//!
//! What is held costs no try and takes no place in a window; it keeps its place in line.

use hotelhub_core::{ids::JobId, life::Access, sql::Query};
use tokio_postgres::Error;

use super::STATE;

/// What a held job waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldFor {
    /// The hotel may not do this now.
    Access,
    /// Its tenant, class or kind is paused.
    Pause,
    /// Its peer does not answer.
    Peer,
    /// No program that had its ticket knows its kind.
    Kind,
}

impl HeldFor {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Pause => "pause",
            Self::Peer => "peer",
            Self::Kind => "kind",
        }
    }
}

/// What a ticket says: the job, the issue of tickets, the job's kind.
pub type Ticketed<'a> = (JobId, i32, &'a str);

/// Holds a job that is due, unless the hotel's access is one of `unless`; whether it did.
///
/// A try that ended in silence is given back: its successor counts it again.
///
/// # Errors
/// Fails if the database does.
pub async fn hold(
    db: &impl Query,
    (job, epoch, kind): Ticketed<'_>,
    reason: HeldFor,
    unless: &[Access],
) -> Result<bool, Error> {
    let sql = format!(
        "UPDATE jobs SET state = 'held', held_for = $4, queued_at = NULL, \
           lease_owner = NULL, lease_until = NULL, \
           attempt = attempt - CASE WHEN state = 'running' THEN 1 ELSE 0 END, \
           crash_count = crash_count + CASE WHEN state = 'running' THEN 1 ELSE 0 END \
         WHERE id = $1 AND epoch = $2 AND kind = $5 \
           AND (({STATE} IN ('ready', 'queued', 'retry_wait') AND run_at <= now()) \
             OR ({STATE} = 'running' AND lease_until < now())) \
           AND (SELECT access FROM tenant_identity) <> ALL($3)"
    );
    let unless: Vec<&str> = unless.iter().map(|it| it.as_str()).collect();
    Ok(db.execute(&sql, &[&job, &epoch, &unless, &reason.as_str(), &kind]).await? == 1)
}

/// A kind that may run under some access, as far as pauses are concerned.
pub type MayRun<'a> = (&'a str, Access);

/// Makes held jobs ready again that may go on: their kind may run under what the hotel's access is
/// now, and their peer's breaker is closed or lets one of them try; how many.
///
/// # Errors
/// Fails if the database does.
pub async fn release(db: &impl Query, may: &[MayRun<'_>]) -> Result<u64, Error> {
    let sql = "SELECT EXISTS (SELECT FROM jobs WHERE state = 'held')";
    if !db.query_one(sql, &[]).await?.get::<_, bool>(0) {
        return Ok(0);
    }
    // The one that may try a silent peer is one that may run at all.
    let sql = "WITH able AS (SELECT jobs.id, peers.opened_at, peers.probe_at, \
                   row_number() OVER (PARTITION BY jobs.peer ORDER BY jobs.id) AS place \
                 FROM jobs \
                   JOIN unnest($1::text[], $2::text[]) AS may(kind, access) ON may.kind = jobs.kind \
                   LEFT JOIN peers ON peers.peer = jobs.peer \
                 WHERE jobs.state = 'held' \
                   AND may.access = (SELECT access FROM tenant_identity)), \
               chosen AS (SELECT id FROM jobs WHERE state = 'held' AND id IN (SELECT id FROM able \
                   WHERE opened_at IS NULL OR (probe_at <= now() AND place = 1)) \
                 ORDER BY id FOR UPDATE) \
               UPDATE jobs SET state = 'ready', epoch = jobs.epoch + 1, held_for = NULL \
               FROM chosen WHERE jobs.id = chosen.id AND jobs.state = 'held'";
    let (kinds, accesses): (Vec<&str>, Vec<&str>) =
        may.iter().map(|(kind, access)| (*kind, access.as_str())).unzip();
    db.execute(sql, &[&kinds, &accesses]).await
}
