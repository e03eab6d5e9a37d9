//! Fires what is due in one hotel's database.
//!
//! A time is fired by whoever locks its row first; the others pass it by. With the job go a record
//! of the time (`schedule_fires`) and the next time, in the caller's transaction: however it ends,
//! there is one job for the time or the time is still due.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use hotelhub_core::{
    ids::{JobId, PropertyId, TenantId},
    life::Access,
    sql::Query,
};
use tokio_postgres::Error;
use uuid::Uuid;

use super::{Misfire, Schedule, ScheduledPayload, Scope};
use crate::rows::{self, NewJob};

/// What came of looking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fired {
    /// Jobs that were written.
    pub enqueued: usize,
    /// When something is due next.
    pub next_due: Option<DateTime<Utc>>,
}

/// A schedule for one property, or for the hotel as a whole.
struct Entry<'a> {
    schedule: &'a Schedule,
    /// Nil is the hotel as a whole.
    property: Uuid,
    zone: Tz,
    next: DateTime<Utc>,
}

/// A row whose next time is missing or not what it should be.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Stale {
    name: &'static str,
    property: Uuid,
    known: Option<DateTime<Utc>>,
    wanted: DateTime<Utc>,
}

/// A time that is over, one way or another.
struct Fire<'a> {
    schedule: &'a Schedule,
    property: Uuid,
    at: DateTime<Utc>,
    next: DateTime<Utc>,
    /// `None`: it was seen to before.
    outcome: Option<(&'static str, Option<JobId>)>,
}

/// Fires what is due of `schedules`, as part of the caller's transaction. Writes nothing if nothing
/// is.
///
/// # Errors
/// Fails if the database does; the transaction must then be given up.
pub async fn fire_due(
    tx: &impl Query,
    tenant: TenantId,
    schedules: &[Schedule],
    access: Access,
    now: DateTime<Utc>,
) -> Result<Fired, Error> {
    let mut entries = keep_entries(tx, tenant, schedules, now).await?;
    let mut enqueued = 0;
    if entries.values().any(|it| it.next <= now) {
        let fires = fire_locked(tx, tenant, &entries, access, now).await?;
        if !fires.is_empty() {
            write_down(tx, &fires, now).await?;
        }
        for fire in &fires {
            if let Some(entry) = entries.get_mut(&(fire.schedule.name, fire.property)) {
                entry.next = fire.next;
            }
            if let Some((outcome, _)) = fire.outcome {
                enqueued += usize::from(outcome == "enqueued");
                metrics::counter!(
                    "schedule_fires_total", "schedule" => fire.schedule.name, "outcome" => outcome
                )
                .increment(1);
            }
        }
    }
    Ok(Fired { enqueued, next_due: entries.values().map(|it| it.next).min() })
}

/// Every schedule of every property with its next time. One that is new, or whose clock or time of
/// day has changed, gets its next time first.
async fn keep_entries<'a>(
    tx: &impl Query,
    tenant: TenantId,
    schedules: &'a [Schedule],
    now: DateTime<Utc>,
) -> Result<HashMap<(&'static str, Uuid), Entry<'a>>, Error> {
    let (properties, stored) = tokio::try_join!(
        tx.query("SELECT id, time_zone FROM properties ORDER BY created_at, id", &[]),
        tx.query("SELECT name, property_id, next_fire_at FROM schedules", &[]),
    )?;
    let stored: HashMap<(&str, Uuid), DateTime<Utc>> =
        stored.iter().map(|it| ((it.get(0), it.get(1)), it.get(2))).collect();
    let properties: Vec<(Uuid, Tz)> =
        properties.iter().map(|it| (it.get(0), read_zone(it.get(1)))).collect();
    let mut entries = HashMap::new();
    let mut stale = Vec::new();
    for schedule in schedules {
        let places = match schedule.scope {
            Scope::Property => properties.clone(),
            Scope::Tenant => properties.first().map(|it| (Uuid::nil(), it.1)).into_iter().collect(),
        };
        for (property, zone) in places {
            let known = stored.get(&(schedule.name, property)).copied();
            let wanted = schedule.due_after(tenant, zone, now);
            let is_due = known.is_some_and(|it| it <= now);
            if !is_due && known != Some(wanted) {
                stale.push(Stale { name: schedule.name, property, known, wanted });
            }
            let next = known.filter(|_| is_due).unwrap_or(wanted);
            entries.insert((schedule.name, property), Entry { schedule, property, zone, next });
        }
    }
    if !stale.is_empty() {
        correct(tx, stale).await?;
    }
    Ok(entries)
}

/// Writes next times that are missing or wrong. Whoever changed a row meanwhile knows better.
async fn correct(tx: &impl Query, mut stale: Vec<Stale>) -> Result<(), Error> {
    // Everybody writes in the same order.
    stale.sort_unstable();
    let insert = "INSERT INTO schedules (name, property_id, next_fire_at) \
               SELECT name, property_id, wanted FROM made WHERE known IS NULL \
               ORDER BY name, property_id ON CONFLICT DO NOTHING";
    let sql = format!(
        "WITH made AS (SELECT * FROM \
           unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[]) \
             AS made(name, property_id, wanted, known)), \
         changed AS (UPDATE schedules SET next_fire_at = made.wanted FROM made \
           WHERE schedules.name = made.name AND schedules.property_id = made.property_id \
             AND schedules.next_fire_at = made.known) {insert}"
    );
    let names: Vec<&str> = stale.iter().map(|it| it.name).collect();
    let properties: Vec<Uuid> = stale.iter().map(|it| it.property).collect();
    let wanted: Vec<DateTime<Utc>> = stale.iter().map(|it| it.wanted).collect();
    let known: Vec<Option<DateTime<Utc>>> = stale.iter().map(|it| it.known).collect();
    tx.execute(&sql, &[&names, &properties, &wanted, &known]).await.map(drop)
}

/// A zone that this program does not know is UTC: late is better than never.
fn read_zone(name: &str) -> Tz {
    name.parse().unwrap_or_else(|_| {
        tracing::error!(time_zone = name, "the time zone of a property is not known");
        Tz::UTC
    })
}

/// Takes the rows that are due and that nobody else has, and makes jobs of them.
async fn fire_locked<'a>(
    tx: &impl Query,
    tenant: TenantId,
    entries: &HashMap<(&'static str, Uuid), Entry<'a>>,
    access: Access,
    now: DateTime<Utc>,
) -> Result<Vec<Fire<'a>>, Error> {
    let sql = "SELECT name, property_id, next_fire_at FROM schedules WHERE next_fire_at <= $1 \
               ORDER BY name, property_id FOR UPDATE SKIP LOCKED";
    let mut fires = Vec::new();
    for row in tx.query(sql, &[&now]).await? {
        let (name, property): (&str, Uuid) = (row.get(0), row.get(1));
        // A newer or an older program may have further ones.
        let Some(entry) = entries.get(&(name, property)) else { continue };
        let Entry { schedule, property, zone, .. } = *entry;
        let at = schedule.latest_due(tenant, zone, row.get(2), now);
        let next = schedule.due_after(tenant, zone, now);
        let outcome = if is_seen_to(tx, schedule, property, at).await? {
            None
        } else {
            Some(fire(tx, entry, at, access, now).await?)
        };
        fires.push(Fire { schedule, property, at, next, outcome });
    }
    Ok(fires)
}

