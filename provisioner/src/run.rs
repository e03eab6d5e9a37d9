//! What the two subcommands do.

use std::{pin::pin, sync::Arc};

use anyhow::{Context as _, Result, bail};
use hotelhub_core::tasks::Tasks;
use hotelhub_jobs::broker::Broker;
use hotelhub_storage::Storage;
use secrecy::ExposeSecret as _;
use tokio_postgres::Config as Login;

use crate::{
    access::AccessKeeper,
    backup_tenant::{self, BackupTenant},
    backups::{Drills, Expiry, Nightly, Overdue, Rescue, place},
    certificates::Issuer,
    config::Config,
    create_tenant::{CreateTenant, Tools},
    delete_tenant::{self, DeleteTenant},
    engine::Runner,
    fleet::Leader,
    hosts::{Keeper, Watcher},
    locks::Lock,
    move_tenant::{self, MoveTenant},
    restore_tenant::{self, RestoreTenant},
    rounds::spawn_rounds,
    session::Session,
    sweep::Sweeper,
    wake::Wake,
    warm_pool::{Kept, WarmPool},
};

/// Brings the control database to its schema.
///
/// # Errors
/// Fails if the database cannot be reached or a migration fails.
pub async fn migrate(control: &Login) -> Result<()> {
    let tasks = Tasks::default();
    let mut session =
        Session::open(control, &tasks).await.context("connect to the control database")?;
    // Another one at work may take longer than any lock should.
    let lock = Lock::ControlSchema.key();
    session
        .run(&format!("SET lock_timeout = 0; SELECT pg_advisory_lock({lock})"))
        .await
        .context("wait for another migration to end")?;
    let report = migrations::migrate_control(session.client_mut()).await?;
    let applied: Vec<String> =
        report.applied_migrations().iter().map(ToString::to_string).collect();
    tracing::info!(?applied, "the control database has its schema");
    Ok(())
}

/// Makes backups every night, lets go of old ones, and tries them.
fn keep_backups(config: &Config, storage: &Storage, tasks: &Tasks) {
    let nightly = Nightly::new(config, storage.clone(), tasks.clone());
    for _ in 0..config.backup_concurrency.get() {
        tasks.spawn_critical("nightly backups", nightly.clone().run());
    }
    tasks.spawn_endless("count of overdue backups", Overdue::new(config, tasks.clone()).run());
    spawn_rounds("expiry of backups", Expiry::new(config, storage.clone()), config, tasks);
    let rescue = Rescue::new(config, storage.clone(), tasks.clone());
    spawn_rounds("rescue of replaced copies", rescue, config, tasks);
    let drills = Drills::new(config, storage.clone(), tasks.clone());
    tasks.spawn_endless("restore drills", drills.run());
}

/// Works until a signal says stop.
///
/// # Errors
/// Fails if a task that the program cannot do without ended by itself.
pub async fn run(config: Config) -> Result<()> {
    hotelhub_bundle::keep_temporary_files_in(config.temp_folder.as_deref());
    let tasks = Tasks::default();
    let mut signalled = pin!(tasks.until_signal().context("listen for signals")?);
    let wake = Wake::default();
    tasks.spawn_critical("wake", wake.clone().listen(config.control.clone(), tasks.clone()));

    let storage = match &config.storage {
        Some(place) => tokio::select! {
            opened = place::open(place, &config.control, &tasks) => Some(opened?),
            () = &mut signalled => return Ok(()),
        },
        None => None,
    };
    let kept = Arc::new(Kept::default());
    for _ in 0..config.concurrency.get() {
        let tools = Tools::new(&config, kept.clone(), tasks.clone());
        let saga = CreateTenant::new(Arc::new(tools));
        let runner = Runner::new(saga, config.control.clone(), &wake, tasks.clone());
        tasks.spawn_critical("runner", runner.run());
    }
    for _ in 0..config.move_concurrency.get() {
        let tools = move_tenant::Tools::new(&config, tasks.clone());
        let saga = MoveTenant::new(Arc::new(tools));
        let runner = Runner::new(saga, config.control.clone(), &wake, tasks.clone());
        tasks.spawn_critical("runner of moves", runner.run());
    }
    let tools = backup_tenant::Tools::new(&config, storage.clone(), tasks.clone());
    let saga = BackupTenant::new(Arc::new(tools));
    let runner = Runner::new(saga, config.control.clone(), &wake, tasks.clone());
    tasks.spawn_critical("runner of backups", runner.run());
    let tools = restore_tenant::Tools::new(&config, storage.clone(), tasks.clone());
    let saga = RestoreTenant::new(Arc::new(tools));
    let runner = Runner::new(saga, config.control.clone(), &wake, tasks.clone());
    tasks.spawn_critical("runner of restores", runner.run());
    let saga = DeleteTenant::new(Arc::new(delete_tenant::Tools::new(
        &config,
        storage.clone(),
        tasks.clone(),
    )));
    let runner = Runner::new(saga, config.control.clone(), &wake, tasks.clone());
    tasks.spawn_critical("runner of deletions", runner.run());
    match storage {
        Some(storage) => keep_backups(&config, &storage, &tasks),
        None => tracing::warn!("STORAGE_URL is not set: no tenant is backed up"),
    }
    let access = AccessKeeper::new(&config, &wake, tasks.clone());
    tasks.spawn_critical("keeper of access", access.run());
    let keeper = Keeper::new(&config, &wake, tasks.clone());
    spawn_rounds("keeper of database servers", keeper, &config, &tasks);
    let watcher = Watcher::new(&config, &wake, tasks.clone());
    spawn_rounds("watcher of database servers", watcher, &config, &tasks);
    let pool = WarmPool::new(&config, &wake, kept, tasks.clone());
    spawn_rounds("warm pool", pool, &config, &tasks);
    let leader = Leader::new(&config, &wake, tasks.clone());
    tasks.spawn_critical("leader of fleet migrations", leader.run());
    let issuer = Issuer::new(&config, tasks.clone()).context("open STORAGE_URL")?;
    if let Some(issuer) = issuer {
        tasks.spawn_critical("issuer of certificates", issuer.run());
    }
    let broker = config
        .amqp_url
        .as_ref()
        .map(|url| Broker::start(url.expose_secret(), "provisioner", &tasks));
    let sweeper = Sweeper::new(&config, broker, tasks.clone());
    spawn_rounds("sweeper", sweeper, &config, &tasks);
    tracing::info!(runners = config.concurrency, "started");

    signalled.await;
    if !tasks.drain(config.grace).await {
        // Safe at any point: whoever takes the operation next goes on from the record.
        tracing::warn!("a step did not end in time and is left to the next provisioner");
    }
    if tasks.has_failed() {
        bail!("a critical task ended by itself");
    }
    tracing::info!("stopped");
    Ok(())
}
