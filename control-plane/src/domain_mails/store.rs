//! Which hotels' owners have something to be told of a domain.

use chrono::{DateTime, Utc};
use hotelhub_core::{ids::DomainId, sql::Query};
use tokio_postgres::Error;

use super::News;

/// Notes the domains whose owner does not know yet how they stand as told, and says what. A mail about a
/// failure that was asked for after `quiet` is asked for once: not for another failure, nor for one that
/// no mail server took. Who was not told of the failure is not told of its end either. What another
/// worker holds is left to it.
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
                         AND (d.told IS DISTINCT FROM 'failed' OR d.untold_since IS NOT NULL) \
                         AND (d.told_failed_at IS NULL OR d.told_failed_at <= $2)) \
                     OR (d.state = 'live' AND d.told = 'failed' AND d.untold_since IS NULL)) \
                 ORDER BY d.id LIMIT $3 FOR UPDATE OF d SKIP LOCKED) \
               UPDATE domains d SET \
                 told = CASE due.state WHEN 'live' THEN 'works' ELSE 'failed' END, \
                 told_failed_at = CASE due.state WHEN 'live' THEN d.told_failed_at ELSE $1 END, \
                 untold_since = CASE due.state WHEN 'live' THEN NULL \
                   ELSE coalesce(d.untold_since, $1) END \
               FROM due WHERE d.id = due.id RETURNING d.id, due.state = 'live'";
    let rows = db.query(sql, &[&now, &quiet, &limit]).await?;
    let news = |works| if works { News::Works } else { News::Failed };
    rows.iter().map(|it| Ok((it.try_get(0)?, news(it.try_get(1)?)))).collect()
}

/// Notes that a mail server has taken the mail about a failure.
pub(super) async fn note_told(db: &impl Query, domain: DomainId) -> Result<(), Error> {
    let sql = "UPDATE domains SET untold_since = NULL WHERE id = $1 AND told = 'failed'";
    db.execute(sql, &[&domain]).await.map(drop)
}

/// Whether a mail server has taken one about the failure already: it was asked for more than once.
pub(super) async fn knows_of_failure(db: &impl Query, domain: DomainId) -> Result<bool, Error> {
    let sql = "SELECT FROM domains WHERE id = $1 AND told = 'failed' AND untold_since IS NULL";
    Ok(db.query_opt(sql, &[&domain]).await?.is_some())
}

/// Notes that the owner was not told of a failure after all: it had passed.
pub(super) async fn forget_failure(db: &impl Query, domain: DomainId) -> Result<(), Error> {
    let sql = "UPDATE domains SET told = NULL, told_failed_at = NULL, untold_since = NULL \
               WHERE id = $1 AND told = 'failed' AND untold_since IS NOT NULL";
    db.execute(sql, &[&domain]).await.map(drop)
}
