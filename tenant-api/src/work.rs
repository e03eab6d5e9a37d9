//! `work`: does the jobs of some classes. Any number of workers.

use std::{str::FromStr, sync::Arc, time::Duration};

use anyhow::Context;
use futures_util::future::{join, join_all};
use hotelhub_core::tasks::Tasks;
use hotelhub_jobs::{
    broker::Broker,
    class::{Class, UnknownClass},
    consumer::consume,
    depth::watch,
    peers::{fleet::Fleet, shared::SharedBudgets},
    topology::{dead_queue, work_queue},
    transport::HandleTicket,
};
use hotelhub_tenancy::{
    feed::Feed,
    pools::{PoolsConfig, TenantPools},
    routes::Routes,
};
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    app::JOB_SCHEMA_VERSIONS,
    config::{DatabasesConfig, WorkConfig},
    worker::{Dispatch, MailTools, Mailer, Registry, Reports, Returned, Worker, kinds},
};

/// How long a hotel's connection is kept that no job uses. Jobs come in bursts, and many workers share
/// the few connections that a hotel's login may have.
const IDLE: Duration = Duration::from_secs(5);
/// How long jobs stand in line for their hotel's connection before it gets another one: nobody looks
/// at a page meanwhile, and to open one costs as much as a hundred small jobs.
const PATIENCE: Duration = Duration::from_millis(100);
/// What handing back the jobs that still run may take, at the end of the grace period.
const HAND_BACK: Duration = Duration::from_secs(3);

/// A class that a worker does, and how many of its jobs at a time: `mail` or `mail:16`.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    class: Class,
    concurrency: u16,
}

/// What `--classes` cannot read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableShare {
    /// There is no such class.
    #[error(transparent)]
    Class(#[from] UnknownClass),
    /// It is no number of jobs.
    #[error("`{0}` is no number of jobs at a time, from 1 to 1000")]
    Concurrency(String),
}

impl FromStr for Share {
    type Err = UnreadableShare;

    fn from_str(text: &str) -> Result<Self, UnreadableShare> {
        let (class, concurrency) = match text.split_once(':') {
            Some((class, number)) => (class.parse()?, Some(number)),
            None => (text.parse::<Class>()?, None),
        };
        let concurrency = match concurrency.map(|it| (it, it.parse())) {
            None => class.concurrency(),
            Some((_, Ok(number @ 1..=1_000))) => number,
            Some((text, _)) => return Err(UnreadableShare::Concurrency(text.to_owned())),
        };
        Ok(Self { class, concurrency })
    }
}

