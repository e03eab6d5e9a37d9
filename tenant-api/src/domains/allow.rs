//! `/tls/allow`: whether a certificate may be issued for a name. Edges that issue on demand ask before
//! each one; any answer but 200 is no.
//!
//! The answer comes from the table of routes in memory: it costs the same for every name, known or
//! not, nobody else is asked, and it is given while the control plane is down. Edges are few addresses
//! that ask for many names, so nobody is limited here.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Query, ServiceConfig},
};
use hotelhub_core::life::Provisioning;
use hotelhub_http::{
    answer::Answer,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use hotelhub_tenancy::{host::Hostname, routes::Routes};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;

/// Adds the route.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/tls/allow").get(allow_certificate).register(app);
}

/// Which name.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AllowQuery {
    /// As it stands in the handshake.
    domain: String,
}

/// The name that may have a certificate.
#[derive(Serialize, ToSchema)]
pub(crate) struct Allowed {
    domain: String,
}

/// Says whether a certificate may be issued for a name.
#[utoipa::path(get, path = "/tls/allow", tag = "domains", params(AllowQuery), responses(
    (status = 200, body = Answer<Allowed>),
    (status = 404, body = ErrorBody, description = "`DOMAIN_UNKNOWN`: do not issue"),
))]
pub(crate) async fn allow_certificate(
    app: Data<App>,
    query: Query<AllowQuery>,
) -> ApiResult<HttpResponse> {
    // A port is no part of a name.
    let name = Some(&query.domain).filter(|it| !it.contains(':'));
    let name = name.and_then(|it| Hostname::parse(it).ok());
    match name.filter(|it| may_have_certificate(&app.routes, it)) {
        Some(name) => Ok(Answer::new(Allowed { domain: name.to_string() }).ok()),
        None => {
            let what = "no certificate may be issued for this name";
            Err(ApiError::refused(StatusCode::NOT_FOUND, "DOMAIN_UNKNOWN", what))
        }
    }
}

/// Whether a name is a hotel's, and leads here as far as is known.
pub(crate) fn may_have_certificate(routes: &Routes, name: &Hostname) -> bool {
    routes.resolve(name).is_some_and(|route| {
        let is_gone = matches!(
            route.provisioning,
            Provisioning::Failed | Provisioning::Deleting | Provisioning::Deleted
        );
        !is_gone && route.domain(name.as_str()).is_some_and(|it| it.live)
    })
}
