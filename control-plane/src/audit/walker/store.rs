//! What is on record of walks along the log, and who makes the present one.

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::audit::{Fault, Look};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};

use super::model::{Record, next_due};
use crate::database::damaged;

/// Until when a walk is left to whoever takes or renews it now.
const LEASE: &str = "clock_timestamp() + interval '20 seconds'";

/// How far the clocks of two machines may be apart.
const MARGIN: TimeDelta = TimeDelta::hours(1);

/// What is on record.
pub(crate) async fn find(db: &impl ConnectionTrait) -> Result<Record, DbErr> {
    let sql = "SELECT due_at, ended_at, through_seq, whole_at, broken_since, broken_seq, \
                 broken_kind, broken_why FROM audit_walk";
    let found = Record::find_by_statement(statement(sql, [])).one(db).await?;
    found.ok_or_else(|| damaged("nothing is on record of walks along the audit log"))
}

/// Takes the walk that is due by `now`, unless somebody has it; its number. One that is due later than
/// any walk sets it was set by a clock that was wrong, or by somebody who wants none.
pub(super) async fn take(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<Option<i64>, DbErr> {
    let sql = format!(
        "UPDATE audit_walk SET fence = fence + 1, leased_until = {LEASE} \
         WHERE (due_at <= $1 OR due_at > $2) AND (leased_until IS NULL OR leased_until <= clock_timestamp()) \
         RETURNING fence"
    );
    let latest = next_due(now, false) + MARGIN;
    let taken = db.query_one_raw(statement(&sql, [now.into(), latest.into()])).await?;
    taken.map(|it| it.try_get("", "fence")).transpose()
}

/// Keeps the walk of this number; `false` if somebody else has begun another.
pub(super) async fn renew(db: &impl ConnectionTrait, fence: i64) -> Result<bool, DbErr> {
    let sql = format!("UPDATE audit_walk SET leased_until = {LEASE} WHERE fence = $1");
    let renewed = db.execute_raw(statement(&sql, [fence.into()])).await?;
    Ok(renewed.rows_affected() == 1)
}

/// Writes what the walk of this number found; `false` if somebody else has begun another.
pub(super) async fn end(
    db: &impl ConnectionTrait,
    fence: i64,
    now: DateTime<Utc>,
    look: &Look,
) -> Result<bool, DbErr> {
    let sql = "UPDATE audit_walk SET leased_until = NULL, due_at = $2, ended_at = $3, \
                 through_seq = $4, \
                 whole_at = CASE WHEN $5::bigint IS NULL THEN $3 ELSE whole_at END, \
                 broken_since = CASE WHEN $5 IS NOT NULL THEN coalesce(broken_since, $3) END, \
                 broken_seq = $5, broken_kind = $6, broken_why = $7 \
               WHERE fence = $1";
    let fault = look.fault.as_ref();
    let values = [
        fence.into(),
        next_due(now, fault.is_some()).into(),
        now.into(),
        look.walk.seq().into(),
        fault.map(Fault::seq).into(),
        fault.map(|it| it.kind().to_owned()).into(),
        fault.map(|it| it.meaning().to_owned()).into(),
    ];
    let ended = db.execute_raw(statement(sql, values)).await?;
    Ok(ended.rows_affected() == 1)
}

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
