//! Which hotels' owners have something to be told of a domain.

use chrono::{DateTime, Utc};
use hotelhub_core::{ids::DomainId, sql::Query};
use tokio_postgres::Error;

use super::News;

/// Domains whose owner does not know yet how they stand, held until the transaction ends. Who was told
/// of a failure after `quiet` is told of no other yet. What another worker holds is left to it.
pub(super) async fn list_news_for_update(
    db: &impl Query,
    quiet: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(DomainId, News)>, Error> {
    let sql = "SELECT d.id, d.state = 'live' AS works \
               FROM domains d JOIN tenants t ON t.id = d.tenant_id \
               WHERE d.kind = 'custom' AND d.released_at IS NULL \
                 AND t.provisioning = 'ready' AND t.status <> 'churned' \
                 AND ((d.state = 'stuck' AND d.verified_at IS NOT NULL \
                       AND d.told IS DISTINCT FROM 'failed' \
                       AND (d.told_failed_at IS NULL OR d.told_failed_at <= $1)) \
                   OR (d.state = 'live' AND d.told = 'failed')) \
               ORDER BY d.id LIMIT $2 FOR UPDATE OF d SKIP LOCKED";
    let rows = db.query(sql, &[&quiet, &limit]).await?;
    let news = |works| if works { News::Works } else { News::Failed };
    rows.iter().map(|it| Ok((it.try_get(0)?, news(it.try_get(1)?)))).collect()
}

/// Notes what the owner is told.
pub(super) async fn note_told(
    db: &impl Query,
    domain: DomainId,
    news: News,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "UPDATE domains SET told = $2, \
                 told_failed_at = CASE $2 WHEN 'failed' THEN $3 ELSE told_failed_at END \
               WHERE id = $1";
    db.execute(sql, &[&domain, &news.as_str(), &now]).await.map(drop)
}

/// Notes that the owner was not told of a failure after all: it had passed.
pub(super) async fn forget_failure(db: &impl Query, domain: DomainId) -> Result<(), Error> {
    let sql = "UPDATE domains SET told = NULL, told_failed_at = NULL \
               WHERE id = $1 AND told = 'failed'";
    db.execute(sql, &[&domain]).await.map(drop)
}
