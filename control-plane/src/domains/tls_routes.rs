//! `/tls/allow`: whether a certificate may be issued for a name. Edges that issue on demand ask
//! before each one; any answer but 200 is no.
//!
//! What can be nobody's domain here is refused without a look into the database; all other names share
//! a few looks, so that a flood of them keeps nobody else from the database. `tenant-api` answers the
//! same from memory.

use std::time::Duration;

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
use tokio::{sync::Semaphore, time::timeout};
use utoipa::{IntoParams, ToSchema};

use super::{hostname::possible, service::own_hosts, store};
use crate::{app::App, database::database_failed};

/// Looks into the database at a time: whoever asks for many names waits here, and nobody else for them.
const AT_ONCE: usize = 4;
static LOOKS: Semaphore = Semaphore::const_new(AT_ONCE);
/// Longest wait for a look: a handshake waits for the answer.
const PATIENCE: Duration = Duration::from_secs(2);

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
    (status = 503, body = ErrorBody, description = "`BUSY`: too many ask at once"),
))]
pub(crate) async fn allow_certificate(
    app: Data<App>,
    query: Query<AllowQuery>,
) -> ApiResult<HttpResponse> {
    let typed = query.into_inner().domain;
    let Some(domain) = possible(&typed, &own_hosts(&app), &app.addresses.base_domain) else {
        count("impossible");
        return Err(unknown());
    };
    let Ok(turn) = timeout(PATIENCE, LOOKS.acquire()).await else {
        count("busy");
        return Err(ApiError::unavailable("BUSY", "too much at once; try again", 1));
    };
    let _turn = turn.map_err(ApiError::internal)?;
    if store::may_have_certificate(&app.db, &domain).await.map_err(database_failed)? {
        count("allowed");
        return Ok(Answer::new(Allowed { domain }).ok());
    }
    count("unknown");
    Err(unknown())
}

fn unknown() -> ApiError {
    let what = "no certificate may be issued for this name";
    ApiError::refused(StatusCode::NOT_FOUND, "DOMAIN_UNKNOWN", what)
}

fn count(outcome: &'static str) {
    metrics::counter!("tls_allow_total", "outcome" => outcome).increment(1);
}
