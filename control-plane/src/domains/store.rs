//! Writes and reads the host names of tenants.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::{DomainId, TenantId};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, QueryResult,
    Statement, Value,
};
use serde_json::json;
use uuid::Uuid;

use super::model::{Blocked, Filter, NewClaim, Orders, Place, Row, Standing, UntoldFailure};
use super::state::{GRACE, QUARANTINE};
use crate::database::damaged;

/// Names that a text finds are few if they are not more.
const FEW: usize = 500;

/// Domains, each with the names of its tenant. Orders for a certificate are of whoever holds the name.
const DOMAINS: &str = "\
    SELECT d.id, d.tenant_id, t.slug, t.company_name, d.hostname, d.kind, d.is_primary, \
           d.challenge, d.findings, d.looks, d.last_checked_at, d.released_at, d.created_at, \
           d.is_verified, d.verified_at, d.failing_since, d.ssl_status, d.ssl_since, \
           d.certificate_expires_at, d.state, d.next_action, d.next_check_at, \
           c.last_error AS order_failure, greatest(c.retry_at, c.held_until) AS order_retry_at, \
           c.held_until IS NOT NULL AS is_held, \
           (SELECT s.hostname FROM domains s WHERE s.tenant_id = d.tenant_id \
              AND s.kind = 'subdomain' AND s.released_at IS NULL \
            ORDER BY s.created_at, s.hostname LIMIT 1) AS target \
    FROM domains d JOIN tenants t ON t.id = d.tenant_id \
    LEFT JOIN certificates c ON c.hostname = d.hostname AND d.kind = 'custom' AND d.is_verified \
      AND d.released_at IS NULL";

impl FromQueryResult for Row {
    fn from_query_result(row: &QueryResult, pre: &str) -> Result<Self, DbErr> {
        let text = |column: &str| row.try_get::<String>(pre, column);
        Ok(Self {
            id: row.try_get::<Uuid>(pre, "id")?.into(),
            tenant: row.try_get::<Uuid>(pre, "tenant_id")?.into(),
            slug: text("slug")?,
            company_name: text("company_name")?,
            target: row.try_get(pre, "target")?,
            hostname: text("hostname")?,
            kind: text("kind")?.parse().map_err(damaged)?,
            is_primary: row.try_get(pre, "is_primary")?,
            challenge: row.try_get(pre, "challenge")?,
            findings: serde_json::from_value(row.try_get(pre, "findings")?).map_err(damaged)?,
            looks: row.try_get(pre, "looks")?,
            last_checked_at: row.try_get(pre, "last_checked_at")?,
            released_at: row.try_get(pre, "released_at")?,
            created_at: row.try_get(pre, "created_at")?,
            standing: Standing {
                is_verified: row.try_get(pre, "is_verified")?,
                verified_at: row.try_get(pre, "verified_at")?,
                failing_since: row.try_get(pre, "failing_since")?,
                ssl_status: text("ssl_status")?.parse().map_err(damaged)?,
                ssl_since: row.try_get(pre, "ssl_since")?,
                certificate_expires_at: row.try_get(pre, "certificate_expires_at")?,
                state: text("state")?.parse().map_err(damaged)?,
                next_action: text("next_action")?.parse().map_err(damaged)?,
                next_check_at: row.try_get(pre, "next_check_at")?,
            },
            orders: Orders {
                failure: row.try_get(pre, "order_failure")?,
                retry_at: row.try_get(pre, "order_retry_at")?,
                is_held: row.try_get(pre, "is_held")?,
            },
        })
    }
}

/// Finds a domain, whether it is held or was released.
pub(super) async fn find(db: &impl ConnectionTrait, id: DomainId) -> Result<Option<Row>, DbErr> {
    let asked = statement(&format!("{DOMAINS} WHERE d.id = $1"), [id.as_uuid().into()]);
    Row::find_by_statement(asked).one(db).await
}

/// Finds what a tenant holds or claims by this id or name.
pub(super) async fn find_of(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    name: &str,
) -> Result<Option<Row>, DbErr> {
    let which = "WHERE d.tenant_id = $1 AND d.released_at IS NULL \
                   AND (d.hostname = $2 OR d.id::text = $2)";
    let asked = statement(&format!("{DOMAINS} {which}"), [tenant.as_uuid().into(), name.into()]);
    Row::find_by_statement(asked).one(db).await
}

