//! Reads and writes kept answers. The only module that knows the table.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    Statement,
};

use super::{Kept, Key, entity};

/// Finds a kept answer, and the fingerprint of the request that it was given to.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    key: &Key,
) -> Result<Option<(Vec<u8>, Kept)>, DbErr> {
    let id = (key.actor.clone(), key.key.clone());
    let row = entity::Entity::find_by_id(id).one(db).await?;
    Ok(row.map(|it| (it.request_sha256, Kept { status: it.status, body: it.body })))
}

/// Holds the key until the transaction ends; `false` if somebody else holds it.
pub(super) async fn try_lock(tx: &DatabaseTransaction, key: &Key) -> Result<bool, DbErr> {
    let sql = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS held";
    let row = tx.query_one_raw(about(sql, key)).await?;
    row.map_or(Ok(false), |it| it.try_get("", "held"))
}

/// Holds the key until the transaction ends, after whoever holds it now.
pub(super) async fn lock(tx: &DatabaseTransaction, key: &Key) -> Result<(), DbErr> {
    let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    tx.execute_raw(about(sql, key)).await.map(drop)
}

/// Writes an answer down.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    key: &Key,
    kept: Kept,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = entity::ActiveModel {
        actor: Set(key.actor.clone()),
        key: Set(key.key.clone()),
        request_sha256: Set(key.fingerprint.clone()),
        status: Set(kept.status),
        body: Set(kept.body),
        created_at: Set(now),
    };
    entity::Entity::insert(row).exec_without_returning(tx).await.map(drop)
}

/// Forgets what was kept for longer than a day.
pub(crate) async fn forget_old(
    db: &impl hotelhub_core::sql::Query,
    now: DateTime<Utc>,
) -> Result<u64, tokio_postgres::Error> {
    let sql = "DELETE FROM idempotency_keys WHERE created_at < $1::timestamptz - interval '1 day'";
    db.execute(sql, &[&now]).await
}

fn about(sql: &str, key: &Key) -> Statement {
    let name = format!("idempotency/{}/{}", key.actor, key.key);
    Statement::from_sql_and_values(DbBackend::Postgres, sql, [name.into()])
}
