//! A domain as the API shows it.

use chrono::{DateTime, Utc};
use hotelhub_http::language::Language;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    hostname::shown,
    model::{Kind, NextAction, Row, SslStatus, State},
    records::{Record, records_of},
    settings::DomainsConfig,
};

/// A host name of a tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Domain {
    pub(crate) id: Uuid,
    pub(crate) tenant_id: Uuid,
    pub(crate) slug: String,
    pub(crate) company_name: String,
    /// In its one written form.
    pub(crate) hostname: String,
    /// As people of its language read it.
    pub(crate) shown: String,
    pub(crate) kind: Kind,
    /// Pages on the tenant's other names lead to this one, while it is live.
    pub(crate) is_primary: bool,
    /// Whether requests for it reach the hotel.
    pub(crate) is_verified: bool,
    /// All there is to say about it, in one word.
    pub(crate) state: State,
    pub(crate) next_action: Next,
    pub(crate) ssl: Ssl,
    /// What is to stand in DNS.
    pub(crate) records: Vec<Record>,
    /// Why DNS gave no answer at the last look.
    pub(crate) unanswered: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) verified_at: Option<DateTime<Utc>>,
    /// Since when a name that was verified does not lead here, or is not proven.
    pub(crate) failing_since: Option<DateTime<Utc>>,
    pub(crate) last_checked_at: Option<DateTime<Utc>>,
    pub(crate) next_check_at: Option<DateTime<Utc>>,
    pub(crate) released_at: Option<DateTime<Utc>>,
}

/// What is to be done next.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Next {
    /// For programs.
    pub(crate) code: NextAction,
    /// For people, in Indonesian.
    pub(crate) id: &'static str,
    /// For people, in English.
    pub(crate) en: &'static str,
}

/// How its certificate stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Ssl {
    pub(crate) status: SslStatus,
    pub(crate) since: Option<DateTime<Utc>>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    /// Why the last order for it came to nothing; else what the last look at it found, if it was not
    /// good.
    pub(crate) finding: Option<String>,
    /// The platform does not order one before then.
    pub(crate) retry_at: Option<DateTime<Utc>>,
}

impl Domain {
    pub(super) fn of(row: Row, config: &DomainsConfig) -> Self {
        let records = records_of(&row, &config.edge_addresses, &config.caa_issuers);
        let standing = row.standing;
        // The provisioner may have found so since the last look.
        let next = match standing.next_action {
            NextAction::WaitForCertificate | NextAction::CheckCertificate if row.orders.is_held => {
                NextAction::WaitForBudget
            }
            next => next,
        };
        Self {
            id: row.id.as_uuid(),
            tenant_id: row.tenant.as_uuid(),
            slug: row.slug,
            company_name: row.company_name,
            shown: shown(&row.hostname),
            hostname: row.hostname,
            kind: row.kind,
            is_primary: row.is_primary,
            is_verified: standing.is_verified,
            state: standing.state,
            next_action: Next {
                code: next,
                id: next.text(Language::Id),
                en: next.text(Language::En),
            },
            ssl: Ssl {
                status: standing.ssl_status,
                since: standing.ssl_since,
                expires_at: standing.certificate_expires_at,
                finding: row.orders.failure.or(row.findings.certificate),
                retry_at: row.orders.retry_at,
            },
            records,
            unanswered: row.findings.unanswered,
            created_at: row.created_at,
            verified_at: standing.verified_at,
            failing_since: standing.failing_since,
            last_checked_at: row.last_checked_at,
            next_check_at: standing.next_check_at,
            released_at: row.released_at,
        }
    }
}
