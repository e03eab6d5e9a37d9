//! `/api/v1/tenants`, for the vendor's people, and `/t/{slug}`, for anybody.

use actix_web::{
    HttpResponse,
    http::header::LOCATION,
    web::{Data, Path, Query, ServiceConfig},
};
use hotelhub_http::{
    answer::Answer,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    TenantRef,
    body::{ListedTenantBody, TenantDetailsBody, details},
    delete_routes::delete_tenant,
    listing::{self, Total, Wanted},
    store,
};
use crate::{
    app::App,
    database::database_failed,
    signup::{Slug, vendor_routes::create_tenant},
    vendor_users::Vendor,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    let tenants = Endpoint::at("/api/v1/tenants");
    tenants.get(list_tenants).post(create_tenant).register(app);
    let tenant = Endpoint::at("/api/v1/tenants/{tenant}");
    tenant.get(show_tenant).delete(delete_tenant).register(app);
    Endpoint::at("/t/{slug}").get(go_to_hotel).register(app);
}

/// Which tenants to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Part of the slug, the company's name, the owner's e-mail address or a host name.
    q: Option<String>,
    /// `trial`, `active`, `suspended` or `churned`.
    status: Option<String>,
    /// `pending`, `provisioning`, `ready`, `failed`, `deleting` or `deleted`.
    provisioning: Option<String>,
    /// `full`, `grace`, `essential`, `read_only` or `stopped`.
    access: Option<String>,
    /// The slug of a plan.
    plan: Option<String>,
    /// Name or id of the database host that holds the data.
    db_host: Option<String>,
    /// `newest` (if left out), `oldest`, `slug`, `company`, or `trial_end`: the trial that ends
    /// first, and nobody without one.
    sort: Option<String>,
    /// Where the last page ended: its `meta.next_cursor`.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    limit: Option<u64>,
}

/// Lists tenants. `meta.total` is left out when they are too many to count for a page.
#[utoipa::path(get, path = "/api/v1/tenants", tag = "tenants", params(ListQuery), responses(
    (status = 200, body = Answer<Vec<ListedTenantBody>>),
    (status = 401, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn list_tenants(
    app: Data<App>,
    vendor: Vendor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.read")?;
    let ListQuery { q, status, provisioning, access, plan, db_host, sort, cursor, limit } =
        query.into_inner();
    let text = q;
    let wanted = Wanted { text, status, provisioning, access, plan, db_host, sort, cursor, limit };
    let page = listing::page(&app, wanted).await?;
    let total = match page.total {
        Total::Exactly(count) => Some(count),
        Total::MoreThan(_) => None,
    };
    let bodies: Vec<ListedTenantBody> = page.rows.into_iter().map(Into::into).collect();
    Ok(Answer::page(bodies, page.next, total).ok())
}

/// Shows a tenant, with its placement and its newest operation.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}", tag = "tenants",
    params(("tenant" = String, Path, description = "id or slug")), responses(
    (status = 200, body = Answer<TenantDetailsBody>),
    (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn show_tenant(
    app: Data<App>,
    vendor: Vendor,
    name: Path<TenantRef>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.read")?;
    let found = store::find_named(&app.db, &name).await.map_err(database_failed)?;
    let tenant = found.ok_or_else(|| ApiError::not_found("tenant"))?;
    Ok(Answer::new(details(&app.db, tenant).await?).ok())
}

/// Goes on to a hotel's own host.
pub(crate) async fn go_to_hotel(app: Data<App>, slug: Path<String>) -> ApiResult<HttpResponse> {
    let unknown = || ApiError::not_found("hotel");
    let slug = Slug::parse(&slug).map_err(|_refused| unknown())?;
    let host = store::find_primary_host(&app.db, slug.as_str()).await.map_err(database_failed)?;
    let address = app.addresses.of_hotel(&host.ok_or_else(unknown)?);
    Ok(HttpResponse::PermanentRedirect().insert_header((LOCATION, format!("{address}/"))).finish())
}
