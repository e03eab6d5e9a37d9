//! `/.well-known/acme-challenge/{token}`: what a certificate authority is answered that looks whose name
//! it is. The provisioner has put the answer into the store.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::ContentType,
    web::{Data, Path, ServiceConfig},
};
use hotelhub_http::{
    endpoint::Endpoint,
    error::{ApiError, ApiResult},
};
use tokio::{sync::Semaphore, time::timeout};

use crate::{app::App, domains::allow::may_have_certificate, site::host_of};

/// Looks into the store at a time: authorities look from a handful of places.
const AT_ONCE: usize = 16;
static LOOKS: Semaphore = Semaphore::const_new(AT_ONCE);
/// Longest wait for a look: authorities wait about ten seconds for the answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Adds the route.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/.well-known/acme-challenge/{token}").get(answer_authority).register(app);
}

/// Looks only for names for which certificates are ordered, and none are for the platform's own. A
/// certificate is ordered as soon as its name is verified, so the authority may be here before that is
/// known.
///
/// Strangers' looks are limited by address ([`hotelhub_http::limits`]) and keep authorities waiting
/// for a moment at most.
async fn answer_authority(
    app: Data<App>,
    req: HttpRequest,
    token: Path<String>,
) -> ApiResult<HttpResponse> {
    let unknown = || ApiError::not_found("challenge");
    let host = host_of(&req).ok().ok_or_else(unknown)?;
    if app.addresses.is_of_platform(host.as_str()) {
        return Err(unknown());
    }
    if !may_have_certificate(&app.routes, &host) {
        app.feed.catch_up().await;
    }
    if !may_have_certificate(&app.routes, &host) {
        return Err(unknown());
    }
    let store = app.certificates.as_ref().ok_or_else(unknown)?;
    let busy = || ApiError::unavailable("BUSY", "too much at once; try again", 1);
    let turn = timeout(PATIENCE, LOOKS.acquire()).await.map_err(|late| busy().caused_by(late))?;
    let _turn = turn.map_err(ApiError::internal)?;
    let found = store.find_answer(&token).await.map_err(|error| busy().caused_by(error))?;
    let answer = found.ok_or_else(unknown)?;
    Ok(HttpResponse::Ok().content_type(ContentType::octet_stream()).body(answer))
}
