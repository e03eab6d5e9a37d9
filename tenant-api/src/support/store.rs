//! Reads and writes grants, and makes the sessions of support. The only module that knows the tables.

use chrono::{DateTime, Utc};
use hotelhub_core::{ids::SessionId, sql::Query};
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::model::{Asker, Grant, Inside, LAPSES_AFTER, Place, RequestBody};

const GRANTS: &str = "\
    SELECT g.id, g.vendor_user_id, g.vendor_email, g.vendor_name, g.reason, g.minutes, \
           g.requested_at, g.lapses_at, g.decided_at, u.name AS decided_by, g.is_allowed, \
           g.expires_at, g.entered_at, g.ended_at, g.ended_by, g.session_id, g.entry_addresses \
    FROM support_grants g LEFT JOIN users u ON u.id = g.decided_by";

/// At most `limit` grants, the newest first, from `after` on.
pub(super) async fn list(
    db: &impl Query,
    after: Option<Place>,
    (limit, now): (i64, DateTime<Utc>),
) -> Result<Vec<Grant>, Error> {
    let sql = format!(
        "{GRANTS} WHERE ($1::timestamptz IS NULL OR (g.requested_at, g.id) < ($1, $2)) \
         ORDER BY g.requested_at DESC, g.id DESC LIMIT $3"
    );
    let (at, id) = (after.map(|it| it.requested_at), after.map(|it| it.id));
    let rows = db.query(&sql, &[&at, &id, &limit]).await?;
    Ok(rows.iter().map(|it| Grant::read(it, now)).collect())
}

