//! `serve`: answers requests on the hotels' hosts. Stateless: any number of replicas.

use std::{sync::Arc, time::Duration};

use actix_web::web::{Data, ServiceConfig};
use anyhow::Context;
use hotelhub_core::tasks::Tasks;
use hotelhub_http::{
    auth::{passwords::Passwords, tokens::Tokens},
    limits::{Limits, Verified},
    server::{self, AnswerHeaders, Elsewhere, ErrorPage, ServerConfig, TenantOf},
};
use hotelhub_jobs::broker::Broker;
use hotelhub_tenancy::{
    feed::Feed,
    pools::{PoolsConfig, TenantPools},
    routes::Routes,
};
use secrecy::ExposeSecret;

use crate::{
    app::{App, SCHEMA_VERSIONS},
    config::ServeConfig,
    desk, domains,
    exports::ControlPlane,
    health::{self, Looked},
    http, pages,
    relay::Relay,
    site, standing,
};

/// How long a hotel's connection is kept that nobody uses: people pause between two clicks.
const IDLE: Duration = Duration::from_secs(45);
/// How long requests stand in line for their hotel's connection before it gets another one: as long
/// as dozens of small queries take, one after the other.
const PATIENCE: Duration = Duration::from_millis(15);

/// Serves until a signal, then drains.
///
/// # Errors
/// Fails if a key is unfit, the port is taken, or a part that it cannot do without has ended.
pub async fn run(config: ServeConfig) -> anyhow::Result<()> {
    let tasks = Tasks::default();
    let signalled = tasks.until_signal().context("listen for signals")?;
    let clock = config.program.clock;
    let routes = Routes::default();
    let upcall_token = config.feed.token.clone();
    let control = ControlPlane::new(config.feed.url.clone(), upcall_token.clone());
    let control = control.context("prepare calls to the control plane")?;
    let certificates = config.tls.store(config.feed.storage.as_ref())?;
    let feed = Feed::new(config.feed, routes.clone()).context("prepare the route feed")?;
    let pools = TenantPools::new(PoolsConfig {
        keys: config.databases.keys,
        connections_per_host: config.databases.connections_per_host,
        schema_versions: SCHEMA_VERSIONS,
        idle: IDLE,
        patience: PATIENCE,
        application: "tenant-api serve",
    });
    let broker = Broker::start(config.amqp_url.expose_secret(), "tenant-api serve", &tasks);
    let app = App {
        clock: clock.clone(),
        addresses: config.addresses,
        routes: routes.clone(),
        feed: feed.clone(),
        pools: pools.clone(),
        tokens: Tokens::new("hotelhub-hotel", &config.token_keys, clock.clone())?,
        passwords: Passwords::new()?,
        relay: Relay::new(Arc::new(broker.clone()), tasks.clone()),
        certificates: certificates.clone(),
        serves_tls: config.tls.listen.is_some(),
        upcall_token,
        control,
    };

    let following = feed.clone();
    tasks.spawn_endless("route feed", async move {
        following.start().await;
        following.follow().await;
    });
    tasks.spawn_endless("close pools", pools.clone().follow(routes));
    tasks.spawn_endless("reap idle connections", pools.reap());

    let base_domain = app.addresses.base_domain.clone();
    let tls = config.tls.serve((certificates, &app.routes), &base_domain, &tasks)?;
    let public_tls = app.addresses.over_tls();
    let (tls, certificates) = tls.map(|it| ((it.listen, it.config), it.progress)).unzip();
    let looked = Looked { app: app.clone(), feed, broker, certificates };
    let health = health::health(clock, looked);
    let data = Data::new(app);
    let routes = move |service: &mut ServiceConfig| {
        service.app_data(data.clone()).app_data(TenantOf(site::tenant_of));
        service.app_data(Verified(desk::has_verified_token));
        service.app_data(AnswerHeaders(standing::billing_state));
        service.app_data(Elsewhere(domains::primary_address));
        health.clone().register(service);
        http::register(service);
    };
    let server_config = ServerConfig {
        listen: config.listen,
        grace: config.program.grace,
        trusted_proxies: config.trusted_proxies,
        public_tls,
        error_page: ErrorPage(pages::error_page),
        tls,
    };
    let limits = Limits::new(config.limits);
    let serving = server::serve(server_config, limits, &tasks, routes);
    let (served, ()) = futures_util::join!(
        async {
            let served = serving.await.context("serve");
            tasks.stop();
            served
        },
        signalled,
    );
    served?;
    if !tasks.drain(config.program.grace).await {
        tracing::warn!("some background work did not end in time");
    }
    anyhow::ensure!(!tasks.has_failed(), "a part that serve cannot do without has ended");
    Ok(())
}