/// Whether this time was fired before: the clock may have gone back since.
async fn is_seen_to(
    tx: &impl Query,
    schedule: &Schedule,
    property: Uuid,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let sql = "SELECT FROM schedule_fires WHERE name = $1 AND property_id = $2 AND fire_at = $3";
    Ok(tx.query_opt(sql, &[&schedule.name, &property, &at]).await?.is_some())
}

async fn fire(
    tx: &impl Query,
    Entry { schedule, property, .. }: &Entry<'_>,
    at: DateTime<Utc>,
    access: Access,
    now: DateTime<Utc>,
) -> Result<(&'static str, Option<JobId>), Error> {
    let late = (now - at).to_std().unwrap_or(Duration::ZERO);
    if matches!(schedule.misfire, Misfire::Skip { grace } if late > grace) {
        return Ok(("missed", None));
    }
    if !schedule.runs_under.contains(&access) {
        return Ok(("not_allowed", None));
    }
    let property_id = (!property.is_nil()).then(|| PropertyId::from(*property));
    let payload = ScheduledPayload { property_id, fire_at: at };
    let payload = serde_json::to_value(&payload).unwrap_or_default();
    let once = format!("{}:{property}", schedule.name);
    let job = NewJob {
        dedupe_key: Some(&once),
        requested_by: Some(schedule.name),
        ..NewJob::new(schedule.kind, &payload)
    };
    let written = rows::enqueue(tx, job).await?;
    Ok(written.map_or(("overlapped", None), |job| ("enqueued", Some(job))))
}

async fn write_down(tx: &impl Query, fires: &[Fire<'_>], now: DateTime<Utc>) -> Result<(), Error> {
    let names: Vec<&str> = fires.iter().map(|it| it.schedule.name).collect();
    let properties: Vec<Uuid> = fires.iter().map(|it| it.property).collect();
    let times: Vec<DateTime<Utc>> = fires.iter().map(|it| it.at).collect();
    let nexts: Vec<DateTime<Utc>> = fires.iter().map(|it| it.next).collect();
    let outcomes: Vec<Option<&str>> = fires.iter().map(|it| it.outcome.map(|it| it.0)).collect();
    let jobs: Vec<Option<JobId>> = fires.iter().map(|it| it.outcome.and_then(|it| it.1)).collect();
    // No ON CONFLICT: a time that somebody else has fired takes its job back with it.
    let sql = "INSERT INTO schedule_fires (name, property_id, fire_at, outcome, job_id, fired_at) \
               SELECT name, property_id, fire_at, outcome, job_id, $6 FROM unnest( \
                 $1::text[], $2::uuid[], $3::timestamptz[], $4::text[], $5::uuid[]) \
                 AS fires(name, property_id, fire_at, outcome, job_id) \
               WHERE outcome IS NOT NULL";
    tx.execute(sql, &[&names, &properties, &times, &outcomes, &jobs, &now]).await?;
    let sql = "UPDATE schedules SET next_fire_at = fires.next \
               FROM unnest($1::text[], $2::uuid[], $3::timestamptz[]) \
                 AS fires(name, property_id, next) \
               WHERE schedules.name = fires.name AND schedules.property_id = fires.property_id";
    tx.execute(sql, &[&names, &properties, &nexts]).await.map(drop)
}
