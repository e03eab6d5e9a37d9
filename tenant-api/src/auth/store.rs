//! Reads people and writes sessions.

use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::{SessionId, UserId},
    sql::Query,
};
use tokio_postgres::Error;

/// Somebody who wants to log in.
pub(crate) struct Candidate {
    pub(crate) id: UserId,
    pub(crate) password_hash: String,
    pub(crate) is_owner: bool,
}

/// A session to be written.
pub(crate) struct NewSession<'a> {
    pub(crate) user: UserId,
    /// `page` or `api`.
    pub(crate) kind: &'static str,
    /// SHA-256 of the cookie or of the refresh token.
    pub(crate) secret_sha256: &'a [u8],
    pub(crate) now: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// A session found by a refresh token.
pub(crate) struct Refreshable {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    /// Whether the token is the one that counts, rather than one it replaced.
    pub(crate) current: bool,
    pub(crate) live: bool,
    pub(crate) is_owner: bool,
}

pub(crate) async fn find_candidate(
    db: &impl Query,
    email: &str,
) -> Result<Option<Candidate>, Error> {
    let sql = "SELECT id, password_hash, \
                 EXISTS (SELECT FROM user_roles WHERE user_id = users.id AND role = 'owner') \
               FROM users WHERE lower(email) = lower($1) AND disabled_at IS NULL";
    let row = db.query_opt(sql, &[&email]).await?;
    Ok(row.map(|it| Candidate { id: it.get(0), password_hash: it.get(1), is_owner: it.get(2) }))
}

pub(crate) async fn insert_session(
    db: &impl Query,
    session: &NewSession<'_>,
) -> Result<SessionId, Error> {
    let sql = "INSERT INTO sessions (id, user_id, kind, refresh_sha256, created_at, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let id = SessionId::generate();
    let NewSession { user, kind, secret_sha256, now, expires_at } = session;
    db.execute(sql, &[&id, user, kind, secret_sha256, now, expires_at]).await?;
    Ok(id)
}

/// Finds the session of a refresh token, and holds it until the transaction ends.
pub(crate) async fn find_refreshable_for_update(
    db: &impl Query,
    secret_sha256: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Refreshable>, Error> {
    let sql = "SELECT s.id, s.user_id, s.refresh_sha256 = $1, \
                 s.revoked_at IS NULL AND s.expires_at > $2 AND u.disabled_at IS NULL, \
                 EXISTS (SELECT FROM user_roles WHERE user_id = u.id AND role = 'owner') \
               FROM sessions s JOIN users u ON u.id = s.user_id \
               WHERE s.kind = 'api' AND (s.refresh_sha256 = $1 OR s.replaced_sha256 = $1) \
               FOR UPDATE OF s";
    let row = db.query_opt(sql, &[&secret_sha256, &now]).await?;
    Ok(row.map(|it| Refreshable {
        id: it.get(0),
        user: it.get(1),
        current: it.get(2),
        live: it.get(3),
        is_owner: it.get(4),
    }))
}

pub(crate) async fn replace_secret(
    db: &impl Query,
    session: SessionId,
    secret_sha256: &[u8],
    expires_at: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "UPDATE sessions SET replaced_sha256 = refresh_sha256, refresh_sha256 = $2, \
               expires_at = $3 WHERE id = $1";
    db.execute(sql, &[&session, &secret_sha256, &expires_at]).await.map(drop)
}

pub(crate) async fn revoke(
    db: &impl Query,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    db.execute(sql, &[&session, &now]).await.map(drop)
}

/// Forgets sessions that ended more than 30 days ago, at most `limit`; how many.
pub(crate) async fn forget_ended_sessions(
    db: &impl Query,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<u64, Error> {
    let sql = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions \
               WHERE least(expires_at, revoked_at) < $1::timestamptz - interval '30 days' \
               LIMIT $2)";
    db.execute(sql, &[&now, &limit]).await
}
