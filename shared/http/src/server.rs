//! Starts a web program and stops it without losing a request.

use std::{net::SocketAddr, time::Duration};

use actix_web::{
    App, HttpServer,
    middleware::from_fn,
    web::{self, Data, FormConfig, PathConfig, PayloadConfig, QueryConfig, ServiceConfig},
};
use hotelhub_core::{calls::KEPT_OPEN, tasks::Tasks};

use crate::{
    body::refuse_nul_in_address, client_addr::TrustedProxies, error::ApiError, frame::frame,
    limits::Limits,
};

pub use crate::frame::{
    AnswerHeaders, Elsewhere, ErrorPage, TenantOf, request_id, trace_of, wants_page,
};

/// Largest body that is read.
const BODY_BYTES: usize = 256 * 1024;
/// How long a client may take to send its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
const FORGET_EVERY: Duration = Duration::from_secs(60);

/// Whether people reach the program over TLS (which the edge ends).
#[derive(Clone, Copy, Debug)]
pub struct PublicTls(pub bool);

/// How a web program listens.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// How long requests may take to end after a SIGTERM.
    pub grace: Duration,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// Whether people reach it over TLS.
    pub public_tls: bool,
    /// How errors look to people.
    pub error_page: ErrorPage,
    /// Where TLS is served besides, and how, if it is.
    pub tls: Option<(SocketAddr, rustls::ServerConfig)>,
}

/// Serves until `tasks` are told to stop, then lets what is running end.
///
/// # Errors
/// Fails if the address cannot be listened on.
pub async fn serve(
    config: ServerConfig,
    limits: Limits,
    tasks: &Tasks,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> std::io::Result<()> {
    let limits = Data::new(limits);
    let proxies = Data::new(config.trusted_proxies);
    let kept = limits.clone();
    tasks.spawn("forget idle addresses", forget_idle(kept, tasks.clone()));
    let tls = config.tls;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(limits.clone())
            .app_data(proxies.clone())
            .app_data(config.error_page)
            .app_data(PublicTls(config.public_tls))
            .app_data(PayloadConfig::new(BODY_BYTES))
            .app_data(FormConfig::default().limit(BODY_BYTES).error_handler(|e, _| malformed(&e)))
            .app_data(QueryConfig::default().error_handler(|e, _| malformed(&e)))
            // A path that cannot be anything of ours is nothing of ours.
            .app_data(PathConfig::default().error_handler(|_, _| no_route().into()))
            .configure(routes.clone())
            .default_service(web::to(|| std::future::ready(Err::<&str, _>(no_route()))))
            .wrap(from_fn(refuse_nul_in_address))
            .wrap(from_fn(frame))
    })
    .keep_alive(KEPT_OPEN)
    .client_request_timeout(HEAD_TIMEOUT)
    .shutdown_timeout(config.grace.as_secs())
    .disable_signals()
    .tls_handshake_timeout(HEAD_TIMEOUT)
    .bind(config.listen)?;
    let server = match tls {
        Some((listen, tls)) => {
            tracing::info!(%listen, "serving over TLS");
            server.bind_rustls_0_23(listen, tls)?
        }
        None => server,
    };
    let server = server.run();

    let handle = server.handle();
    let stop = tasks.stop_token();
    tasks.spawn("stop the server", async move {
        stop.cancelled().await;
        handle.stop(true).await;
    });
    tracing::info!(listen = %config.listen, "serving");
    server.await
}

async fn forget_idle(limits: Data<Limits>, tasks: Tasks) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(FORGET_EVERY) => limits.forget_idle(),
            () = tasks.stopping() => return,
        }
    }
}

fn malformed(error: &dyn std::error::Error) -> actix_web::Error {
    ApiError::malformed(error.to_string()).into()
}

fn no_route() -> ApiError {
    ApiError::not_found("address; the API is described at /openapi.json")
}
