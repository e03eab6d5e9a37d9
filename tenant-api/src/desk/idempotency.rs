//! Answers that are kept, so that a repeated request gets the same one and changes nothing.

use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use hotelhub_core::{ids::UserId, sql::Query};
use hotelhub_http::{
    answer::Answer,
    body::Repeat,
    error::{ApiError, ApiResult},
};
use hotelhub_tenancy::db::TenantTransaction;
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Error;

use crate::site::database_failed;

/// What a repeat does while the first request is still being worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhileInFlight {
    /// A program is told to come back.
    Refuse,
    /// A person clicked twice and sees only the second answer: it waits for the first.
    Wait,
}

/// An answer that was kept.
pub(super) struct Kept {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

/// The kept answer, if this is a repeat. Otherwise holds the key until the transaction ends.
pub(super) async fn find(
    tx: &TenantTransaction<'_>,
    actor: UserId,
    repeat: &Repeat,
    in_flight: WhileInFlight,
) -> ApiResult<Option<Kept>> {
    let Some(key) = &repeat.key else { return Ok(None) };
    let place = format!("{actor}/{key}");
    if in_flight == WhileInFlight::Wait {
        let lock = "SELECT FROM pg_advisory_xact_lock(hashtextextended($1::text, 0))";
        tx.query_one(lock, &[&place]).await.map_err(database_failed)?;
    } else {
        let lock = "SELECT pg_try_advisory_xact_lock(hashtextextended($1::text, 0))";
        let row = tx.query_one(lock, &[&place]).await.map_err(database_failed)?;
        if !row.get::<_, bool>(0) {
            return Err(Repeat::in_flight());
        }
    }
    let sql = "SELECT request_sha256, status, body FROM idempotency_keys \
               WHERE actor = $1 AND key = $2";
    let Some(row) = tx.query_opt(sql, &[&actor, key]).await.map_err(database_failed)? else {
        return Ok(None);
    };
    if row.get::<_, Vec<u8>>(0) != repeat.request_sha256 {
        return Err(Repeat::reused());
    }
    let status = u16::try_from(row.get::<_, i32>(1)).unwrap_or_default();
    let status = StatusCode::from_u16(status).map_err(ApiError::internal)?;
    Ok(Some(Kept { status, body: row.get(2) }))
}

/// Keeps the answer, if the client sent a key.
pub(super) async fn keep<T: Serialize>(
    tx: &TenantTransaction<'_>,
    actor: UserId,
    repeat: &Repeat,
    status: StatusCode,
    answer: &Answer<T>,
    now: DateTime<Utc>,
) -> ApiResult<()> {
    if let Some(key) = &repeat.key {
        let sql = "INSERT INTO idempotency_keys \
                   (actor, key, request_sha256, status, body, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let body = serde_json::to_value(answer).map_err(ApiError::internal)?;
        let code = i32::from(status.as_u16());
        tx.execute(sql, &[&actor, key, &repeat.request_sha256, &code, &body, &now])
            .await
            .map_err(database_failed)?;
    }
    Ok(())
}

/// Forgets answers that were kept for more than two days, at most `limit`; how many.
pub(crate) async fn forget_old_answers(
    db: &impl Query,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<u64, Error> {
    let sql = "DELETE FROM idempotency_keys WHERE (actor, key) IN ( \
                 SELECT actor, key FROM idempotency_keys \
                 WHERE created_at < $1::timestamptz - interval '2 days' LIMIT $2)";
    db.execute(sql, &[&now, &limit]).await
}
