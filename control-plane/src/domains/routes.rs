//! `/api/v1/domains`: the host names of all tenants.

use actix_web::{
    HttpResponse,
    web::{Data, Query, ServiceConfig},
};
use hotelhub_http::{
    answer::Answer,
    endpoint::Endpoint,
    error::{ApiResult, ErrorBody},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Domain,
    service::{self, Wanted},
};
use crate::{app::App, tenants::TenantRef, vendor_users::Vendor};

/// Adds the route.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/domains").get(list_domains).register(app);
}

/// Which domains, and which page of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Slug or id.
    #[param(value_type = Option<String>)]
    tenant: Option<TenantRef>,
    /// `action_needed`, `working`, `live` or `stuck`.
    state: Option<String>,
    /// `subdomain` or `custom`.
    kind: Option<String>,
    /// Part of the name; of one in another script whole words between dots.
    text: Option<String>,
    /// Where the last page ended: its `meta.next_cursor`.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    limit: Option<u64>,
}

/// Lists the domains that are held or claimed, the newest first.
#[utoipa::path(get, path = "/api/v1/domains", tag = "domains", params(ListQuery), responses(
    (status = 200, body = Answer<Vec<Domain>>),
    (status = 401, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn list_domains(
    app: Data<App>,
    vendor: Vendor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.read")?;
    let ListQuery { tenant, state, kind, text, cursor, limit } = query.into_inner();
    let wanted = Wanted { tenant, state, kind, text, cursor, limit };
    let (found, cursor) = service::list(&app, wanted).await?;
    Ok(Answer::page(found, cursor, None).ok())
}
