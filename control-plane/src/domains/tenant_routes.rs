//! `/api/v1/tenants/{tenant}/domains`: one tenant's host names.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query, ServiceConfig},
};
use hotelhub_http::{
    answer::Answer,
    body::{JsonBody, NoBody},
    endpoint::Endpoint,
    error::{ApiResult, ErrorBody},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    Domain,
    service::{self, WRITE, Wanted},
};
use crate::{app::App, idempotency::once, tenants::TenantRef, vendor_users::Vendor};

const PATH: &str = "/api/v1/tenants/{tenant}/domains";

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    let at = |rest: &str| Endpoint::at(&format!("{PATH}{rest}"));
    at("").get(list_tenant_domains).post(claim_domain).register(app);
    at("/{domain}").get(show_domain).delete(release_domain).register(app);
    at("/{domain}/verify").post(verify_domain).register(app);
    at("/{domain}/primary").post(make_domain_primary).register(app);
}

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// `action_needed`, `working`, `live` or `stuck`.
    state: Option<String>,
    /// Where the last page ended: its `meta.next_cursor`.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    limit: Option<u64>,
}

/// Which name.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimDomainBody {
    /// As people write it, e.g. `www.hotelmandala.com`.
    hostname: String,
}

/// Lists a tenant's domains, the newest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/domains", tag = "domains",
    params(("tenant" = String, Path, description = "slug or id"), PageQuery), responses(
    (status = 200, body = Answer<Vec<Domain>>),
    (status = 401, body = ErrorBody), (status = 404, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn list_tenant_domains(
    app: Data<App>,
    vendor: Vendor,
    tenant: Path<TenantRef>,
    query: Query<PageQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.read")?;
    let tenant = service::find_tenant(&app.db, &tenant).await?;
    let PageQuery { state, cursor, limit } = query.into_inner();
    let tenant = Some(TenantRef::Id(tenant.id));
    let wanted = Wanted { tenant, state, cursor, limit, ..Wanted::default() };
    let (found, cursor) = service::list(&app, wanted).await?;
    Ok(Answer::page(found, cursor, None).ok())
}

/// Claims a name for a tenant: `records` of the answer say what is to stand in DNS.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/domains", tag = "domains",
    request_body = ClaimDomainBody,
    params(("tenant" = String, Path, description = "slug or id"),
        ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 201, body = Answer<Domain>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description =
        "`DOMAIN_ALREADY_CLAIMED` by this tenant, `DOMAIN_TAKEN` by another one, \
         `DOMAIN_QUARANTINED` until `details.until`, `TOO_MANY_DOMAINS`, `TENANT_GONE`"),
    (status = 422, body = ErrorBody, description =
        "`VALIDATION_FAILED`: `details.hostname` says why it can be nobody's custom domain"),
), security(("vendor" = [])))]
pub(crate) async fn claim_domain(
    app: Data<App>,
    vendor: Vendor,
    tenant: Path<TenantRef>,
    body: JsonBody<ClaimDomainBody>,
) -> ApiResult<HttpResponse> {
    vendor.require(WRITE)?;
    let JsonBody { value: body, repeat } = body;
    once(&app, (&vendor, &repeat), StatusCode::CREATED, async |tx| {
        service::claim(&app, tx, &vendor, (&tenant, &body.hostname)).await
    })
    .await
}

/// Shows one domain, by its id or its name.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/domains/{domain}", tag = "domains",
    params(("tenant" = String, Path), ("domain" = String, Path, description = "id or name")),
    responses(
    (status = 200, body = Answer<Domain>),
    (status = 401, body = ErrorBody), (status = 404, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn show_domain(
    app: Data<App>,
    vendor: Vendor,
    path: Path<(TenantRef, String)>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.read")?;
    let (tenant, name) = path.into_inner();
    let tenant = service::find_tenant(&app.db, &tenant).await?;
    Ok(Answer::new(service::find(&app, &app.db, tenant.id, &name).await?).ok())
}

/// Looks at a domain at once: DNS, and the certificate if there should be one.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/domains/{domain}/verify", tag = "domains",
    params(("tenant" = String, Path), ("domain" = String, Path, description = "id or name"),
        ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<Domain>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn verify_domain(
    app: Data<App>,
    vendor: Vendor,
    path: Path<(TenantRef, String)>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    let (tenant, name) = path.into_inner();
    // DNS may take its time: no transaction waits for it.
    let looked = service::look(&app, &vendor, (&tenant, &name)).await?;
    once(&app, (&vendor, &body.0), StatusCode::OK, async |tx| looked.write(&app, tx, &vendor).await)
        .await
}

/// Makes a live domain the one that pages on the tenant's other names lead to.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/domains/{domain}/primary", tag = "domains",
    params(("tenant" = String, Path), ("domain" = String, Path, description = "id or name"),
        ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<Domain>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`DOMAIN_NOT_LIVE`"),
), security(("vendor" = [])))]
pub(crate) async fn make_domain_primary(
    app: Data<App>,
    vendor: Vendor,
    path: Path<(TenantRef, String)>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    let (tenant, name) = path.into_inner();
    once(&app, (&vendor, &body.0), StatusCode::OK, async |tx| {
        service::make_primary(&app, tx, &vendor, (&tenant, &name)).await
    })
    .await
}

/// Lets a custom domain go. For 30 days no other tenant can have a name that was verified; the same
/// one can claim it again at once.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/domains/{domain}", tag = "domains",
    params(("tenant" = String, Path), ("domain" = String, Path, description = "id or name"),
        ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<Domain>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`DOMAIN_OF_PLATFORM`"),
), security(("vendor" = [])))]
pub(crate) async fn release_domain(
    app: Data<App>,
    vendor: Vendor,
    path: Path<(TenantRef, String)>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    let (tenant, name) = path.into_inner();
    once(&app, (&vendor, &body.0), StatusCode::OK, async |tx| {
        service::release(&app, tx, &vendor, (&tenant, &name)).await
    })
    .await
}
