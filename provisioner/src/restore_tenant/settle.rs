//! Between the past and the present: what a backup says that is not so any more, and what the hotel
//! has done and decided since that no backup may take back.

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::sql::Query as _;
use tokio_postgres::Error;
use uuid::Uuid;

use crate::{contents::audit, session::Session};

/// A job of this schedule changes nothing but the hotel's own rows, so a restored hotel needs it
/// again. All others have been seen by people, or by other programs.
const DONE_AGAIN: &str = "open_business_day";

/// Longer than the longest time between two fires of a schedule, in days.
const FIRES_DAYS: i64 = 9;

/// Ends what was under way when the backup was made: everybody's session, support's stays and the
/// consent to them, and jobs, which wait for a person.
pub(super) async fn end_what_was_open(inside: &Session, version: i32) -> Result<(), Error> {
    let mut sql = "UPDATE sessions SET revoked_at = clock_timestamp() WHERE revoked_at IS NULL;
         UPDATE jobs SET state = 'dead', held_for = NULL, lease_owner = NULL, lease_until = NULL,
           epoch = epoch + 1, fence = fence + 1, finished_at = clock_timestamp(),
           last_error_code = 'RESTORED', last_error_text =
             'was open when the backup was made, and may have been done since: try it again '
             'only if it was not'
         WHERE state IN ('ready', 'queued', 'running', 'retry_wait', 'held');"
        .to_owned();
    if version >= audit::SINCE {
        sql.push_str(
            "UPDATE support_consent SET is_standing = false WHERE is_standing;
             UPDATE support_grants SET ended_at = clock_timestamp(), ended_by = 'restore',
               entry_sha256 = NULL, entry_expires_at = NULL
             WHERE ended_at IS NULL AND is_allowed IS NOT false;",
        );
    }
    inside.run(&sql).await
}

/// Brings over what the copy that serves knows better, row by row of those that both have: who may
/// not log in any more, with which password the others do, and which times of schedules were seen to.
/// Can be repeated.
pub(super) async fn carry_present(
    present: &Session,
    inside: &Session,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let people = "SELECT id, password_hash, disabled_at FROM users";
    let people = present.query(people, &[]).await?;
    let ids: Vec<Uuid> = column(&people, 0)?;
    let passwords: Vec<String> = column(&people, 1)?;
    let disabled: Vec<Option<DateTime<Utc>>> = column(&people, 2)?;
    let update = "UPDATE users SET password_hash = p.password_hash,
             disabled_at = coalesce(users.disabled_at, p.disabled_at)
         FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS p (id, password_hash, disabled_at)
         WHERE users.id = p.id
           AND (users.password_hash <> p.password_hash OR p.disabled_at IS NOT NULL)";
    inside.execute(update, &[&ids, &passwords, &disabled]).await?;

    let fires = "SELECT name, property_id, fire_at, outcome, fired_at FROM schedule_fires
         WHERE name <> $1 AND fire_at > $2";
    let since = now - TimeDelta::days(FIRES_DAYS);
    let fires = present.query(fires, &[&DONE_AGAIN, &since]).await?;
    let names: Vec<String> = column(&fires, 0)?;
    let properties: Vec<Uuid> = column(&fires, 1)?;
    let times: Vec<DateTime<Utc>> = column(&fires, 2)?;
    let outcomes: Vec<String> = column(&fires, 3)?;
    let fired: Vec<DateTime<Utc>> = column(&fires, 4)?;
    let insert = "INSERT INTO schedule_fires (name, property_id, fire_at, outcome, fired_at)
         SELECT f.* FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::text[], $5::timestamptz[])
           AS f (name, property_id, fire_at, outcome, fired_at)
         WHERE EXISTS (SELECT FROM schedules s
                       WHERE s.name = f.name AND s.property_id = f.property_id)
         ON CONFLICT DO NOTHING";
    inside.execute(insert, &[&names, &properties, &times, &outcomes, &fired]).await.map(drop)
}

fn column<'a, T>(rows: &'a [tokio_postgres::Row], at: usize) -> Result<Vec<T>, Error>
where
    T: tokio_postgres::types::FromSql<'a>,
{
    rows.iter().map(|it| it.try_get(at)).collect()
}
