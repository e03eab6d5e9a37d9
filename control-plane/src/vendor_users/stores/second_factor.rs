//! Second factors: secrets, used steps, wrong tries, recovery codes.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::UserId;
use sea_orm::{
    ConnectionTrait as _, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, Statement, Value,
};

/// What there is of somebody's second factor.
#[derive(Debug, FromQueryResult)]
pub(in crate::vendor_users) struct SecondFactor {
    pub(in crate::vendor_users) totp_secret: Option<String>,
    pub(in crate::vendor_users) totp_confirmed_at: Option<DateTime<Utc>>,
    pub(in crate::vendor_users) totp_last_step: i64,
    pub(in crate::vendor_users) totp_failures: i32,
    pub(in crate::vendor_users) totp_failed_at: Option<DateTime<Utc>>,
}

/// Somebody's second factor, held until the transaction ends: of two codes that come at once, the
/// second sees what the first did.
pub(in crate::vendor_users) async fn find_for_update(
    tx: &DatabaseTransaction,
    user: UserId,
) -> Result<Option<SecondFactor>, DbErr> {
    let sql = "SELECT totp_secret, totp_confirmed_at, totp_last_step, totp_failures, \
                 totp_failed_at FROM vendor_users WHERE id = $1 FOR UPDATE";
    SecondFactor::find_by_statement(statement(sql, [user.as_uuid().into()])).one(tx).await
}

/// Keeps a secret that is yet to be confirmed.
pub(in crate::vendor_users) async fn update_secret(
    tx: &DatabaseTransaction,
    user: UserId,
    sealed: String,
) -> Result<(), DbErr> {
    let sql = "UPDATE vendor_users SET totp_secret = $2, totp_last_step = 0 \
               WHERE id = $1 AND totp_confirmed_at IS NULL";
    execute(tx, sql, [user.as_uuid().into(), sealed.into()]).await
}

/// Takes the secret into use.
pub(in crate::vendor_users) async fn confirm(
    tx: &DatabaseTransaction,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let sql = "UPDATE vendor_users SET totp_confirmed_at = $2 WHERE id = $1";
    execute(tx, sql, [user.as_uuid().into(), now.into()]).await
}

/// Notes the step of a code that was taken: neither it nor one before is taken again.
pub(in crate::vendor_users) async fn use_step(
    tx: &DatabaseTransaction,
    user: UserId,
    step: i64,
) -> Result<(), DbErr> {
    let sql = "UPDATE vendor_users SET totp_last_step = $2, totp_failures = 0, \
                 totp_failed_at = NULL WHERE id = $1";
    execute(tx, sql, [user.as_uuid().into(), step.into()]).await
}

/// Notes that so many codes were wrong one after the other, the last one now.
pub(in crate::vendor_users) async fn update_failures(
    tx: &DatabaseTransaction,
    user: UserId,
    (failures, now): (i32, DateTime<Utc>),
) -> Result<(), DbErr> {
    let sql = "UPDATE vendor_users SET totp_failures = $2, totp_failed_at = $3 WHERE id = $1";
    execute(tx, sql, [user.as_uuid().into(), failures.into(), now.into()]).await
}

/// Uses a recovery code up; `false` if there is none such, or not any more.
pub(in crate::vendor_users) async fn use_recovery_code(
    tx: &DatabaseTransaction,
    user: UserId,
    (code_sha256, now): (Vec<u8>, DateTime<Utc>),
) -> Result<bool, DbErr> {
    let sql = "WITH used AS (UPDATE vendor_recovery_codes SET used_at = $3 \
                 WHERE user_id = $1 AND code_sha256 = $2 AND used_at IS NULL RETURNING user_id) \
               UPDATE vendor_users SET totp_failures = 0, totp_failed_at = NULL \
               WHERE id IN (SELECT user_id FROM used)";
    let values = [user.as_uuid().into(), code_sha256.into(), now.into()];
    Ok(tx.execute_raw(statement(sql, values)).await?.rows_affected() == 1)
}

/// Puts these recovery codes in the place of all that were.
pub(in crate::vendor_users) async fn replace_recovery_codes(
    tx: &DatabaseTransaction,
    user: UserId,
    codes_sha256: Vec<Vec<u8>>,
) -> Result<(), DbErr> {
    forget_recovery_codes(tx, user).await?;
    for code in codes_sha256 {
        let sql = "INSERT INTO vendor_recovery_codes (user_id, code_sha256) VALUES ($1, $2)";
        execute(tx, sql, [user.as_uuid().into(), code.into()]).await?;
    }
    Ok(())
}

/// Takes the second factor away; the person sets up another one.
pub(in crate::vendor_users) async fn reset(
    tx: &DatabaseTransaction,
    user: UserId,
) -> Result<(), DbErr> {
    forget_recovery_codes(tx, user).await?;
    let sql = "UPDATE vendor_users SET totp_secret = NULL, totp_confirmed_at = NULL, \
                 totp_last_step = 0, totp_failures = 0, totp_failed_at = NULL WHERE id = $1";
    execute(tx, sql, [user.as_uuid().into()]).await
}

async fn forget_recovery_codes(tx: &DatabaseTransaction, user: UserId) -> Result<(), DbErr> {
    execute(tx, "DELETE FROM vendor_recovery_codes WHERE user_id = $1", [user.as_uuid().into()])
        .await
}

async fn execute<const N: usize>(
    tx: &DatabaseTransaction,
    sql: &str,
    values: [Value; N],
) -> Result<(), DbErr> {
    tx.execute_raw(statement(sql, values)).await.map(drop)
}

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
