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

use super::{Tenant, listing::Listed, model::Placement, store};
use crate::{
    database::database_failed,
    operations::{self, Progress},
    plans,
};

/// A tenant, as the vendor sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct TenantBody {
    #[schema(value_type = Uuid)]
    id: TenantId,
    slug: String,
    company_name: String,
    owner_name: String,
    owner_email: String,
    owner_phone: String,
    language: Language,
    region: String,
    #[schema(value_type = String)]
    status: Status,
    #[schema(value_type = String)]
    provisioning: Provisioning,
    #[schema(value_type = String)]
    access: Access,
    /// Why the access is what it is, in the vendor's words.
    access_reason: String,
    access_changed_at: Option<DateTime<Utc>>,
    rooms: i32,
    trial_ends_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    ready_at: Option<DateTime<Utc>>,
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
    tenant: TenantBody,
    /// The slug of its plan.
    plan: Option<String>,
    /// The host name that links use.
    host: Option<String>,
    /// Where its data lies, once it is published.
    placement: Option<Placement>,
    /// The newest operation.
    operation: Option<Progress>,
}

/// The tenant with what belongs to it.
///
/// # Errors
/// Fails if the database does.
pub(super) async fn details(
    db: &impl ConnectionTrait,
    tenant: Tenant,
) -> ApiResult<TenantDetailsBody> {
    let id = tenant.id;
    let plan = plans::find(db, tenant.plan).await.map_err(database_failed)?;
    Ok(TenantDetailsBody {
        tenant: tenant.into(),
        plan: plan.map(|it| it.slug),
        host: store::find_host_of(db, id).await.map_err(database_failed)?,
        placement: store::find_placement(db, id).await.map_err(database_failed)?,
        operation: operations::find_latest(db, id).await.map_err(database_failed)?,
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
            rooms: tenant.rooms,
            trial_ends_at: tenant.trial_ends_at,
            created_at: tenant.created_at,
            ready_at: tenant.ready_at,
        }
    }
}
