//! Whether a job may call its peer now. Part of the transaction that claims the job: if that is
//! rolled back, no call was counted.

use std::time::Duration;

use hotelhub_core::{ids::PropertyId, sql::Query};
use tokio_postgres::Error;
use uuid::Uuid;

use super::{Admission, Budget, Peer};

/// How long the one job that may try an open breaker has, before another one may.
const PROBE: &str = "interval '1 minute'";

/// Asks for one call of `peer`, for a property or the hotel as a whole.
///
/// # Errors
/// Fails if the database does.
pub async fn admit(
    tx: &impl Query,
    peer: &Peer,
    property: Option<PropertyId>,
) -> Result<Admission, Error> {
    if is_down(tx, peer).await? {
        return Ok(Admission::Down);
    }
    let property = property.map_or(Uuid::nil(), PropertyId::as_uuid);
    match peer.per_property {
        Some(budget) => take(tx, peer, property, budget).await,
        None => Ok(blocked_for(tx, peer, property).await?.map_or(Admission::Call, Admission::Wait)),
    }
}

/// Whether the breaker is open. When it is time to try again, this one may.
async fn is_down(tx: &impl Query, peer: &Peer) -> Result<bool, Error> {
    let sql = "SELECT probe_at <= now() FROM peers WHERE peer = $1 AND opened_at IS NOT NULL \
               FOR UPDATE";
    let Some(open) = tx.query_opt(sql, &[&peer.name]).await? else { return Ok(false) };
    if !open.get::<_, bool>(0) {
        return Ok(true);
    }
    let sql = format!("UPDATE peers SET probe_at = now() + {PROBE} WHERE peer = $1");
    tx.execute(&sql, &[&peer.name]).await?;
    Ok(false)
}

/// Counts one call in the window, if there is room in it.
async fn take(
    tx: &impl Query,
    peer: &Peer,
    property: Uuid,
    Budget { calls, window }: Budget,
) -> Result<Admission, Error> {
    let (calls, window) = (i64::from(calls), window.as_secs_f64());
    let sql = "INSERT INTO peer_budgets AS b (peer, property_id, called_at) \
                 VALUES ($1, $2, ARRAY[clock_timestamp()]) \
               ON CONFLICT (peer, property_id) DO UPDATE SET blocked_until = NULL, \
                 called_at = array(SELECT at FROM unnest(b.called_at) AS at \
                     WHERE at > clock_timestamp() - $3 * interval '1 second') \
                   || clock_timestamp() \
               WHERE (b.blocked_until IS NULL OR b.blocked_until <= clock_timestamp()) \
                 AND (SELECT count(*) FROM unnest(b.called_at) AS at \
                     WHERE at > clock_timestamp() - $3 * interval '1 second') < $4";
    if tx.execute(sql, &[&peer.name, &property, &window, &calls]).await? == 1 {
        return Ok(Admission::Call);
    }
    // The oldest call that counts leaves the window then.
    let sql = "UPDATE peer_budgets SET blocked_until = greatest(blocked_until, \
                 (SELECT at FROM unnest(called_at) AS at ORDER BY at DESC OFFSET $4 - 1 LIMIT 1) \
                   + $3 * interval '1 second') \
               WHERE peer = $1 AND property_id = $2 \
               RETURNING extract(epoch FROM blocked_until - clock_timestamp())::float8";
    let row = tx.query_one(sql, &[&peer.name, &property, &window, &calls]).await?;
    Ok(Admission::Wait(at_least_a_moment(row.get(0))))
}

async fn blocked_for(
    tx: &impl Query,
    peer: &Peer,
    property: Uuid,
) -> Result<Option<Duration>, Error> {
    let sql = "SELECT extract(epoch FROM blocked_until - clock_timestamp())::float8 \
               FROM peer_budgets \
               WHERE peer = $1 AND property_id = $2 AND blocked_until > clock_timestamp()";
    let row = tx.query_opt(sql, &[&peer.name, &property]).await?;
    Ok(row.map(|row| at_least_a_moment(row.get(0))))
}

/// Nobody calls `peer` for this property before `wait` is over: it said so.
///
/// # Errors
/// Fails if the database does.
pub async fn block(
    tx: &impl Query,
    peer: &str,
    property: Option<PropertyId>,
    wait: Duration,
) -> Result<(), Error> {
    let property = property.map_or(Uuid::nil(), PropertyId::as_uuid);
    let sql = "INSERT INTO peer_budgets AS b (peer, property_id, blocked_until) \
                 VALUES ($1, $2, clock_timestamp() + $3 * interval '1 second') \
               ON CONFLICT (peer, property_id) DO UPDATE \
                 SET blocked_until = greatest(b.blocked_until, excluded.blocked_until)";
    tx.execute(sql, &[&peer, &property, &wait.as_secs_f64()]).await.map(drop)
}

fn at_least_a_moment(seconds: Option<f64>) -> Duration {
    Duration::from_secs_f64(seconds.unwrap_or_default().max(0.1))
}
