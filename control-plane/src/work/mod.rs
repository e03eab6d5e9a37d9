//! The role `work`: does the platform's own jobs.
//!
//! Reconcilers write jobs and ask for moves, runners claim the jobs and do them. Several processes may
//! run side by side: rows are claimed with a lease, and outcomes are written only while the fence still
//! stands.

mod job;
mod reconciler;
mod runner;
mod upkeep;

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use hotelhub_core::tasks::Tasks;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use secrecy::ExposeSecret;
use tokio::sync::Notify;
use tokio_postgres::NoTls;

pub(crate) use self::job::{AskError, PlatformJob};
use self::{reconciler::Reconciler, runner::Runner};
use crate::{
    audit::Walker,
    config::WorkConfig,
    database::{self, login},
    domain_mails::DomainMails,
    domains::{Checker, recheck::Recheck},
    drain::Drain,
    jobs::Hotels,
    mails::{Mailing, Post},
    retention::{DeletionNotice, Reaper},
    support_access::SupportMails,
    wakes::Wakes,
    welcome::Welcome,
};

/// How many jobs one process does at a time.
const RUNNERS: usize = 2;
/// Of jobs, and of draining hosts: each has a connection of this pool while it looks.
const RECONCILERS: usize = 2;
const DATABASE_TIMEOUT: Duration = Duration::from_secs(5);
const SMTP_TIMEOUT: Duration = Duration::from_secs(15);

/// The platform's own jobs, each kind once.
type Jobs = Arc<[Box<dyn PlatformJob>]>;

/// Works until SIGTERM, then ends what it is at.
///
/// # Errors
/// Fails if the settings are of no use or a task died that it needs.
pub async fn run(config: WorkConfig) -> anyhow::Result<()> {
    let tasks = Tasks::default();
    let signalled = tasks.until_signal().context("listen for signals")?;
    let pool = pool(&config).context("read CONTROL_DATABASE_URL")?;
    let db = database::pool(&config.database_url, "control-plane work").await?;
    let clock = config.program.clock.clone();
    let checker = Checker::new(config.domains.clone(), &config.addresses, clock.clone());
    let checker = checker.context("prepare to look at domains")?;

    let wakes = Wakes::listen(config.database_url.clone(), "db_hosts", &tasks);
    let drain = Drain { pool: pool.clone(), wakes };
    tasks.spawn_critical("drain reconciler", drain.run(tasks.clone()));
    let recheck = Recheck { db: db.clone(), clock: clock.clone(), checker: checker.clone() };
    tasks.spawn_critical("domain reconciler", recheck.run(tasks.clone()));
    let reaper = Reaper { db: db.clone(), clock: clock.clone() };
    tasks.spawn_critical("retention reconciler", reaper.run(tasks.clone()));
    let walker = Walker { db: db.clone(), clock: clock.clone() };
    tasks.spawn_critical("audit walker", walker.run(tasks.clone()));

    let post = post(&config, &pool)?;
    let deletion_notice = DeletionNotice { clock: clock.clone() };
    let domain_mails = DomainMails { db, checker, clock: clock.clone() };
    let support_mails = SupportMails { hotels: hotels(&config)?, clock: clock.clone() };
    let jobs: Jobs = Arc::new([
        Box::new(Mailing { mail: Welcome, post: post.clone() }),
        Box::new(Mailing { mail: deletion_notice, post: post.clone() }),
        Box::new(Mailing { mail: domain_mails, post: post.clone() }),
        Box::new(Mailing { mail: support_mails, post }),
    ]);
    let fresh = Arc::new(Notify::new());
    for number in 0..RUNNERS {
        let runner = Runner {
            name: format!("control-plane-{}-{number}", std::process::id()),
            jobs: Arc::clone(&jobs),
            pool: pool.clone(),
            fresh: Arc::clone(&fresh),
        };
        tasks.spawn_critical("job runner", runner.run(tasks.clone()));
    }
    let wakes = Wakes::listen(config.database_url.clone(), "route_changes", &tasks);
    let reconciler = Reconciler { jobs, pool, clock, wakes, fresh };
    tasks.spawn_critical("job reconciler", reconciler.run(tasks.clone()));

    signalled.await;
    if !tasks.drain(config.program.grace).await {
        tracing::warn!("some jobs did not end in time; their leases run out");
    }
    if tasks.has_failed() {
        bail!("a task ended that the program cannot do without");
    }
    Ok(())
}

/// Whom to ask where a request of support stands.
fn hotels(config: &WorkConfig) -> anyhow::Result<Hotels> {
    let WorkConfig { addresses, upcall_url, route_feed_token, .. } = config;
    let hotels = Hotels::new(addresses.clone(), upcall_url.clone(), route_feed_token.clone());
    hotels.context("prepare calls of hotels")
}

/// What mails are sent with.
fn post(config: &WorkConfig, pool: &Pool) -> anyhow::Result<Post> {
    let smtp = AsyncSmtpTransport::<Tokio1Executor>::from_url(config.smtp_url.expose_secret());
    let smtp = smtp.context("read SMTP_URL")?.timeout(Some(SMTP_TIMEOUT)).build();
    let (addresses, from) = (config.addresses.clone(), config.mail_from.clone());
    Ok(Post { pool: pool.clone(), addresses, from, smtp })
}

fn pool(config: &WorkConfig) -> anyhow::Result<Pool> {
    let database = login(&config.database_url, "control-plane work")?;
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Verified };
    let pool = Pool::builder(Manager::from_config(database, NoTls, recycling))
        .max_size(RUNNERS + RECONCILERS + 1)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(DATABASE_TIMEOUT))
        .create_timeout(Some(DATABASE_TIMEOUT))
        .recycle_timeout(Some(DATABASE_TIMEOUT))
        .build()?;
    Ok(pool)
}
