//! Whose owner is to be told, and what the letter needs to know.

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::{ids::TenantId, sql::Query};
use hotelhub_http::language::Language;
use tokio_postgres::Error;

use super::super::{KEPT, NOTICE, model::deleted_from};

/// A letter that no mail server took is asked for again after this: the address may be another by then.
const ASKED_AGAIN: TimeDelta = TimeDelta::days(7);

/// Whom a letter goes to, and about what.
#[derive(Clone, Debug)]
pub(in super::super) struct Recipient {
    pub(in super::super) company_name: String,
    pub(in super::super) owner_name: String,
    pub(in super::super) owner_email: String,
    pub(in super::super) language: Language,
    pub(in super::super) host: String,
    pub(in super::super) deleted_from: DateTime<Utc>,
}

/// Notes that letters are asked for to the owners who are to be told by `now`, and says whose tenants
/// they are: nobody has asked for one, or not lately and no mail server took it. Of two who note the same
/// one at once, one does.
pub(in super::super) async fn note_unnoticed(
    db: &impl Query,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<TenantId>, Error> {
    let sql = "INSERT INTO retentions AS r (tenant_id, noticed_at) \
               SELECT t.id, $1 FROM tenants t \
               WHERE t.status = 'churned' AND t.provisioning = 'ready' AND t.churned_at <= $2 \
                 AND NOT EXISTS (SELECT FROM retentions known WHERE known.tenant_id = t.id \
                                 AND (num_nonnulls(known.told_at, known.held_at) > 0 \
                                   OR known.noticed_at > $4)) \
               ORDER BY t.churned_at LIMIT $3 FOR NO KEY UPDATE OF t SKIP LOCKED \
               ON CONFLICT (tenant_id) DO UPDATE SET noticed_at = excluded.noticed_at \
                 WHERE num_nonnulls(r.told_at, r.held_at) = 0 \
                   AND (r.noticed_at IS NULL OR r.noticed_at <= $4) \
               RETURNING r.tenant_id";
    let churned_by = now - (KEPT - NOTICE);
    let rows = db.query(sql, &[&now, &churned_by, &limit, &(now - ASKED_AGAIN)]).await?;
    Ok(rows.iter().map(|it| it.get(0)).collect())
}

/// Notes that a mail server has taken the letter.
pub(in super::super) async fn note_told(
    db: &impl Query,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "UPDATE retentions SET told_at = $2 \
               WHERE tenant_id = $1 AND noticed_at IS NOT NULL AND held_at IS NULL";
    db.execute(sql, &[&tenant, &now]).await.map(drop)
}

/// Whom the letter that is sent at `now` goes to, as long as it is true and not known yet.
pub(in super::super) async fn find_recipient(
    db: &impl Query,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<Option<Recipient>, Error> {
    let sql = "SELECT t.company_name, t.owner_name, t.owner_email, t.language, d.hostname, \
                 t.churned_at \
               FROM tenants t JOIN retentions r ON r.tenant_id = t.id \
               JOIN domains d ON d.tenant_id = t.id \
               WHERE t.id = $1 AND t.status = 'churned' AND t.provisioning = 'ready' \
                 AND r.noticed_at IS NOT NULL AND num_nonnulls(r.told_at, r.held_at) = 0 \
                 AND d.is_verified AND d.released_at IS NULL \
               ORDER BY d.is_primary DESC LIMIT 1";
    let row = db.query_opt(sql, &[&tenant]).await?;
    Ok(row.map(|it| Recipient {
        company_name: it.get(0),
        owner_name: it.get(1),
        owner_email: it.get(2),
        language: Language::from_code(it.get(3)),
        host: it.get(4),
        deleted_from: deleted_from(it.get(5), Some(now)),
    }))
}
