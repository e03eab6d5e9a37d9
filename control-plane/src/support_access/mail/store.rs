//! Which owners are to be told of a request, and what the mail needs to know.

use chrono::{DateTime, Utc};
use hotelhub_core::sql::Query;
use hotelhub_http::language::Language;
use tokio_postgres::Error;
use uuid::Uuid;

/// Whom the mail goes to, and who asks.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) slug: String,
    pub(super) company_name: String,
    pub(super) owner_name: String,
    pub(super) owner_email: String,
    pub(super) language: Language,
    pub(super) host: String,
    /// The e-mail address of whoever asks.
    pub(super) asked_by: String,
}

/// Takes at most `limit` requests whose owner is to be told by `now`, each once. What another worker
/// holds is left to it.
pub(super) async fn take_due(
    db: &impl Query,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Uuid>, Error> {
    let sql = "WITH due AS (SELECT grant_id FROM support_stays WHERE mail_due_at <= $1 \
                 ORDER BY mail_due_at LIMIT $2 FOR UPDATE SKIP LOCKED) \
               UPDATE support_stays SET mail_due_at = NULL \
               WHERE grant_id IN (SELECT grant_id FROM due) RETURNING grant_id";
    Ok(db.query(sql, &[&now, &limit]).await?.iter().map(|it| it.get(0)).collect())
}

/// The request, unless it is to end or the hotel is not there.
pub(super) async fn find_request(db: &impl Query, grant: Uuid) -> Result<Option<Request>, Error> {
    let sql = "SELECT t.slug, t.company_name, t.owner_name, t.owner_email, t.language, d.hostname, \
                 u.email \
               FROM support_stays s JOIN tenants t ON t.id = s.tenant_id \
                 JOIN vendor_users u ON u.id = s.user_id JOIN domains d ON d.tenant_id = t.id \
               WHERE s.grant_id = $1 AND s.end_wanted_at IS NULL AND t.provisioning = 'ready' \
                 AND d.is_verified AND d.released_at IS NULL \
               ORDER BY d.is_primary DESC, d.created_at, d.hostname LIMIT 1";
    let row = db.query_opt(sql, &[&grant]).await?;
    Ok(row.map(|it| Request {
        slug: it.get(0),
        company_name: it.get(1),
        owner_name: it.get(2),
        owner_email: it.get(3),
        language: Language::from_code(it.get(4)),
        host: it.get(5),
        asked_by: it.get(6),
    }))
}
