//! `/tls/allow`: whether a certificate may be issued for a name. Edges that issue on demand ask
//! before each one; any answer but 200 is no.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Query, ServiceConfig},
};
use hotelhub_http::{
    answer::Answer,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};

use super::store;
use crate::{app::App, database::database_failed};

/// Looks into the database at a time: whoever asks for many names waits here, and nobody else for them.
const AT_ONCE: usize = 4;
static LOOKS: Semaphore = Semaphore::const_new(AT_ONCE);

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
    let domain = query.into_inner().domain.to_ascii_lowercase();
    let domain = domain.strip_suffix('.').unwrap_or(&domain).to_owned();
    let is_name = domain.len() <= 253
        && domain.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'.' || it == b'-');
    let may = if is_name {
        let _turn = LOOKS.acquire().await.map_err(ApiError::internal)?;
        store::may_have_certificate(&app.db, &domain).await.map_err(database_failed)?
    } else {
        false
    };
    if may {
        return Ok(Answer::new(Allowed { domain }).ok());
    }
    let what = "no certificate may be issued for this name";
    Err(ApiError::refused(StatusCode::NOT_FOUND, "DOMAIN_UNKNOWN", what))
}