/// Works until a signal, then lets what has begun come to its end.
///
/// Does the kinds of hotels' jobs, and whatever `extend` adds to them.
///
/// # Errors
/// Fails if a part that it cannot do without has ended.
pub async fn run(
    config: WorkConfig,
    shares: Vec<Share>,
    extend: impl FnOnce(Registry) -> Registry,
) -> anyhow::Result<()> {
    require_each_once(&shares)?;
    let tasks = Tasks::default();
    let mut signalled = Box::pin(tasks.until_signal().context("listen for signals")?);
    let routes = Routes::default();
    let reports = Reports::new(config.feed.url.clone(), config.feed.token.clone());
    let reports = reports.context("prepare reports of jobs")?;
    let feed = Feed::new(config.feed, routes.clone()).context("prepare the route feed")?;
    // Without routes every ticket would seem to be for a hotel that is gone.
    tokio::select! {
        () = feed.start() => {}
        () = &mut signalled => return Ok(()),
    }
    tasks.spawn_endless("route feed", feed.clone().follow());
    let pools = open_pools(config.databases, &routes, &tasks);

    // Two connections: a broker that is short of memory stops publishers, not consumers.
    let name = format!("{}@{}", Uuid::new_v4().simple(), std::process::id());
    let url = config.amqp_url.expose_secret();
    let publishing = Broker::start(url, "tenant-api work publish", &tasks);
    let consuming = Broker::start_worker(url, "tenant-api work consume", &name, &tasks);
    let mailer = Mailer::new(&config.smtp_url, &config.mail_from).context("prepare mail")?;
    let clock = config.program.clock;
    let mail = MailTools { clock: clock.clone(), mailer, addresses: config.addresses };
    let ending = CancellationToken::new();
    let fleet = Fleet::default();
    let budgets = SharedBudgets::new(config.redis_url.as_ref(), fleet.clone(), config.replicas)
        .context("prepare Redis")?;
    let worker = Worker {
        name,
        routes,
        feed,
        pools,
        transport: Arc::new(publishing.clone()),
        kinds: extend(kinds::all(Arc::new(mail))),
        clock,
        tasks: tasks.clone(),
        reports,
        batch: config.batch,
        budgets: Arc::new(budgets),
        fleet,
        ending: ending.clone(),
    };
    let dispatch = Arc::new(worker.dispatch());
    let watched = shares.iter().map(|it| it.class).collect();
    tasks.spawn("queue depths", watch(publishing.clone(), watched, tasks.clone()));
    tracing::info!(classes = ?shares, "working");
    let consuming = consume_all(shares, (consuming, publishing), dispatch, tasks.clone());
    tasks.spawn_critical("consume tickets", consuming);

    signalled.await;
    if !tasks.drain(config.program.grace.saturating_sub(HAND_BACK)).await {
        ending.cancel();
        if !tasks.drain(HAND_BACK).await {
            tracing::warn!("some jobs could not be handed back; their leases run out");
        }
    }
    anyhow::ensure!(!tasks.has_failed(), "a part that work cannot do without has ended");
    Ok(())
}

fn require_each_once(shares: &[Share]) -> anyhow::Result<()> {
    for (at, Share { class, .. }) in shares.iter().enumerate() {
        let is_again = shares.iter().take(at).any(|it| it.class == *class);
        anyhow::ensure!(!is_again, "--classes names `{}` twice; once is enough", class.name());
    }
    Ok(())
}

/// The hotels' databases, and what keeps their number of connections small.
fn open_pools(config: DatabasesConfig, routes: &Routes, tasks: &Tasks) -> TenantPools {
    let pools = TenantPools::new(PoolsConfig {
        keys: config.keys,
        connections_per_host: config.connections_per_host,
        schema_versions: JOB_SCHEMA_VERSIONS,
        idle: IDLE,
        patience: PATIENCE,
        application: "tenant-api work",
    });
    tasks.spawn_endless("close pools", pools.clone().follow(routes.clone()));
    tasks.spawn_endless("reap idle connections", pools.clone().reap());
    pools
}

/// Consumes the queues of all classes, and the tickets of theirs that the broker gave up on.
async fn consume_all(
    shares: Vec<Share>,
    (consuming, publishing): (Broker, Broker),
    dispatch: Arc<Dispatch>,
    tasks: Tasks,
) {
    let one = |queue, concurrency, handler: Arc<dyn HandleTicket>| {
        let (consuming, publishing) = (consuming.clone(), publishing.clone());
        consume(consuming, publishing, queue, concurrency, handler, tasks.clone())
    };
    join_all(shares.iter().map(|Share { class, concurrency }| {
        join(
            one(work_queue(*class), *concurrency, Arc::clone(&dispatch) as _),
            one(dead_queue(*class), 1, Returned::handler()),
        )
    }))
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_may_say_how_many_at_a_time() {
        let read = |text: &str| text.parse::<Share>().map(|it| (it.class, it.concurrency));
        assert_eq!(read("mail").ok(), Some((Class::Mail, 8)));
        assert_eq!(read("ota-sync:3").ok(), Some((Class::OtaSync, 3)));
        for bad in ["", "mail:", "mail:0", "mail:1001", "mail:x", "post", "post:3"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let shares = |texts: [&str; 2]| texts.map(|it| it.parse::<Share>().unwrap());
        assert!(require_each_once(&shares(["mail", "default:2"])).is_ok());
        assert!(require_each_once(&shares(["mail", "mail:2"])).is_err());
    }
}
