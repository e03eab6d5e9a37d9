//! `/api/v1/tenants`, for the vendor's people, and `/t/{slug}`, for anybody.

use actix_web::{
    HttpResponse,
    http::header::LOCATION,
    web::{Data, Path, Query, ServiceConfig},
};
use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::TenantId,
    life::{Access, Provisioning, Status},
};
use hotelhub_http::{
    answer::Answer,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
    language::Language,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Filter, Place, Tenant, store};
use crate::{
    app::App,
    database::database_failed,
    operations::{self, Progress, Step},
    paging, plans,
    signup::Slug,
    vendor_users::Vendor,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/tenants").get(list_tenants).register(app);
    Endpoint::at("/api/v1/tenants/{tenant_id}").get(show_tenant).register(app);
    Endpoint::at("/t/{slug}").get(go_to_hotel).register(app);
}

/// Which tenants to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Part of the slug, the company's name or the owner's e-mail address.
    q: Option<String>,
    /// `trial`, `active`, `suspended` or `churned`.
    status: Option<String>,
    /// `pending`, `provisioning`, `ready`, `failed`, `deleting` or `deleted`.
    provisioning: Option<String>,
    /// Where the last page ended: its `meta.next_cursor`.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    limit: Option<u64>,
}

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
    rooms: i32,
    trial_ends_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    ready_at: Option<DateTime<Utc>>,
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
    /// The newest operation.
    operation: Option<OperationBody>,
}

/// What the provisioner was asked to do.
#[derive(Serialize, ToSchema)]
pub(crate) struct OperationBody {
    id: Uuid,
    kind: String,
    requested_at: DateTime<Utc>,
    steps: Vec<Step>,
}

/// Lists tenants, the newest first.
#[utoipa::path(get, path = "/api/v1/tenants", tag = "tenants", params(ListQuery), responses(
    (status = 200, body = Answer<Vec<TenantBody>>),
    (status = 401, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn list_tenants(
    app: Data<App>,
    _vendor: Vendor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    let query = query.into_inner();
    let limit = paging::limit(query.limit)?;
    let after: Option<Place> = paging::read_cursor(query.cursor.as_deref())?;
    let filter = Filter {
        text: query.q.filter(|it| !it.trim().is_empty()).map(|it| it.trim().to_owned()),
        status: parsed("status", query.status.as_deref())?,
        provisioning: parsed("provisioning", query.provisioning.as_deref())?,
    };
    // One row more than the page says whether there is a next one.
    let mut tenants =
        store::list(&app.db, &filter, after, limit + 1).await.map_err(database_failed)?;
    let total = store::count(&app.db, &filter).await.map_err(database_failed)?;

    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = tenants.len() > size;
    tenants.truncate(size);
    let last = tenants.last().filter(|_| more);
    let place = last.map(|it| Place { created_at: it.created_at, id: it.id.as_uuid() });
    let cursor = place.map(|it| paging::write_cursor(&it)).transpose()?;
    let bodies: Vec<TenantBody> = tenants.into_iter().map(TenantBody::from).collect();
    Ok(Answer::page(bodies, cursor, Some(total)).ok())
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    field: &'static str,
    text: Option<&str>,
) -> ApiResult<Option<T>> {
    text.map(|it| it.parse().map_err(|error: T::Err| ApiError::invalid(field, error.to_string())))
        .transpose()
}

/// Shows a tenant, with the newest operation and its steps.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant_id}", tag = "tenants",
    params(("tenant_id" = Uuid, Path)), responses(
    (status = 200, body = Answer<TenantDetailsBody>),
    (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn show_tenant(
    app: Data<App>,
    _vendor: Vendor,
    id: Path<TenantId>,
) -> ApiResult<HttpResponse> {
    let found = store::find(&app.db, *id).await.map_err(database_failed)?;
    let tenant = found.ok_or_else(|| ApiError::not_found("tenant"))?;
    let plan = plans::find(&app.db, tenant.plan).await.map_err(database_failed)?;
    let host = store::find_host_of(&app.db, *id).await.map_err(database_failed)?;
    let operation = operations::find_latest(&app.db, *id).await.map_err(database_failed)?;
    let body = TenantDetailsBody {
        tenant: tenant.into(),
        plan: plan.map(|it| it.slug),
        host,
        operation: operation.map(OperationBody::from),
    };
    Ok(Answer::new(body).ok())
}

/// Goes on to a hotel's own host.
pub(crate) async fn go_to_hotel(app: Data<App>, slug: Path<String>) -> ApiResult<HttpResponse> {
    let unknown = || ApiError::not_found("hotel");
    let slug = Slug::parse(&slug).map_err(|_refused| unknown())?;
    let host = store::find_primary_host(&app.db, slug.as_str()).await.map_err(database_failed)?;
    let address = app.addresses.of_hotel(&host.ok_or_else(unknown)?);
    Ok(HttpResponse::PermanentRedirect().insert_header((LOCATION, format!("{address}/"))).finish())
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
            rooms: tenant.rooms,
            trial_ends_at: tenant.trial_ends_at,
            created_at: tenant.created_at,
            ready_at: tenant.ready_at,
        }
    }
}

impl From<Progress> for OperationBody {
    fn from(progress: Progress) -> Self {
        let Progress { id, kind, requested_at, steps } = progress;
        Self { id, kind, requested_at, steps }
    }
}
