//! Reads which domains want a certificate, and writes `certificates` and `certificate_orders`.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::{life::NAME_RESTS, sql::Query};
use tokio_postgres::Error;

use super::budget::{Budget, PER_NAME, registered_domain};

/// Orders are counted for so long.
const HOUR: TimeDelta = TimeDelta::hours(1);
const WEEK: TimeDelta = TimeDelta::days(7);

/// A name that wants a certificate.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) hostname: String,
    pub(super) failures: i32,
}

/// A certificate that counts.
#[derive(Debug)]
pub(super) struct Counting {
    pub(super) hostname: String,
    pub(super) object: String,
    pub(super) not_after: DateTime<Utc>,
}

/// Domains that may have a certificate of their own.
const ENTITLED: &str = "\
    FROM domains d JOIN tenants t ON t.id = d.tenant_id \
    LEFT JOIN certificates c ON c.hostname = d.hostname \
    WHERE d.kind = 'custom' AND d.is_verified AND d.released_at IS NULL \
      AND d.failing_since IS NULL AND t.provisioning NOT IN ('failed', 'deleting', 'deleted')";

/// Candidates that are looked at together.
const CANDIDATES: i64 = 100;

/// The next name to order for: one without a certificate, or whose last third of life has begun. Names
/// of which a certificate is `at_hand` come first, and cost no budget. A name whose week is spent is
/// held until it is not, and keeps nobody waiting meanwhile.
pub(super) async fn next_wanted(
    control: &impl Query,
    now: DateTime<Utc>,
    budget: &Budget,
    at_hand: &[&str],
) -> Result<Option<Wanted>, Error> {
    let sql = "SELECT (SELECT count(*) FROM certificate_orders WHERE ordered_at > $1) AS recent, \
                 coalesce((SELECT max(id) FROM certificate_orders), 0) AS last";
    let row = control.query_one(sql, &[&(now - HOUR)]).await?;
    let is_spent = row.try_get::<_, i64>("recent")? >= i64::from(budget.per_hour);
    // Every other order renews, if there is something to renew: new names and old ones share the hour.
    let renews = row.try_get::<_, i64>("last")? % 2 == 0;
    let sql = format!(
        "SELECT d.hostname, coalesce(c.failures, 0) AS failures {ENTITLED} \
           AND (c.object IS NULL OR c.not_after - (c.not_after - c.not_before) / 3 <= $1) \
           AND (c.retry_at IS NULL OR c.retry_at <= $1) \
           AND (c.held_until IS NULL OR c.held_until <= $1 OR d.hostname = ANY($4)) \
           AND (NOT $3 OR d.hostname = ANY($4)) \
         ORDER BY d.hostname <> ALL($4), (c.object IS NOT NULL) <> $5, coalesce(c.failures, 0), \
           c.not_after, d.verified_at, d.hostname LIMIT $2"
    );
    loop {
        let found = control.query(&sql, &[&now, &CANDIDATES, &is_spent, &at_hand, &renews]).await?;
        if found.is_empty() {
            return Ok(None);
        }
        for row in found {
            let wanted =
                Wanted { failures: row.try_get("failures")?, hostname: row.try_get("hostname")? };
            if at_hand.contains(&wanted.hostname.as_str()) {
                return Ok(Some(wanted));
            }
            match spent_until(control, &wanted.hostname, now, budget).await? {
                // Not among the candidates of the next round any more.
                Some(until) => note_held(control, &wanted.hostname, until, now).await?,
                None => return Ok(Some(wanted)),
            }
        }
    }
}

/// Until when the week's budgets allow no order for a name; `None`: they allow one now.
async fn spent_until(
    control: &impl Query,
    hostname: &str,
    now: DateTime<Utc>,
    budget: &Budget,
) -> Result<Option<DateTime<Utc>>, Error> {
    if budget.per_domain == 0 {
        return Ok(Some(now + WEEK));
    }
    // Of so many orders the oldest has to be a week old.
    let sql = "SELECT (SELECT ordered_at FROM certificate_orders \
                         WHERE registered_domain = $1 AND ordered_at > $3 \
                       ORDER BY ordered_at DESC OFFSET $4 LIMIT 1) AS of_domain, \
                      (SELECT ordered_at FROM certificate_orders \
                         WHERE hostname = $2 AND ordered_at > $3 AND NOT unissued \
                       ORDER BY ordered_at DESC OFFSET $5 LIMIT 1) AS of_name";
    let (of_domain, since) = (registered_domain(hostname), now - WEEK);
    let (older_of_domain, older_of_name) = (i64::from(budget.per_domain) - 1, PER_NAME - 1);
    let row = control
        .query_one(sql, &[&of_domain, &hostname, &since, &older_of_domain, &older_of_name])
        .await?;
    let of_domain: Option<DateTime<Utc>> = row.try_get("of_domain")?;
    Ok(of_domain.max(row.try_get("of_name")?).map(|it| it + WEEK))
}

/// Notes that the week's budget allows no order for a name before then.
async fn note_held(
    control: &impl Query,
    hostname: &str,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "INSERT INTO certificates (hostname, held_until, updated_at) VALUES ($1, $2, $3) \
               ON CONFLICT (hostname) DO UPDATE SET held_until = $2, updated_at = $3";
    control.execute(sql, &[&hostname, &until, &now]).await.map(drop)
}

