//! Stays that may be open, and which of them are to end. Besides the mails about them the only module
//! that knows the table.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::{TenantId, UserId};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, Statement, Value,
};
use uuid::Uuid;

/// A stay that a hotel is to end.
#[derive(Debug, FromQueryResult)]
pub(super) struct Ending {
    pub(super) grant_id: Uuid,
    pub(super) tenant_id: Uuid,
    pub(super) slug: String,
    pub(super) asked_at: DateTime<Utc>,
    pub(super) tries: i32,
    pub(super) because: String,
    /// Who wanted it.
    pub(super) by_id: Uuid,
    pub(super) by_email: String,
    pub(super) by_name: String,
}

/// Notes that somebody asks a hotel for a stay, whose owner is to be told by mail then, or for a way
/// into it.
pub(super) async fn note(
    tx: &DatabaseTransaction,
    (grant, tenant, user): (Uuid, TenantId, UserId),
    (now, over_at): (DateTime<Utc>, DateTime<Utc>),
    mail_due_at: Option<DateTime<Utc>>,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO support_stays \
                 (grant_id, tenant_id, user_id, asked_at, over_at, mail_due_at) \
               VALUES ($1, $2, $3, $4, $5, $6) \
               ON CONFLICT (grant_id) DO UPDATE SET asked_at = excluded.asked_at";
    let (tenant, user) = (tenant.as_uuid(), user.as_uuid());
    let values =
        [grant.into(), tenant.into(), user.into(), now.into(), over_at.into(), mail_due_at.into()];
    execute(tx, sql, values).await.map(drop)
}

/// Has the owner told at another time, or not at all, unless that was seen to already.
pub(super) async fn update_mail(
    db: &impl ConnectionTrait,
    grant: Uuid,
    due_at: Option<DateTime<Utc>>,
) -> Result<(), DbErr> {
    let sql = "UPDATE support_stays SET mail_due_at = $2 \
               WHERE grant_id = $1 AND mail_due_at IS NOT NULL";
    execute(db, sql, [grant.into(), due_at.into()]).await.map(drop)
}

/// Wants all stays of somebody to end; how many may be open.
pub(super) async fn want_ends(
    tx: &DatabaseTransaction,
    user: UserId,
    (by, because): (UserId, &str),
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let sql = "UPDATE support_stays \
               SET end_wanted_at = $2, end_wanted_by = $3, end_because = $4, next_try_at = $2 \
               WHERE user_id = $1 AND end_wanted_at IS NULL AND over_at > $2";
    let values = [user.as_uuid().into(), now.into(), by.as_uuid().into(), because.into()];
    execute(tx, sql, values).await
}

/// Takes at most `limit` stays whose end is due, which nobody else takes before `until`.
pub(super) async fn claim_ending(
    db: &impl ConnectionTrait,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Ending>, DbErr> {
    let sql = "WITH due AS (SELECT grant_id FROM support_stays WHERE next_try_at <= $1 \
                 ORDER BY next_try_at LIMIT $3 FOR UPDATE SKIP LOCKED), \
               taken AS (UPDATE support_stays SET next_try_at = $2, tries = tries + 1 \
                 WHERE grant_id IN (SELECT grant_id FROM due) RETURNING *) \
               SELECT s.grant_id, s.tenant_id, t.slug, s.asked_at, s.tries, \
                 s.end_because AS because, u.id AS by_id, u.email AS by_email, u.name AS by_name \
               FROM taken s JOIN tenants t ON t.id = s.tenant_id \
                 JOIN vendor_users u ON u.id = s.end_wanted_by";
    let asked = statement(sql, [now.into(), until.into(), limit.into()]);
    Ending::find_by_statement(asked).all(db).await
}

/// Puts the next try off.
pub(super) async fn put_off(
    db: &impl ConnectionTrait,
    grant: Uuid,
    until: DateTime<Utc>,
) -> Result<(), DbErr> {
    let sql = "UPDATE support_stays SET next_try_at = $2 WHERE grant_id = $1";
    execute(db, sql, [grant.into(), until.into()]).await.map(drop)
}

/// Forgets a stay that its hotel has ended; `false` if somebody else has.
pub(super) async fn delete(tx: &DatabaseTransaction, grant: Uuid) -> Result<bool, DbErr> {
    let deleted = execute(tx, "DELETE FROM support_stays WHERE grant_id = $1", [grant.into()]);
    Ok(deleted.await? == 1)
}

/// Forgets stays that are over by themselves.
pub(super) async fn forget_over(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let sql = "DELETE FROM support_stays WHERE over_at < $1";
    execute(db, sql, [now.into()]).await.map(drop)
}

async fn execute<const N: usize>(
    db: &impl ConnectionTrait,
    sql: &str,
    values: [Value; N],
) -> Result<u64, DbErr> {
    Ok(db.execute_raw(statement(sql, values)).await?.rows_affected())
}

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
