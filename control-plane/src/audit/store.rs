//! Appends to the audit log and reads it. The only module that knows the tables.

use hotelhub_core::{
    audit::{End, Linked},
    ids::TenantId,
};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, QueryResult,
    Statement, Value,
};

use super::model::{Filter, Head, Place, Row};
use crate::database::damaged;

/// The end of the log, which nobody else appends to until the transaction ends.
pub(super) async fn find_head_for_update(tx: &DatabaseTransaction) -> Result<Head, DbErr> {
    head(tx, "SELECT seq, hash FROM audit_head FOR UPDATE").await
}

/// The end of the log.
pub(super) async fn find_head(db: &impl ConnectionTrait) -> Result<Head, DbErr> {
    head(db, "SELECT seq, hash FROM audit_head").await
}

async fn head(db: &impl ConnectionTrait, sql: &str) -> Result<Head, DbErr> {
    let asked = Statement::from_string(DbBackend::Postgres, sql);
    let found = Head::find_by_statement(asked).one(db).await?;
    found.ok_or_else(|| damaged("the audit log has no head"))
}

#[derive(FromQueryResult)]
struct Ended {
    seq: i64,
    hash: Vec<u8>,
    beyond: Option<i64>,
}

/// The end of the log, and whether a row stands behind it: one look at both.
pub(super) async fn find_end(db: &impl ConnectionTrait) -> Result<End, DbErr> {
    let sql = "SELECT h.seq, h.hash, \
                 (SELECT min(l.seq) FROM audit_log l WHERE l.seq > h.seq) AS beyond \
               FROM audit_head h";
    let found = Ended::find_by_statement(statement(sql, [])).one(db).await?;
    let Ended { seq, hash, beyond } = found.ok_or_else(|| damaged("the audit log has no head"))?;
    Ok(End { seq, hash, beyond })
}

#[derive(FromQueryResult)]
struct Counted {
    rows: i64,
}

/// How many rows there are after `seq` and up to `until`.
pub(super) async fn count_between(
    db: &impl ConnectionTrait,
    seq: i64,
    until: i64,
) -> Result<i64, DbErr> {
    let sql = "SELECT count(*) AS rows FROM audit_log WHERE seq > $1 AND seq <= $2";
    let asked = statement(sql, [seq.into(), until.into()]);
    let found = Counted::find_by_statement(asked).one(db).await?;
    found.map(|it| it.rows).ok_or_else(|| damaged("a count without a row"))
}

/// Writes a row and makes it the end of the log.
pub(super) async fn append(tx: &DatabaseTransaction, row: &Row) -> Result<(), DbErr> {
    let sql = "WITH written AS (INSERT INTO audit_log (seq, at, actor_kind, actor_id, actor_name, \
                 session_id, client_address, action, subject_kind, subject_id, tenant_id, \
                 details, request_id, hash) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
                 RETURNING seq, hash) \
               UPDATE audit_head SET seq = written.seq, hash = written.hash FROM written";
    let values = [
        row.seq.into(),
        row.at.into(),
        row.actor_kind.clone().into(),
        row.actor_id.into(),
        row.actor_name.clone().into(),
        row.session_id.into(),
        row.client_address.clone().into(),
        row.action.clone().into(),
        row.subject_kind.clone().into(),
        row.subject_id.clone().into(),
        row.tenant_id.into(),
        row.details.clone().into(),
        row.request_id.into(),
        row.hash.clone().into(),
    ];
    tx.execute_raw(statement(sql, values)).await.map(drop)
}

/// A time that somebody put in and no program can hold does not keep the others from being listed.
const COLUMNS: &str = "seq, least(greatest(at, '0001-01-01 00:00Z'), '9999-12-31 00:00Z') AS at, \
                       actor_kind, actor_id, actor_name, session_id, client_address, action, \
                       subject_kind, subject_id, tenant_id, details, request_id, hash";

/// At most `limit` rows, the newest first, from `after` on.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    after: Option<Place>,
    limit: u64,
) -> Result<Vec<Row>, DbErr> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_log \
         WHERE ($1::bigint IS NULL OR seq < $1) \
           AND ($3::text IS NULL OR actor_id::text = lower($3) OR lower(actor_name) = lower($3)) \
           AND ($4::text IS NULL OR action = $4 OR starts_with(action, $4 || '.')) \
           AND ($5::uuid IS NULL OR tenant_id = $5) \
           AND ($6::timestamptz IS NULL OR at >= $6) AND ($7::timestamptz IS NULL OR at < $7) \
         ORDER BY seq DESC LIMIT $2"
    );
    let values = [
        after.map(|it| it.seq).into(),
        i64::try_from(limit).map_err(damaged)?.into(),
        filter.actor.clone().into(),
        filter.action.clone().into(),
        filter.tenant.map(TenantId::as_uuid).into(),
        filter.since.into(),
        filter.until.into(),
    ];
    Row::find_by_statement(statement(&sql, values)).all(db).await
}

/// What the hash of a row covers, in the order of [`Row::with_fields`], as texts: a row can be read
/// whatever somebody made of it, and does not look as it was written.
const FIELDS: [&str; 13] = [
    "seq::text",
    // The form has no era: a year before the first would look like one of ours.
    "CASE WHEN at >= '0001-01-01 00:00Z' \
       THEN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') END",
    "actor_kind",
    "actor_id::text",
    "actor_name",
    "session_id::text",
    "client_address",
    "action",
    "subject_kind",
    "subject_id",
    "tenant_id::text",
    "details",
    "request_id::text",
];

/// At most `limit` links of the chain after `seq` and up to `until`, the oldest first.
pub(super) async fn list_links(
    db: &impl ConnectionTrait,
    seq: i64,
    until: i64,
    limit: i64,
) -> Result<Vec<Linked>, DbErr> {
    let fields = FIELDS.join(", ");
    let sql = format!(
        "SELECT seq, hash, {fields} FROM audit_log l WHERE seq > $1 AND seq <= $2 \
         ORDER BY l.seq LIMIT $3"
    );
    let values = [seq.into(), until.into(), limit.into()];
    let rows = db.query_all_raw(statement(&sql, values)).await?;
    rows.iter().map(link).collect()
}

fn link(row: &QueryResult) -> Result<Linked, DbErr> {
    let before = 2;
    let field = |at| row.try_get_by_index::<Option<String>>(at);
    Ok(Linked {
        seq: row.try_get_by_index(0)?,
        hash: row.try_get_by_index(1)?,
        fields: (before..before + FIELDS.len()).map(field).collect::<Result<_, DbErr>>()?,
    })
}

/// The hash of a row.
pub(super) async fn find_hash(
    db: &impl ConnectionTrait,
    seq: i64,
) -> Result<Option<Vec<u8>>, DbErr> {
    let asked = statement("SELECT seq, hash FROM audit_log WHERE seq = $1", [seq.into()]);
    Ok(Head::find_by_statement(asked).one(db).await?.map(|it| it.hash))
}

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
