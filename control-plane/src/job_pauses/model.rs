//! What a pause of jobs is, and what one may be. No I/O here.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::{JobPauseId, TenantId, UserId};
use hotelhub_http::error::ApiError;
use hotelhub_jobs::class::{Class, UnknownClass};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::tenants::TenantRef;

/// A reason is a sentence, not a file.
const LONGEST_REASON: usize = 500;
const LONGEST_KIND: usize = 100;

/// Which jobs are to be held back, and why: those to which all that is set applies.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PauseJobsBody {
    /// Slug or id; every tenant if left out.
    #[schema(value_type = Option<String>)]
    pub(crate) tenant: Option<TenantRef>,
    /// A class of jobs; every class if left out.
    pub(crate) class: Option<String>,
    /// A kind of jobs; every kind if left out. A kind that no release has holds back nothing.
    pub(crate) kind: Option<String>,
    /// For the vendor's people to read.
    pub(crate) reason: String,
}

/// What is said of the jobs alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checked<'a> {
    pub(super) class: Option<Class>,
    pub(super) kind: Option<&'a str>,
    pub(super) reason: &'a str,
}

impl PauseJobsBody {
    /// Finds everything that is wrong but the name of the tenant.
    pub(super) fn check(&self) -> Result<Checked<'_>, ApiError> {
        let mut faults = Vec::new();
        let class = self.class.as_deref().map(str::parse::<Class>).transpose();
        let class = class.unwrap_or_else(|unknown: UnknownClass| {
            faults.push(("class", unknown.to_string()));
            None
        });
        let kind = self.kind.as_deref();
        if kind.is_some_and(|it| !is_name(it)) {
            faults.push(("kind", "needs lower-case letters, digits and `_`".to_owned()));
        }
        let reason = self.reason.trim();
        if !(1..=LONGEST_REASON).contains(&reason.chars().count()) {
            faults.push(("reason", format!("needs 1 to {LONGEST_REASON} characters")));
        }
        if self.tenant.is_none() && self.class.is_none() && self.kind.is_none() {
            faults.push(("tenant", "say a tenant, a class, a kind, or several of them".to_owned()));
        }
        let mut faults = faults.into_iter();
        let Some((field, why)) = faults.next() else { return Ok(Checked { class, kind, reason }) };
        Err(faults.fold(ApiError::invalid(field, why), |error, (field, why)| {
            error.with_detail(field, why)
        }))
    }
}

fn is_name(kind: &str) -> bool {
    (1..=LONGEST_KIND).contains(&kind.len())
        && kind.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
}

/// A pause as it is written.
#[derive(Debug)]
pub(super) struct NewJobPause<'a> {
    pub(super) tenant: Option<TenantId>,
    pub(super) jobs: Checked<'a>,
    pub(super) created_by: UserId,
}

/// Jobs that are held back, or were.
#[derive(Clone, Debug, Serialize, ToSchema, FromQueryResult)]
pub(crate) struct JobPause {
    pub(crate) id: Uuid,
    /// `null`: every tenant.
    pub(crate) tenant_id: Option<Uuid>,
    /// Of that tenant.
    pub(crate) slug: Option<String>,
    /// `null`: every class.
    pub(crate) class: Option<String>,
    /// `null`: every kind.
    pub(crate) kind: Option<String>,
    pub(crate) reason: String,
    pub(crate) created_by: Uuid,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) lifted_by: Option<Uuid>,
    /// `null` while it stands.
    pub(crate) lifted_at: Option<DateTime<Utc>>,
}

impl JobPause {
    /// Where a page that ends with it ended.
    pub(super) fn place(&self) -> Place {
        Place { created_at: self.created_at, id: self.id.into() }
    }
}

/// Which pauses: those to which all that is set applies.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) tenant: Option<TenantId>,
    pub(super) class: Option<Class>,
    pub(super) kind: Option<String>,
}

/// Where a page of pauses ended. The newest come first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) created_at: DateTime<Utc>,
    pub(super) id: JobPauseId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_names_jobs_that_there_can_be() {
        let check = |body: serde_json::Value| {
            let body: PauseJobsBody = serde_json::from_value(body).unwrap();
            body.check().map(drop).map_err(|it| it.details().keys().copied().collect::<Vec<_>>())
        };
        let all = serde_json::json!({
            "tenant": "mandala", "class": "ota-sync", "kind": "push_rates_2", "reason": " x ",
        });
        assert_eq!(check(all), Ok(()));
        assert_eq!(check(serde_json::json!({ "reason": "x" })), Err(vec!["tenant"]));
        assert_eq!(
            check(serde_json::json!({ "class": "odd", "kind": "Push Rates", "reason": " " })),
            Err(vec!["class", "kind", "reason"])
        );
        assert_eq!(check(serde_json::json!({ "kind": "", "reason": "x" })), Err(vec!["kind"]));
    }
}
