//! Appends to the log and reads it.

use hotelhub_core::{
    audit::{End, Linked},
    sql::Query,
};
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::model::{AuditEntry, Filter, Head};

/// The end of the log, which nobody else appends to until the transaction ends.
pub(super) async fn find_head_for_update(db: &impl Query) -> Result<Head, Error> {
    let row = db.query_one("SELECT seq, hash FROM audit_head FOR UPDATE", &[]).await?;
    Ok(Head { seq: row.get(0), hash: row.get(1) })
}

/// The end of the log, and whether a row stands behind it: one look at both.
pub(super) async fn find_end(db: &impl Query) -> Result<End, Error> {
    let sql = "SELECT h.seq, h.hash, (SELECT min(l.seq) FROM audit_log l WHERE l.seq > h.seq) \
               FROM audit_head h";
    let row = db.query_one(sql, &[]).await?;
    Ok(End { seq: row.get(0), hash: row.get(1), beyond: row.get(2) })
}

/// How many rows there are after `seq` and up to `until`.
pub(super) async fn count_between(db: &impl Query, seq: i64, until: i64) -> Result<i64, Error> {
    let sql = "SELECT count(*) FROM audit_log WHERE seq > $1 AND seq <= $2";
    Ok(db.query_one(sql, &[&seq, &until]).await?.get(0))
}

/// Writes a row and makes it the end of the log.
pub(super) async fn append(db: &impl Query, it: &AuditEntry, hash: &[u8]) -> Result<(), Error> {
    let sql = "WITH written AS (INSERT INTO audit_log (seq, at, actor_kind, actor_id, actor_name, \
                 on_behalf_of, client_address, action, subject_kind, subject_id, details, \
                 request_id, hash) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
                 RETURNING seq, hash) \
               UPDATE audit_head SET seq = written.seq, hash = written.hash FROM written";
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 13] = [
        &it.seq,
        &it.at,
        &it.actor_kind,
        &it.actor_id,
        &it.actor_name,
        &it.on_behalf_of,
        &it.client_address,
        &it.action,
        &it.subject_kind,
        &it.subject_id,
        &it.details,
        &it.request_id,
        &hash,
    ];
    db.execute(sql, &values).await.map(drop)
}

/// A time that somebody put in and no program can hold does not keep the others from being listed.
const COLUMNS: &str = "seq, least(greatest(at, '0001-01-01 00:00Z'), '9999-12-31 00:00Z') AS at, \
                       actor_kind, actor_id, actor_name, on_behalf_of, client_address, action, \
                       subject_kind, subject_id, details, request_id, hash";

/// What the hash of a row covers, in the order of [`AuditEntry::with_fields`], as texts: a row can be
/// read whatever somebody made of it. The form of the time has no era: a year before the first would
/// look like one of ours.
const FIELDS: [&str; 12] = [
    "seq::text",
    "CASE WHEN at >= '0001-01-01 00:00Z' \
       THEN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') END",
    "actor_kind",
    "actor_id::text",
    "actor_name",
    "on_behalf_of::text",
    "client_address",
    "action",
    "subject_kind",
    "subject_id",
    "details",
    "request_id::text",
];

/// At most `limit` rows, the newest first, before the row `before`.
pub(super) async fn list(
    db: &impl Query,
    filter: &Filter,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<AuditEntry>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_log WHERE ($1::bigint IS NULL OR seq < $1) \
           AND ($3::text IS NULL OR action = $3 OR starts_with(action, $3 || '.')) \
           AND ($4::text IS NULL OR actor_id::text = lower($4) OR lower(actor_name) = lower($4)) \
         ORDER BY seq DESC LIMIT $2"
    );
    let rows = db.query(&sql, &[&before, &limit, &filter.action, &filter.actor]).await?;
    Ok(rows.into_iter().map(AuditEntry::from).collect())
}

/// The newest row there is, wherever the log says that it ends; 0 if there is none.
pub(super) async fn find_newest(db: &impl Query) -> Result<i64, Error> {
    Ok(db.query_one("SELECT coalesce(max(seq), 0) FROM audit_log", &[]).await?.get(0))
}

/// At most `limit` rows after `seq` and up to `until`, the oldest first.
pub(super) async fn list_after(
    db: &impl Query,
    (seq, until): (i64, i64),
    limit: i64,
) -> Result<Vec<AuditEntry>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_log WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3"
    );
    let rows = db.query(&sql, &[&seq, &until, &limit]).await?;
    Ok(rows.into_iter().map(AuditEntry::from).collect())
}

/// At most `limit` links of the chain after `seq` and up to `until`, the oldest first.
pub(super) async fn list_links(
    db: &impl Query,
    seq: i64,
    until: i64,
    limit: i64,
) -> Result<Vec<Linked>, Error> {
    let sql = format!(
        "SELECT seq, hash, {} FROM audit_log l WHERE seq > $1 AND seq <= $2 \
         ORDER BY l.seq LIMIT $3",
        FIELDS.join(", ")
    );
    let before = 2;
    let link = |row: Row| Linked {
        seq: row.get(0),
        hash: row.get(1),
        fields: (before..before + FIELDS.len()).map(|at| row.get(at)).collect(),
    };
    Ok(db.query(&sql, &[&seq, &until, &limit]).await?.into_iter().map(link).collect())
}

/// The hash of a row.
pub(super) async fn find_hash(db: &impl Query, seq: i64) -> Result<Option<Vec<u8>>, Error> {
    let row = db.query_opt("SELECT hash FROM audit_log WHERE seq = $1", &[&seq]).await?;
    Ok(row.map(|it| it.get(0)))
}

/// Somebody's name, and, of a session of support, the grant's person and who allowed it.
pub(super) struct Named {
    pub(super) name: String,
    /// E-mail address of the vendor's person, and who of the hotel let them in.
    pub(super) support: Option<(String, Option<Uuid>)>,
}

/// Who has this session.
pub(super) async fn find_named(
    db: &impl Query,
    person: Uuid,
    session: Uuid,
) -> Result<Option<Named>, Error> {
    let sql = "SELECT u.name, g.vendor_email, g.decided_by \
               FROM users u LEFT JOIN support_grants g ON g.session_id = $2 WHERE u.id = $1";
    let row = db.query_opt(sql, &[&person, &session]).await?;
    Ok(row.map(|it| Named {
        name: it.get(0),
        support: it.get::<_, Option<String>>(1).map(|email| (email, it.get(2))),
    }))
}