/// At most `limit` domains that are held or claimed, the newest first, from `after` on.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    after: Option<Place>,
    limit: u64,
) -> Result<Vec<Row>, DbErr> {
    // The few with a rare part are found by their index; of many with a common one a page fills soon.
    let (meant, part): (_, Value) = match &filter.pattern {
        None => ("$4::text IS NULL", None::<String>.into()),
        Some(pattern) => match find_few(db, pattern).await? {
            Some(ids) => {
                ("d.id IN (SELECT e::uuid FROM jsonb_array_elements_text($4) e)", json!(ids).into())
            }
            None => ("d.hostname LIKE $4", pattern.clone().into()),
        },
    };
    let sql = format!(
        "{DOMAINS} WHERE d.released_at IS NULL \
           AND ($1::uuid IS NULL OR d.tenant_id = $1) AND ($2::text IS NULL OR d.state = $2) \
           AND ($3::text IS NULL OR d.kind = $3) AND {meant} \
           AND ($5::timestamptz IS NULL OR (d.created_at, d.id) < ($5, $6)) \
         ORDER BY d.created_at DESC, d.id DESC LIMIT $7"
    );
    let values = [
        filter.tenant.map(|it| it.as_uuid()).into(),
        filter.state.map(|it| it.as_str().to_owned()).into(),
        filter.kind.map(|it| it.as_str().to_owned()).into(),
        part,
        after.map(|it| it.created_at).into(),
        after.map(|it| it.id).into(),
        i64::try_from(limit).map_err(damaged)?.into(),
    ];
    Row::find_by_statement(statement(&sql, values)).all(db).await
}

/// The ids of the names that a pattern finds, unless they are many.
async fn find_few(db: &impl ConnectionTrait, pattern: &str) -> Result<Option<Vec<Uuid>>, DbErr> {
    let sql = format!(
        "SELECT id FROM domains WHERE released_at IS NULL AND hostname LIKE $1 LIMIT {}",
        FEW + 1
    );
    let rows = db.query_all_raw(statement(&sql, [pattern.into()])).await?;
    if rows.len() > FEW {
        return Ok(None);
    }
    rows.iter().map(|it| it.try_get("", "id")).collect::<Result<_, _>>().map(Some)
}