/// Finds a grant, and holds it until the transaction ends.
pub(super) async fn find_for_update(
    tx: &impl Query,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Grant>, Error> {
    let sql = format!("{GRANTS} WHERE g.id = $1 FOR UPDATE OF g");
    Ok(tx.query_opt(&sql, &[&id]).await?.map(|it| Grant::read(&it, now)))
}

/// The grant of this person that still means something, if there is one.
pub(super) async fn find_open(
    tx: &impl Query,
    vendor_user: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Grant>, Error> {
    let sql = format!(
        "{GRANTS} WHERE g.vendor_user_id = $1 AND g.ended_at IS NULL \
           AND ((g.is_allowed IS NULL AND g.lapses_at > $2) OR (g.is_allowed AND g.expires_at > $2)) \
         ORDER BY g.requested_at DESC, g.id DESC LIMIT 1 FOR UPDATE OF g"
    );
    Ok(tx.query_opt(&sql, &[&vendor_user, &now]).await?.map(|it| Grant::read(&it, now)))
}

/// The stays that may go on and that nobody of the hotel was asked for, held until the transaction ends.
pub(super) async fn list_unasked_for_update(
    tx: &impl Query,
    now: DateTime<Utc>,
) -> Result<Vec<Grant>, Error> {
    let sql = format!(
        "{GRANTS} WHERE g.is_allowed AND g.decided_by IS NULL AND g.ended_at IS NULL \
           AND g.expires_at > $1 ORDER BY g.id FOR UPDATE OF g"
    );
    Ok(tx.query(&sql, &[&now]).await?.iter().map(|it| Grant::read(it, now)).collect())
}

/// Finds the grant of a one-time link that is still good, and holds it until the transaction ends.
pub(super) async fn find_by_entry_for_update(
    tx: &impl Query,
    entry_sha256: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Grant>, Error> {
    let sql =
        format!("{GRANTS} WHERE g.entry_sha256 = $1 AND g.entry_expires_at > $2 FOR UPDATE OF g");
    Ok(tx.query_opt(&sql, &[&entry_sha256, &now]).await?.map(|it| Grant::read(&it, now)))
}

/// Writes a request.
pub(super) async fn insert(
    tx: &impl Query,
    it: &RequestBody,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "INSERT INTO support_grants (id, vendor_user_id, vendor_email, vendor_name, reason, \
                 minutes, requested_at, lapses_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let Asker { vendor_user_id, email, name } = &it.by;
    let lapses_at = now + LAPSES_AFTER;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 8] =
        [&it.id, vendor_user_id, email, name, &it.reason, &it.minutes, &now, &lapses_at];
    tx.execute(sql, &values).await.map(drop)
}

/// Writes what was decided; `by` nobody if it was by the standing consent.
pub(super) async fn decide(
    tx: &impl Query,
    id: Uuid,
    (is_allowed, by): (bool, Option<Uuid>),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "UPDATE support_grants SET is_allowed = $2, decided_by = $3, decided_at = $4, \
                 expires_at = CASE WHEN $2 THEN $4::timestamptz + minutes * interval '1 minute' END \
               WHERE id = $1";
    tx.execute(sql, &[&id, &is_allowed, &by, &now]).await.map(drop)
}

/// Writes a one-time link in the place of any before, and from where alone it may be used.
pub(super) async fn update_entry(
    tx: &impl Query,
    id: Uuid,
    (sha256, expires_at): (&[u8], DateTime<Utc>),
    addresses: &[String],
) -> Result<(), Error> {
    let sql = "UPDATE support_grants SET entry_sha256 = $2, entry_expires_at = $3, \
                 entry_addresses = $4 WHERE id = $1";
    tx.execute(sql, &[&id, &sha256, &expires_at, &addresses]).await.map(drop)
}

/// Begins a session of support with this secret, uses the link up, and ends the session before.
pub(super) async fn enter(
    tx: &impl Query,
    grant: &Grant,
    (secret_sha256, now): (&[u8], DateTime<Utc>),
) -> Result<(), Error> {
    // Nobody logs in with such an address or such a hash.
    let login = format!("support:{}", grant.vendor_user_id);
    let user = "INSERT INTO users (id, email, name, password_hash, created_at) \
                VALUES ($1, $2, $3, '!', $4) ON CONFLICT (id) DO UPDATE SET name = excluded.name";
    tx.execute(user, &[&grant.vendor_user_id, &login, &grant.vendor_name, &now]).await?;
    let role =
        "INSERT INTO user_roles (user_id, role) VALUES ($1, 'support') ON CONFLICT DO NOTHING";
    tx.execute(role, &[&grant.vendor_user_id]).await?;
    revoke(tx, grant, now).await?;
    let session = SessionId::generate();
    let begin = "INSERT INTO sessions (id, user_id, kind, refresh_sha256, created_at, expires_at) \
                 VALUES ($1, $2, 'page', $3, $4, $5)";
    let until = grant.expires_at.unwrap_or(now);
    tx.execute(begin, &[&session, &grant.vendor_user_id, &secret_sha256, &now, &until]).await?;
    let used = "UPDATE support_grants SET session_id = $2, entered_at = coalesce(entered_at, $3), \
                  entry_sha256 = NULL, entry_expires_at = NULL WHERE id = $1";
    tx.execute(used, &[&grant.id, &session, &now]).await.map(drop)
}

/// Takes the one-time link of a grant away, unused.
pub(super) async fn delete_entry(tx: &impl Query, id: Uuid) -> Result<(), Error> {
    let sql = "UPDATE support_grants SET entry_sha256 = NULL, entry_expires_at = NULL \
               WHERE id = $1";
    tx.execute(sql, &[&id]).await.map(drop)
}

/// Ends a grant and its session.
pub(super) async fn end(
    tx: &impl Query,
    grant: &Grant,
    (by, now): (&str, DateTime<Utc>),
) -> Result<(), Error> {
    let sql = "UPDATE support_grants SET ended_at = $2, ended_by = $3, entry_sha256 = NULL, \
                 entry_expires_at = NULL WHERE id = $1";
    tx.execute(sql, &[&grant.id, &now, &by]).await?;
    revoke(tx, grant, now).await
}

async fn revoke(tx: &impl Query, grant: &Grant, now: DateTime<Utc>) -> Result<(), Error> {
    let sql = "UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    tx.execute(sql, &[&grant.session_id, &now]).await.map(drop)
}

/// The grant of a session.
pub(super) async fn find_by_session_for_update(
    tx: &impl Query,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<Option<Grant>, Error> {
    let sql = format!("{GRANTS} WHERE g.session_id = $1 FOR UPDATE OF g");
    Ok(tx.query_opt(&sql, &[&session]).await?.map(|it| Grant::read(&it, now)))
}

/// The grant of a session, without holding it.
pub(super) async fn find_id_by_session(
    db: &impl Query,
    session: SessionId,
) -> Result<Option<Uuid>, Error> {
    let sql = "SELECT id FROM support_grants WHERE session_id = $1";
    Ok(db.query_opt(sql, &[&session]).await?.map(|it| it.get(0)))
}

/// From where the stay of a session may be used.
pub(super) async fn find_addresses(
    db: &impl Query,
    session: SessionId,
) -> Result<Option<Vec<String>>, Error> {
    let sql = "SELECT entry_addresses FROM support_grants WHERE session_id = $1";
    Ok(db.query_opt(sql, &[&session]).await?.map(|it| it.get(0)))
}

/// Whether the log says with these details that the stay of a session saw something.
pub(super) async fn has_viewed(
    db: &impl Query,
    session: SessionId,
    details: &str,
) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT FROM support_grants g \
                 JOIN audit_log l ON l.action = 'support.view' AND l.subject_id = g.id::text \
               WHERE g.session_id = $1 AND l.details = $2)";
    Ok(db.query_one(sql, &[&session, &details]).await?.get(0))
}

/// Whether a request waits for the hotel's answer.
pub(super) async fn has_waiting(db: &impl Query, now: DateTime<Utc>) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT FROM support_grants \
               WHERE is_allowed IS NULL AND ended_at IS NULL AND lapses_at > $1)";
    Ok(db.query_one(sql, &[&now]).await?.get(0))
}

