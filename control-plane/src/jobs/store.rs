//! Writes what workers counted, and reads it over all hotels.

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, Statement, Value,
};
use serde_json::json;

use super::model::{DeadOfAll, DeadOfHotel, Filter, JobHeap, JobStats, Order, Place, ReportBody};
use crate::database::damaged;

/// Heaps of hotels that are there, with `$1` to `$6` from [`wanted`].
const HEAPS: &str = "FROM job_heaps h \
    JOIN job_reports r ON r.tenant_id = h.tenant_id \
    JOIN tenants t ON t.id = h.tenant_id AND t.provisioning = 'ready' \
    WHERE ($1::text IS NULL OR h.state = $1) AND ($2::text IS NULL OR h.kind = $2) \
      AND ($3::text IS NULL OR h.peer = $3) AND ($4::text IS NULL OR h.error_code = $4) \
      AND ($5::uuid IS NULL OR h.tenant_id = $5) \
      AND ($6::bigint IS NULL OR h.oldest_at <= now() - $6 * interval '1 second')";

fn wanted(filter: &Filter) -> Vec<Value> {
    let Filter { state, kind, peer, error, tenant, older_than } = filter.clone();
    let tenant = tenant.map(|it| it.as_uuid());
    vec![state.into(), kind.into(), peer.into(), error.into(), tenant.into(), older_than.into()]
}

/// Takes a report over; `false` if a later look is known, or there is no such tenant.
pub(super) async fn take_over(
    tx: &DatabaseTransaction,
    report: &ReportBody,
) -> Result<bool, DbErr> {
    let tenant: Value = report.tenant_id.as_uuid().into();
    // A clock that is ahead must not shut out who looks after it.
    let sql = "INSERT INTO job_reports (tenant_id, looked_at, reported_at) \
                 SELECT id, least($2, now()), now() FROM tenants WHERE id = $1 \
               ON CONFLICT (tenant_id) DO UPDATE \
                 SET looked_at = excluded.looked_at, reported_at = excluded.reported_at \
                 WHERE job_reports.looked_at <= excluded.looked_at";
    let values = vec![tenant.clone(), report.looked_at.into()];
    if tx.execute_raw(statement(sql, values)).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let reported = "jsonb_to_recordset($2) AS now (kind text, state text, peer text, \
                      error_code text, count bigint, oldest_at timestamptz)";
    let gone = format!(
        "DELETE FROM job_heaps h WHERE tenant_id = $1 AND NOT EXISTS (SELECT FROM {reported} \
           WHERE (now.kind, now.state, now.peer, now.error_code) \
             IS NOT DISTINCT FROM (h.kind, h.state, h.peer, h.error_code))"
    );
    let there = format!(
        "INSERT INTO job_heaps (tenant_id, kind, state, peer, error_code, jobs, oldest_at) \
           SELECT $1, kind, state, peer, error_code, sum(count)::bigint, min(oldest_at) \
           FROM {reported} GROUP BY kind, state, peer, error_code \
         ON CONFLICT ON CONSTRAINT job_heaps_once DO UPDATE \
           SET jobs = excluded.jobs, oldest_at = excluded.oldest_at \
           WHERE (job_heaps.jobs, job_heaps.oldest_at) <> (excluded.jobs, excluded.oldest_at)"
    );
    for sql in [gone, there] {
        let values = vec![tenant.clone(), json!(report.heaps).into()];
        tx.execute_raw(statement(&sql, values)).await?;
    }
    Ok(true)
}

/// At most `limit` heaps in this order, from `after` on.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    (order, after): (Order, Option<Place>),
    limit: u64,
) -> Result<Vec<JobHeap>, DbErr> {
    let rest = match order {
        Order::Largest => {
            "AND ($7::bigint IS NULL OR (h.jobs, h.id) < ($7, $8)) ORDER BY h.jobs DESC, h.id DESC"
        }
        Order::Oldest => {
            "AND ($7::timestamptz IS NULL OR (h.oldest_at, h.id) > ($7, $8)) \
             ORDER BY h.oldest_at, h.id"
        }
    };
    let sql = format!(
        "SELECT h.id, h.tenant_id, t.slug, h.kind, h.state, h.peer, h.error_code, \
           h.jobs AS count, h.oldest_at, r.reported_at {HEAPS} {rest} LIMIT $9"
    );
    let mut values = wanted(filter);
    values.extend(match after {
        Some(Place::Largest { count, id }) => [count.into(), id.into()],
        Some(Place::Oldest { oldest_at, id }) => [oldest_at.into(), id.into()],
        None if order == Order::Largest => [None::<i64>.into(), None::<i64>.into()],
        None => [None::<chrono::DateTime<chrono::Utc>>.into(), None::<i64>.into()],
    });
    values.push(i64::try_from(limit).map_err(damaged)?.into());
    JobHeap::find_by_statement(statement(&sql, values)).all(db).await
}

/// Jobs by kind and state, over all hotels.
pub(super) async fn count(db: &impl ConnectionTrait) -> Result<Vec<JobStats>, DbErr> {
    let sql = format!(
        "SELECT h.kind, h.state, sum(h.jobs)::bigint AS count, \
           count(DISTINCT h.tenant_id) AS hotels, min(h.oldest_at) AS oldest_at \
         {HEAPS} GROUP BY h.kind, h.state ORDER BY h.kind, h.state"
    );
    let all = wanted(&Filter::default());
    JobStats::find_by_statement(statement(&sql, all)).all(db).await
}

/// How many dead jobs there are of that sort, over all hotels.
pub(super) async fn count_dead(
    db: &impl ConnectionTrait,
    filter: &Filter,
) -> Result<DeadOfAll, DbErr> {
    let sql = format!(
        "SELECT count(DISTINCT h.tenant_id) AS hotels, coalesce(sum(h.jobs), 0)::bigint AS count, \
           min(r.reported_at) AS as_of {HEAPS}"
    );
    let found = DeadOfAll::find_by_statement(statement(&sql, wanted(filter))).one(db).await?;
    found.ok_or_else(|| damaged("a count without a row"))
}

/// At most `limit` hotels with dead jobs of that sort, by id, after the one with the id `after`.
pub(super) async fn list_dead(
    db: &impl ConnectionTrait,
    filter: &Filter,
    after: Option<uuid::Uuid>,
    limit: usize,
) -> Result<Vec<DeadOfHotel>, DbErr> {
    let sql = format!(
        "SELECT h.tenant_id, t.slug, sum(h.jobs)::bigint AS count {HEAPS} \
           AND ($7::uuid IS NULL OR h.tenant_id > $7) \
         GROUP BY h.tenant_id, t.slug ORDER BY h.tenant_id LIMIT $8"
    );
    let mut values = wanted(filter);
    values.extend([after.into(), i64::try_from(limit).map_err(damaged)?.into()]);
    DeadOfHotel::find_by_statement(statement(&sql, values)).all(db).await
}

fn statement(sql: &str, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
