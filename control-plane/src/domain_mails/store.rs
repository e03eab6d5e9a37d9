//! Which hotels' owners have something to be told of a domain.

use chrono::{DateTime, Utc};
use hotelhub_core::{ids::DomainId, sql::Query};
use tokio_postgres::Error;

use super::News;

/// Notes the domains whose owner does not know yet how they stand as told, and says what. Who was told
/// of a failure after `quiet` is told of no other yet. What another worker holds is left to it.
pub(super) async fn note_news(
    db: &impl Query,
    (now, quiet): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<(DomainId, News)>, Error> {
    let sql = "WITH due AS ( \
                 SELECT d.id, d.state FROM domains d JOIN tenants t ON t.id = d.tenant_id \
                 WHERE d.kind = 'custom' AND d.released_at IS NULL \
                   AND t.provisioning = 'ready' AND t.status <> 'churned' \
                   AND ((d.state = 'stuck' AND d.verified_at IS NOT NULL \
                         AND d.told IS DISTINCT FROM 'failed' \
                         AND (d.told_failed_at IS NULL OR d.told_failed_at <= $2)) \
                     OR (d.state = 'live' AND d.told = 'failed')) \
                 ORDER BY d.id LIMIT $3 FOR UPDATE OF d SKIP LOCKED) \
               UPDATE domains d SET \
                 told = CASE due.state WHEN 'live' THEN 'works' ELSE 'failed' END, \
                 told_failed_at = CASE due.state WHEN 'live' THEN d.told_failed_at ELSE $1 END \
               FROM due WHERE d.id = due.id RETURNING d.id, due.state = 'live'";
    let rows = db.query(sql, &[&now, &quiet, &limit]).await?;
    let news = |works| if works { News::Works } else { News::Failed };
    rows.iter().map(|it| Ok((it.try_get(0)?, news(it.try_get(1)?)))).collect()
}

/// Notes that the owner was not told of a failure after all: it had passed.
pub(super) async fn forget_failure(db: &impl Query, domain: DomainId) -> Result<(), Error> {
    let sql = "UPDATE domains SET told = NULL, told_failed_at = NULL \
               WHERE id = $1 AND told = 'failed'";
    db.execute(sql, &[&domain]).await.map(drop)
}