/// All of support that is in the hotel, those first who ask themselves: never more than a few.
pub(super) async fn list_inside(
    db: &impl Query,
    person: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<Inside>, Error> {
    let sql = "SELECT g.vendor_name, g.vendor_email, g.reason, g.expires_at, \
                 g.vendor_user_id = $1 AS is_self, \
                 (SELECT time_zone FROM properties ORDER BY id LIMIT 1) AS zone \
               FROM support_grants g JOIN sessions s ON s.id = g.session_id \
               WHERE g.ended_at IS NULL AND s.revoked_at IS NULL AND s.expires_at > $2 \
               ORDER BY is_self DESC, g.entered_at, g.id";
    let inside = |it: &Row| Inside {
        name: it.get(0),
        email: it.get(1),
        reason: it.get(2),
        until: it.get(3),
        is_self: it.get(4),
        zone: it.get::<_, Option<String>>(5).and_then(|it| it.parse().ok()),
    };
    Ok(db.query(sql, &[&person, &now]).await?.iter().map(inside).collect())
}

/// Whether support may come in without being asked.
pub(super) async fn find_standing(db: &impl Query) -> Result<bool, Error> {
    Ok(db.query_one("SELECT is_standing FROM support_consent", &[]).await?.get(0))
}

/// The same, and holds the row until the transaction ends.
pub(super) async fn find_standing_for_update(tx: &impl Query) -> Result<bool, Error> {
    Ok(tx.query_one("SELECT is_standing FROM support_consent FOR UPDATE", &[]).await?.get(0))
}

/// Says whether support may come in without being asked.
pub(super) async fn update_standing(tx: &impl Query, is_standing: bool) -> Result<(), Error> {
    tx.execute("UPDATE support_consent SET is_standing = $1", &[&is_standing]).await.map(drop)
}
