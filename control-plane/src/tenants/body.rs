//! A tenant as the vendor's people see it.

use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::TenantId,
    life::{Access, Provisioning, Status},
};
use hotelhub_http::{error::ApiResult, language::Language};
use sea_orm::ConnectionTrait;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Tenant,
    actions::{PossibleAction, possible_actions},
    listing::Listed,
    model::{HeldHost, Placement},
    store,
    usage::Usage,
};
use crate::{
    database::database_failed,
    operations::{self, Progress},
    plans,
    retention::{self, Retention},
    subscriptions::{self, Subscription},
};

/// A tenant, as the vendor sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct TenantBody {
    #[schema(value_type = Uuid)]
    pub(crate) id: TenantId,
    pub(crate) slug: String,
    pub(crate) company_name: String,
    /// Empty, as the owner's address and number are, once the tenant is deleted.
    pub(crate) owner_name: String,
    pub(crate) owner_email: String,
    pub(crate) owner_phone: String,
    pub(crate) language: Language,
    pub(crate) region: String,
    #[schema(value_type = String)]
    pub(crate) status: Status,
    #[schema(value_type = String)]
    pub(crate) provisioning: Provisioning,
    #[schema(value_type = String)]
    pub(crate) access: Access,
    /// Why the access is what it is, in the vendor's words.
    pub(crate) access_reason: String,
    pub(crate) access_changed_at: Option<DateTime<Utc>>,
    /// When the relation ended; the data is kept for 90 days after that.
    pub(crate) churned_at: Option<DateTime<Utc>>,
    pub(crate) rooms: i32,
    pub(crate) trial_ends_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) ready_at: Option<DateTime<Utc>>,
}

/// A tenant in the list.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListedTenantBody {
    #[serde(flatten)]
    tenant: TenantBody,
    /// The slug of its plan.
    plan: String,
    /// The host name that links use.
    host: Option<String>,
    /// The name of the database host that its data lies on.
    db_host: Option<String>,
}

/// A tenant with what belongs to it.
#[derive(Serialize, ToSchema)]
pub(crate) struct TenantDetailsBody {
    #[serde(flatten)]
    pub(crate) tenant: TenantBody,
    /// The slug of its plan.
    pub(crate) plan: Option<String>,
    /// The host name that links use.
    pub(crate) host: Option<String>,
    /// All host names that it holds, the one that links use first.
    pub(crate) hosts: Vec<HeldHost>,
    /// The newest subscription.
    pub(crate) subscription: Option<Subscription>,
    /// Where its data lies, once it is published.
    pub(crate) placement: Option<Placement>,
    /// How much it uses.
    pub(crate) usage: Usage,
    /// Until when the data of a churned one is kept, as long as it is there.
    pub(crate) retention: Option<Retention>,
    /// The newest operation.
    pub(crate) operation: Option<Progress>,
    /// What may be done to it now, and what not, and why.
    pub(crate) actions: Vec<PossibleAction>,
}

/// The tenant with what belongs to it.
///
/// # Errors
/// Fails if the database does.
pub(crate) async fn details(
    db: &impl ConnectionTrait,
    tenant: Tenant,
) -> ApiResult<TenantDetailsBody> {
    let id = tenant.id;
    let plan = plans::find(db, tenant.plan).await.map_err(database_failed)?;
    let operation = operations::find_latest(db, id).await.map_err(database_failed)?;
    let hosts = store::list_hosts(db, id).await.map_err(database_failed)?;
    let ended = tenant.churned_at.filter(|_| tenant.provisioning == Provisioning::Ready);
    let retention = match ended {
        Some(at) => Some(retention::find(db, id, at).await.map_err(database_failed)?),
        None => None,
    };
    Ok(TenantDetailsBody {
        plan: plan.map(|it| it.slug),
        host: hosts.iter().find(|it| it.is_verified).map(|it| it.hostname.clone()),
        hosts,
        subscription: subscriptions::find_latest(db, id).await.map_err(database_failed)?,
        placement: store::find_placement(db, id).await.map_err(database_failed)?,
        actions: possible_actions(&tenant, operation.as_ref(), retention.as_ref()),
        usage: store::find_usage(db, id).await.map_err(database_failed)?,
        retention,
        operation,
        tenant: tenant.into(),
    })
}

impl From<Listed> for ListedTenantBody {
    fn from(it: Listed) -> Self {
        let Listed { tenant, plan, host, db_host } = it;
        Self { tenant: tenant.into(), plan, host, db_host }
    }
}

impl From<Tenant> for TenantBody {
    fn from(tenant: Tenant) -> Self {
        Self {
            id: tenant.id,
            slug: tenant.slug,
            company_name: tenant.company_name,
            owner_name: tenant.owner_name,
            owner_email: tenant.owner_email,
            owner_phone: tenant.owner_phone,
            language: tenant.language,
            region: tenant.region,
            status: tenant.status,
            provisioning: tenant.provisioning,
            access: tenant.access,
            access_reason: tenant.access_reason,
            access_changed_at: tenant.access_changed_at,
            churned_at: tenant.churned_at,
            rooms: tenant.rooms,
            trial_ends_at: tenant.trial_ends_at,
            created_at: tenant.created_at,
            ready_at: tenant.ready_at,
        }
    }
}
