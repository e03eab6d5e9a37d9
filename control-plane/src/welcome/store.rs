//! Which hotels are ready and have had no welcome mail, and whom it goes to.

use hotelhub_core::{ids::TenantId, sql::Query};
use hotelhub_http::language::Language;
use tokio_postgres::Error;

/// Whom the mail goes to, and about what.
#[derive(Clone, Debug)]
pub(super) struct Recipient {
    pub(super) company_name: String,
    pub(super) owner_name: String,
    pub(super) owner_email: String,
    pub(super) language: Language,
    pub(super) host: String,
}

/// Notes ready hotels that nobody has asked a mail for as asked for. Of two who note the same one at
/// once, one does.
pub(super) async fn note_unwelcomed(db: &impl Query, limit: i64) -> Result<Vec<TenantId>, Error> {
    let sql = "INSERT INTO welcome_mails (tenant_id) \
               SELECT t.id FROM tenants t WHERE t.provisioning = 'ready' \
                 AND NOT EXISTS (SELECT 1 FROM welcome_mails w WHERE w.tenant_id = t.id) \
               ORDER BY t.created_at LIMIT $1 FOR UPDATE SKIP LOCKED \
               ON CONFLICT DO NOTHING RETURNING tenant_id";
    Ok(db.query(sql, &[&limit]).await?.iter().map(|it| it.get(0)).collect())
}

/// Whom the mail of a hotel goes to, as long as it is there.
pub(super) async fn find_recipient(
    db: &impl Query,
    tenant: TenantId,
) -> Result<Option<Recipient>, Error> {
    let sql = "SELECT t.company_name, t.owner_name, t.owner_email, t.language, d.hostname \
               FROM tenants t JOIN domains d ON d.tenant_id = t.id \
               WHERE t.id = $1 AND t.provisioning = 'ready' \
                 AND d.is_verified AND d.released_at IS NULL \
               ORDER BY d.is_primary DESC, d.created_at, d.hostname LIMIT 1";
    let row = db.query_opt(sql, &[&tenant]).await?;
    Ok(row.map(|it| Recipient {
        company_name: it.get(0),
        owner_name: it.get(1),
        owner_email: it.get(2),
        language: Language::from_code(it.get(3)),
        host: it.get(4),
    }))
}
