//! Sessions: the row that decides, and the ways in which a request points at it.

use std::{net::IpAddr, sync::Arc};

use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::{SessionId, UserId},
    keys::sha256,
    life::Access,
    sql::Query,
};
use hotelhub_http::{
    auth::tokens::Claims,
    error::{ApiError, ApiResult},
};
use serde::Serialize;
use tokio_postgres::types::ToSql;

use crate::{
    access::{Permission, read_access},
    site::database_failed,
    support,
};

/// How a request points at its session.
pub(crate) enum Pointer {
    /// By a verified access token.
    Token(Arc<Claims>),
    /// By the SHA-256 of a page's cookie.
    Cookie(Vec<u8>),
}

impl Pointer {
    pub(crate) fn cookie(secret: String) -> Self {
        Self::Cookie(sha256(secret.as_bytes()))
    }

    /// Whether there is, or was, a session that it points at; a cookie may hold anything.
    pub(super) fn is_verified(&self) -> bool {
        matches!(self, Self::Token(_))
    }

    /// What of a session equals `$1`, and `$1`.
    fn matches(&self) -> (&'static str, &(dyn ToSql + Sync)) {
        match self {
            Self::Token(claims) => ("s.id = $1", &claims.sid),
            Self::Cookie(sha256) => ("s.kind = 'page' AND s.refresh_sha256 = $1", sha256),
        }
    }
}

/// A live session of a person who is not disabled, at the instant `$2`.
const LIVE: &str = "s.revoked_at IS NULL AND s.expires_at > $2 AND u.disabled_at IS NULL";

/// What the session's row says about one request.
pub(crate) struct Session {
    person: UserId,
    pub(super) id: SessionId,
    /// Whether it is one of the vendor's people, let in for a time.
    pub(super) is_support: bool,
    permitted: bool,
    /// What the hotel may do, by its own row.
    pub(super) access: Access,
}

impl Session {
    pub(crate) fn person(&self) -> UserId {
        self.person
    }

    pub(crate) fn require(&self, permission: Permission) -> ApiResult<()> {
        if self.permitted { Ok(()) } else { Err(ApiError::forbidden(permission.name())) }
    }
}

/// Reads the session, whether its person has `permission`, and what the hotel may do.
///
/// # Errors
/// `UNAUTHENTICATED`; `ADDRESS_NOT_ALLOWED` for support that does not come from where its stay may be
/// used.
pub(crate) async fn find(
    db: &impl Query,
    pointer: &Pointer,
    permission: Permission,
    (now, from): (DateTime<Utc>, IpAddr),
) -> ApiResult<Session> {
    let (pointed_at, pointer) = pointer.matches();
    let sql = format!(
        "SELECT s.user_id, \
           EXISTS (SELECT FROM user_roles r JOIN role_permissions p USING (role) \
                   WHERE r.user_id = s.user_id AND p.permission = $3), \
           (SELECT access FROM tenant_identity), s.id, \
           EXISTS (SELECT FROM user_roles WHERE user_id = s.user_id AND role = 'support') \
         FROM sessions s JOIN users u ON u.id = s.user_id WHERE {pointed_at} AND {LIVE}"
    );
    let row = db
        .query_opt(&sql, &[pointer, &now, &permission.name()])
        .await
        .map_err(database_failed)?
        .ok_or_else(ApiError::unauthenticated)?;
    let access = read_access(row.get(2));
    let (id, is_support) = (row.get(3), row.get(4));
    if is_support {
        support::require_place(db, id, from).await?;
    }
    Ok(Session { person: row.get(0), id, is_support, permitted: row.get(1), access })
}

/// Refuses a session that has ended since the transaction began. One that has not cannot end any more
/// before the commit.
pub(super) async fn require_still(
    tx: &impl Query,
    id: SessionId,
    now: DateTime<Utc>,
) -> ApiResult<()> {
    let sql = format!(
        "SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id \
         WHERE s.id = $1 AND {LIVE} FOR SHARE OF s"
    );
    let still = tx.query_opt(&sql, &[&id, &now]).await.map_err(database_failed)?;
    still.map(drop).ok_or_else(ApiError::unauthenticated)
}

/// Somebody who is logged in.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Person {
    #[schema(value_type = uuid::Uuid)]
    pub(crate) id: UserId,
    pub(crate) name: String,
    pub(crate) email: String,
    #[serde(skip)]
    pub(crate) roles: Vec<String>,
    #[serde(skip)]
    pub(crate) permissions: Vec<String>,
}

impl Person {
    /// Whether it is the owner, who alone may come into a stopped hotel.
    pub(crate) fn is_owner(&self) -> bool {
        self.roles.iter().any(|it| it == "owner")
    }

    /// Whether it is one of the vendor's people, let in for a time.
    fn is_support(&self) -> bool {
        self.roles.iter().any(|it| it == "support")
    }
}

/// Reads the person of a session, with roles and permissions, and what the hotel may do.
///
/// # Errors
/// As [`find`].
pub(crate) async fn person(
    db: &impl Query,
    pointer: &Pointer,
    (now, from): (DateTime<Utc>, IpAddr),
) -> ApiResult<(Person, Access)> {
    let (pointed_at, pointer) = pointer.matches();
    let sql = format!(
        "SELECT u.id, u.name, u.email, \
           ARRAY(SELECT role FROM user_roles WHERE user_id = u.id ORDER BY role), \
           ARRAY(SELECT DISTINCT permission FROM user_roles JOIN role_permissions USING (role) \
                 WHERE user_id = u.id ORDER BY permission), \
           (SELECT access FROM tenant_identity), s.id \
         FROM sessions s JOIN users u ON u.id = s.user_id WHERE {pointed_at} AND {LIVE}"
    );
    let row = db
        .query_opt(&sql, &[pointer, &now])
        .await
        .map_err(database_failed)?
        .ok_or_else(ApiError::unauthenticated)?;
    let access = read_access(row.get(5));
    let person = Person {
        id: row.get(0),
        name: row.get(1),
        email: row.get(2),
        roles: row.get(3),
        permissions: row.get(4),
    };
    if person.is_support() {
        support::require_place(db, row.get(6), from).await?;
    }
    Ok((person, access))
}

/// Ends a session, if it is live.
pub(crate) async fn end(db: &impl Query, pointer: &Pointer, now: DateTime<Utc>) -> ApiResult<()> {
    let (pointed_at, pointer) = pointer.matches();
    let sql = format!(
        "UPDATE sessions s SET revoked_at = $2 FROM users u \
         WHERE u.id = s.user_id AND {pointed_at} AND {LIVE}"
    );
    let ended = db.execute(&sql, &[pointer, &now]).await.map_err(database_failed)?;
    if ended == 1 { Ok(()) } else { Err(ApiError::unauthenticated()) }
}