/// Judges by this budget whom another one may have held. Whose week is spent by it as well is held all
/// the while: a name that is not looks as if its certificate were overdue.
pub(super) async fn review_holds(
    control: &impl Query,
    now: DateTime<Utc>,
    budget: &Budget,
) -> Result<(), Error> {
    let sql = "SELECT hostname FROM certificates WHERE held_until IS NOT NULL";
    for row in control.query(sql, &[]).await? {
        let hostname: String = row.try_get(0)?;
        let until = spent_until(control, &hostname, now, budget).await?;
        let sql = "UPDATE certificates SET held_until = $2, updated_at = $3 WHERE hostname = $1";
        control.execute(sql, &[&hostname, &until, &now]).await?;
    }
    Ok(())
}

/// The certificates of names that may still have them.
pub(super) async fn list_counting(control: &impl Query) -> Result<Vec<Counting>, Error> {
    let sql = format!(
        "SELECT d.hostname, c.object, c.not_after {ENTITLED} AND c.object IS NOT NULL \
           AND c.not_after IS NOT NULL"
    );
    // A name that fails for a moment keeps what it has: only nothing new is ordered for it.
    let sql = sql.replace("AND d.failing_since IS NULL", "");
    let rows = control.query(&sql, &[]).await?;
    let read = |row: &tokio_postgres::Row| {
        Ok(Counting {
            hostname: row.try_get("hostname")?,
            object: row.try_get("object")?,
            not_after: row.try_get("not_after")?,
        })
    };
    rows.iter().map(read).collect()
}

/// Counts an order, before it is placed; its number. Old ones are forgotten.
pub(super) async fn note_order(
    control: &impl Query,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    let sql = "DELETE FROM certificate_orders WHERE ordered_at < $1";
    control.execute(sql, &[&(now - WEEK - WEEK)]).await?;
    let sql = "INSERT INTO certificate_orders (hostname, registered_domain, ordered_at) \
               VALUES ($1, $2, $3) RETURNING id";
    let of_domain = registered_domain(&wanted.hostname);
    control.query_one(sql, &[&wanted.hostname, &of_domain, &now]).await?.try_get(0)
}

/// Notes that nothing was issued for an order.
pub(super) async fn note_unissued(control: &impl Query, order: i64) -> Result<(), Error> {
    let sql = "UPDATE certificate_orders SET unissued = true WHERE id = $1";
    control.execute(sql, &[&order]).await.map(drop)
}

/// Notes the certificate that counts from now on.
pub(super) async fn note_issued(
    control: &impl Query,
    hostname: &str,
    (object, (not_before, not_after)): (&str, (DateTime<Utc>, DateTime<Utc>)),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "INSERT INTO certificates (hostname, object, not_before, not_after, updated_at) \
               VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (hostname) DO UPDATE SET object = $2, not_before = $3, not_after = $4, \
                 failures = 0, retry_at = NULL, last_error = NULL, held_until = NULL, \
                 updated_at = $5";
    control.execute(sql, &[&hostname, &object, &not_before, &not_after, &now]).await.map(drop)
}

/// Notes that an order failed; a certificate that is there stays.
pub(super) async fn note_failure(
    control: &impl Query,
    hostname: &str,
    (failures, retry_at, why): (i32, DateTime<Utc>, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "INSERT INTO certificates (hostname, failures, retry_at, last_error, updated_at) \
               VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (hostname) DO UPDATE SET failures = $2, retry_at = $3, last_error = $4, \
                 held_until = NULL, updated_at = $5";
    control.execute(sql, &[&hostname, &failures, &retry_at, &why, &now]).await.map(drop)
}

/// Forgets the certificates of names that no tenant has, claims, or has released so lately that it
/// may want them back.
pub(super) async fn forget_gone(control: &impl Query, now: DateTime<Utc>) -> Result<(), Error> {
    let sql = "DELETE FROM certificates c WHERE NOT EXISTS ( \
                 SELECT FROM domains d JOIN tenants t ON t.id = d.tenant_id \
                 WHERE d.hostname = c.hostname AND d.kind = 'custom' \
                   AND t.provisioning NOT IN ('failed', 'deleted') \
                   AND (d.released_at IS NULL OR d.released_at > $1))";
    control.execute(sql, &[&(now - NAME_RESTS)]).await.map(drop)
}

/// The objects that hold certificates, counting or not for the moment.
pub(super) async fn list_objects(control: &impl Query) -> Result<HashSet<String>, Error> {
    let sql = "SELECT object FROM certificates WHERE object IS NOT NULL";
    control.query(sql, &[]).await?.iter().map(|it| it.try_get(0)).collect()
}

/// Who we are at an authority, sealed.
pub(super) async fn find_account(
    control: &impl Query,
    directory: &str,
) -> Result<Option<String>, Error> {
    let sql = "SELECT sealed_credentials FROM acme_accounts WHERE directory_url = $1";
    let row = control.query_opt(sql, &[&directory]).await?;
    row.map(|it| it.try_get(0)).transpose()
}

/// Keeps who we are at an authority.
pub(super) async fn insert_account(
    control: &impl Query,
    (directory, sealed): (&str, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "INSERT INTO acme_accounts (directory_url, sealed_credentials, created_at) \
               VALUES ($1, $2, $3)";
    control.execute(sql, &[&directory, &sealed, &now]).await.map(drop)
}