/// How many custom domains a tenant holds or claims.
pub(super) async fn count_custom(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<i64, DbErr> {
    let sql = "SELECT count(*) AS count FROM domains \
               WHERE tenant_id = $1 AND kind = 'custom' AND released_at IS NULL";
    let row = db.query_one_raw(statement(sql, [tenant.as_uuid().into()])).await?;
    row.ok_or_else(|| damaged("no count"))?.try_get("", "count")
}

/// How many custom domains of hotels that are there worked, or should, and do not.
pub(crate) async fn count_stuck(db: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let sql = "SELECT count(*) AS count FROM domains d JOIN tenants t ON t.id = d.tenant_id \
               WHERE d.kind = 'custom' AND d.released_at IS NULL AND d.state = 'stuck' \
                 AND t.provisioning = 'ready' AND t.status <> 'churned'";
    let row = db.query_one_raw(statement(sql, [])).await?;
    row.ok_or_else(|| damaged("no count"))?.try_get("", "count")
}

/// At most `limit` custom domains that fail and whose owner was to be told by `asked_by`, but no mail
/// server took the letter; the longest untold first.
pub(crate) async fn list_untold(
    db: &impl ConnectionTrait,
    asked_by: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<UntoldFailure>, DbErr> {
    let sql = "SELECT d.tenant_id, t.slug, d.hostname, t.owner_email, d.untold_since \
               FROM domains d JOIN tenants t ON t.id = d.tenant_id \
               WHERE d.kind = 'custom' AND d.released_at IS NULL AND d.state = 'stuck' \
                 AND d.untold_since <= $1 AND t.provisioning = 'ready' AND t.status <> 'churned' \
               ORDER BY d.untold_since, d.id LIMIT $2";
    let values = [asked_by.into(), i64::try_from(limit).map_err(damaged)?.into()];
    UntoldFailure::find_by_statement(statement(sql, values)).all(db).await
}

/// Until the transaction ends nobody else decides whose name this is.
pub(super) async fn hold_name(tx: &DatabaseTransaction, hostname: &str) -> Result<(), DbErr> {
    let sql = "SELECT pg_advisory_xact_lock(hashtextextended('domains.' || $1, 0))";
    tx.execute_raw(statement(sql, [hostname.into()])).await.map(drop)
}

/// Why the tenant cannot have a name, if so. Hold the name first. One that was lost has rested since
/// then, whenever its claim is released.
pub(super) async fn find_block(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    hostname: &str,
    now: DateTime<Utc>,
) -> Result<Option<Blocked>, DbErr> {
    let sql = "SELECT \
                 EXISTS (SELECT FROM domains WHERE hostname = $1 AND tenant_id <> $2 \
                           AND is_verified AND released_at IS NULL) AS held, \
                 (SELECT max(released_at) FROM domains WHERE hostname = $1 AND tenant_id <> $2 \
                    AND kind = 'custom' AND is_verified AND released_at > $3) AS released, \
                 (SELECT max(failing_since) FROM domains WHERE hostname = $1 AND tenant_id <> $2 \
                    AND kind = 'custom' AND NOT is_verified AND failing_since > $4) AS failing";
    let since = now - QUARANTINE;
    let values = [hostname.into(), tenant.as_uuid().into(), since.into(), (since - GRACE).into()];
    let row = tx.query_one_raw(statement(sql, values)).await?;
    let row = row.ok_or_else(|| damaged("no row"))?;
    if row.try_get("", "held")? {
        return Ok(Some(Blocked::Held));
    }
    let released: Option<DateTime<Utc>> = row.try_get("", "released")?;
    let failing: Option<DateTime<Utc>> = row.try_get("", "failing")?;
    let had_until = released.max(failing.map(|it| it + GRACE));
    Ok(had_until.map(|it| Blocked::Quarantined { until: it + QUARANTINE }))
}

/// The challenge that the tenant had for this name before, so that its record still counts.
pub(super) async fn find_former_challenge(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    hostname: &str,
) -> Result<Option<String>, DbErr> {
    let sql = "SELECT challenge FROM domains WHERE tenant_id = $1 AND hostname = $2 \
                 AND kind = 'custom' AND released_at IS NOT NULL ORDER BY released_at DESC LIMIT 1";
    let values = [tenant.as_uuid().into(), hostname.into()];
    match db.query_one_raw(statement(sql, values)).await? {
        Some(row) => row.try_get("", "challenge"),
        None => Ok(None),
    }
}

/// Writes a claim that is looked at next; `None` if the tenant has one already.
pub(super) async fn insert_claim(
    tx: &DatabaseTransaction,
    new: &NewClaim<'_>,
) -> Result<Option<DomainId>, DbErr> {
    let id = DomainId::generate();
    let sql = "INSERT INTO domains (id, tenant_id, hostname, is_primary, is_verified, ssl_status, \
                 created_at, kind, challenge, claimed_by, state, next_action, next_check_at) \
               VALUES ($1, $2, $3, false, false, 'none', $4, 'custom', $5, $6, 'working', \
                 'wait_for_check', $4) \
               ON CONFLICT (tenant_id, hostname) WHERE released_at IS NULL DO NOTHING";
    let values = [
        id.as_uuid().into(),
        new.tenant.as_uuid().into(),
        new.hostname.into(),
        new.now.into(),
        new.challenge.into(),
        new.claimed_by.into(),
    ];
    let written = tx.execute_raw(statement(sql, values)).await?.rows_affected();
    Ok((written == 1).then_some(id))
}

/// Takes domains that are due to be looked at; they are not due again before `next`.
pub(super) async fn take_due(
    db: &impl ConnectionTrait,
    (now, next): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<DomainId>, DbErr> {
    let sql = "UPDATE domains SET next_check_at = $2 \
               WHERE id IN (SELECT id FROM domains WHERE kind = 'custom' AND released_at IS NULL \
                              AND next_check_at <= $1 ORDER BY next_check_at LIMIT $3 \
                            FOR UPDATE SKIP LOCKED) \
               RETURNING id";
    let rows = db.query_all_raw(statement(sql, [now.into(), next.into(), limit.into()])).await?;
    rows.iter().map(|it| Ok(it.try_get::<Uuid>("", "id")?.into())).collect()
}

/// Begins a look: `looks` of the row is its number. `None`: it was released.
pub(super) async fn begin_look(
    db: &impl ConnectionTrait,
    id: DomainId,
) -> Result<Option<Row>, DbErr> {
    let sql = "UPDATE domains SET looks = looks + 1 \
               WHERE id = $1 AND kind = 'custom' AND released_at IS NULL RETURNING looks";
    let begun = db.query_one_raw(statement(sql, [id.as_uuid().into()])).await?;
    let Some(begun) = begun else { return Ok(None) };
    // Another look may begin before the row is read.
    let looks = begun.try_get("", "looks")?;
    Ok(find(db, id).await?.map(|row| Row { looks, ..row }))
}

/// Writes what a look found, unless one that was begun later wrote or the name was released; whether
/// it did.
pub(super) async fn write_look(
    tx: &DatabaseTransaction,
    row: &Row,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let sql = "UPDATE domains SET is_verified = $3, verified_at = $4, failing_since = $5, \
                 ssl_status = $6, ssl_since = $7, certificate_expires_at = $8, state = $9, \
                 next_action = $10, next_check_at = $11, findings = $12, last_checked_at = $13, \
                 last_look = $2 \
               WHERE id = $1 AND last_look < $2 AND released_at IS NULL";
    let it = &row.standing;
    let values: [Value; 13] = [
        row.id.as_uuid().into(),
        row.looks.into(),
        it.is_verified.into(),
        it.verified_at.into(),
        it.failing_since.into(),
        it.ssl_status.as_str().into(),
        it.ssl_since.into(),
        it.certificate_expires_at.into(),
        it.state.as_str().into(),
        it.next_action.as_str().into(),
        it.next_check_at.into(),
        serde_json::to_value(&row.findings).map_err(damaged)?.into(),
        now.into(),
    ];
    Ok(tx.execute_raw(statement(sql, values)).await?.rows_affected() == 1)
}

/// The name that a tenant's pages lead to.
pub(super) async fn find_primary(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Option<String>, DbErr> {
    let sql = "SELECT hostname FROM domains \
               WHERE tenant_id = $1 AND is_primary AND released_at IS NULL";
    let row = db.query_one_raw(statement(sql, [tenant.as_uuid().into()])).await?;
    row.map(|it| it.try_get("", "hostname")).transpose()
}

/// Makes a domain the one that a tenant's pages lead to.
pub(super) async fn make_primary(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    id: DomainId,
) -> Result<(), DbErr> {
    let before = "UPDATE domains SET is_primary = false \
                  WHERE tenant_id = $1 AND is_primary AND released_at IS NULL AND id <> $2";
    let now = "UPDATE domains SET is_primary = true \
               WHERE tenant_id = $1 AND id = $2 AND released_at IS NULL AND NOT is_primary";
    for sql in [before, now] {
        tx.execute_raw(statement(sql, [tenant.as_uuid().into(), id.as_uuid().into()])).await?;
    }
    Ok(())
}

/// Lets a name go. If it was the tenant's primary one, the platform's name is from now on.
pub(super) async fn release(
    tx: &DatabaseTransaction,
    row: &Row,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let sql = "UPDATE domains SET released_at = $2, is_primary = false \
               WHERE id = $1 AND released_at IS NULL";
    tx.execute_raw(statement(sql, [row.id.as_uuid().into(), now.into()])).await?;
    if row.is_primary {
        let sql = "UPDATE domains SET is_primary = true \
                   WHERE tenant_id = $1 AND kind = 'subdomain' AND released_at IS NULL";
        tx.execute_raw(statement(sql, [row.tenant.as_uuid().into()])).await?;
    }
    Ok(())
}

/// Whether a certificate may be issued for a name: it is routed, and leads here.
pub(super) async fn may_have_certificate(
    db: &impl ConnectionTrait,
    hostname: &str,
) -> Result<bool, DbErr> {
    let sql = "SELECT WHERE EXISTS ( \
                 SELECT FROM domains d JOIN tenants t ON t.id = d.tenant_id \
                 WHERE d.hostname = $1 AND d.is_verified AND d.released_at IS NULL \
                   AND d.failing_since IS NULL \
                   AND t.provisioning NOT IN ('failed', 'deleting', 'deleted') \
               ) OR EXISTS ( \
                 SELECT FROM previews p JOIN tenants t ON t.id = p.tenant_id \
                 JOIN databases db ON db.id = p.database_id AND db.state = 'preview' \
                 WHERE p.hostname = $1 AND t.provisioning = 'ready')";
    Ok(db.query_one_raw(statement(sql, [hostname.into()])).await?.is_some())
}

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
