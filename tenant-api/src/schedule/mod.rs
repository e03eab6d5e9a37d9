//! `schedule`: sends every hotel its ticks, when something is due there. Any number of replicas: a
//! second tick does no harm, so there is no leader.

mod plan;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Context;
use hotelhub_core::{clock::Clock, errors::Chain, tasks::Tasks};
use hotelhub_jobs::{
    broker::Broker,
    hints::{self, Hint},
};
use hotelhub_tenancy::{feed::Feed, routes::Routes};
use secrecy::ExposeSecret;
use tokio::time::{MissedTickBehavior, interval};

use self::plan::Plan;
use crate::config::ScheduleConfig;

/// Sends ticks until a signal.
///
/// # Errors
/// Fails if a part that it cannot do without has ended.
pub async fn run(config: ScheduleConfig) -> anyhow::Result<()> {
    let tasks = Tasks::default();
    let signalled = tasks.until_signal().context("listen for signals")?;
    let routes = Routes::default();
    let feed = Feed::new(config.feed, routes.clone()).context("prepare the route feed")?;
    let broker = Broker::start(config.amqp_url.expose_secret(), "tenant-api schedule", &tasks);
    let following = feed.clone();
    tasks.spawn_endless("route feed", async move {
        following.start().await;
        following.follow().await;
    });
    let ticker = Ticker { routes, feed, broker, clock: config.program.clock, plan: Arc::default() };
    let listener = ticker.clone();
    let heard = move |hint| listener.hear(hint);
    tasks.spawn_critical("hints", hints::follow(ticker.broker.clone(), tasks.clone(), heard));
    tasks.spawn_endless("ticks", async move { ticker.tick().await });
    signalled.await;
    tasks.drain(config.program.grace).await;
    anyhow::ensure!(!tasks.has_failed(), "a part that schedule cannot do without has ended");
    Ok(())
}

#[derive(Clone)]
struct Ticker {
    routes: Routes,
    feed: Feed,
    broker: Broker,
    clock: Clock,
    plan: Arc<Mutex<Plan>>,
}

impl Ticker {
    fn hear(&self, hint: Hint) {
        self.plan().hear(hint, self.clock.now());
    }

    async fn tick(self) {
        let mut seconds = interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            seconds.tick().await;
            let now = self.clock.now();
            let due = {
                let mut plan = self.plan();
                plan.follow(&self.routes.all(), self.feed.is_connected(), now);
                plan.follow_pauses(&self.routes.pauses(), now);
                plan.due(now)
            };
            for tenant in due {
                if let Err(error) = self.broker.publish_tick(tenant).await {
                    tracing::warn!(
                        tenant.id = %tenant, error = %Chain(&error),
                        "a tick was not sent; it is sent in a second"
                    );
                    break;
                }
                self.plan().note_tick(tenant, now);
            }
        }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
