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
    Tenant, TenantRef,
    body::{TenantBody, TenantDetailsBody, details},
    delete_routes::delete_tenant,
    model::{Filter, Place},
    store,
};
use crate::{
    app::App,
    database::database_failed,
    paging::{self, parsed},
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

/// Lists tenants, the newest first.
#[utoipa::path(get, path = "/api/v1/tenants", tag = "tenants", params(ListQuery), responses(
    (status = 200, body = Answer<Vec<TenantBody>>),
    (status = 401, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn list_tenants(
    app: Data<App>,
    vendor: Vendor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.read")?;
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

    let place_of = |it: &Tenant| Place { created_at: it.created_at, id: it.id.as_uuid() };
    let cursor = paging::cut(&mut tenants, limit, place_of)?;
    let bodies: Vec<TenantBody> = tenants.into_iter().map(TenantBody::from).collect();
    Ok(Answer::page(bodies, cursor, Some(total)).ok())
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
