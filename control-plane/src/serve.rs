//! The role `serve`: answers people and programs.

use std::sync::{Arc, atomic::AtomicBool};

use anyhow::{Context as _, bail};
use hotelhub_core::tasks::Tasks;
use hotelhub_http::{
    auth::{passwords::Passwords, tokens::Tokens},
    limits::Limits,
    server::{ErrorPage, ServerConfig, serve},
};
use hotelhub_storage::Storage;

use crate::{
    app::App,
    audit,
    backups::Imports,
    config::ServeConfig,
    database,
    domains::Checker,
    following::Streams,
    health::StorageHealth,
    http,
    idempotency::Fingerprints,
    jobs::Hotels,
    pages::error_page,
    routes_feed::{self, Publisher, Snapshots},
    support_access::Endings,
    vendor_users::ISSUER,
    wakes::Wakes,
};

/// Serves until SIGTERM, then lets what is running end.
///
/// # Errors
/// Fails if the settings are of no use, the port is taken, or a task died that it needs.
pub async fn run(config: ServeConfig) -> anyhow::Result<()> {
    let tasks = Tasks::default();
    tasks.spawn("signals", tasks.until_signal().context("listen for signals")?);
    let app = app(&config, &tasks).await?;
    let server = ServerConfig {
        listen: config.listen,
        grace: config.program.grace,
        trusted_proxies: config.trusted_proxies,
        public_tls: [&config.addresses.control, &config.panel]
            .iter()
            .any(|it| it.scheme() == "https"),
        error_page: ErrorPage(error_page),
        tls: None,
    };
    let limits = Limits::new(config.limits);
    let listen = config.listen;
    serve(server, limits, &tasks, http::routes(&app))
        .await
        .with_context(|| format!("serve on {listen} (CONTROL_LISTEN)"))?;
    tasks.stop();
    if !tasks.drain(config.program.grace).await {
        tracing::warn!("some tasks did not end in time");
    }
    if tasks.has_failed() {
        bail!("a task ended that the program cannot do without");
    }
    Ok(())
}

async fn app(config: &ServeConfig, tasks: &Tasks) -> anyhow::Result<App> {
    let clock = config.program.clock.clone();
    let db = database::pool(&config.database_url, "control-plane serve").await;
    let db = db.context("read CONTROL_DATABASE_URL")?;
    let route_changes = Wakes::listen_to_routes_and_steps(config.database_url.clone(), tasks);
    let snapshots = Snapshots::default();
    tasks.spawn_critical("route epoch", routes_feed::watch_epoch(db.clone(), tasks.clone()));
    hotelhub_bundle::keep_temporary_files_in(config.imports.temp_folder.as_deref());
    let objects = config.storage.as_ref().map(Storage::open).transpose();
    let objects = objects.context("open STORAGE_URL")?;
    let storage = match &objects {
        None => None,
        Some(objects) => {
            let is_well = Arc::new(AtomicBool::new(true));
            let publisher = Publisher {
                db: db.clone(),
                snapshots: snapshots.clone(),
                storage: objects.clone(),
                token: config.route_feed_token.clone(),
                changes: route_changes.clone(),
                is_well: Arc::clone(&is_well),
            };
            tasks.spawn_critical("publish routes", publisher.run(tasks.clone()));
            Some(is_well)
        }
    };
    tasks.spawn("audit anchor", audit::note_ends(db.clone(), clock.clone(), tasks.clone()));
    let hotels = Hotels::new(
        config.addresses.clone(),
        config.upcall_url.clone(),
        config.route_feed_token.clone(),
    );
    let hotels = hotels.context("prepare calls of hotels")?;
    let endings = Endings { db: db.clone(), clock: clock.clone(), hotels: hotels.clone() };
    tasks.spawn_critical("end stays", endings.run(tasks.clone()));
    let domains = Checker::new(config.domains.clone(), &config.addresses, clock.clone());
    Ok(App {
        db,
        clock: clock.clone(),
        addresses: config.addresses.clone(),
        panel: config.panel.clone(),
        gate: config.gate.clone(),
        tokens: Tokens::new(ISSUER, &config.token_keys, clock)?,
        passwords: Passwords::new()?,
        fingerprints: Fingerprints::new(&config.sealing_keys),
        sealing_keys: config.sealing_keys.clone(),
        db_host_key_id: config.db_host_keys.current_id().to_owned(),
        route_feed_token: config.route_feed_token.clone(),
        route_changes,
        snapshots,
        storage: StorageHealth(storage),
        objects,
        hotels,
        imports: Imports::new(&config.imports),
        domains: domains.context("prepare to look at domains")?,
        streams: Streams::default(),
        tasks: tasks.clone(),
    })
}
