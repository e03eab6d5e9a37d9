//! `schedule`: sends every hotel its tick, once a minute. Any number of replicas: a second tick
//! does no harm, so there is no leader.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use anyhow::Context;
use hotelhub_core::{
    errors::Chain,
    ids::TenantId,
    life::{Access, Provisioning},
    routes::Route,
    tasks::Tasks,
};
use hotelhub_jobs::broker::Broker;
use hotelhub_tenancy::{feed::Feed, routes::Routes};
use secrecy::ExposeSecret;
use tokio::time::{MissedTickBehavior, interval};

use crate::config::ScheduleConfig;

/// Every hotel is due once in so many seconds, at a second of its own.
const PERIOD: u64 = 60;

/// Sends ticks until a signal.
///
/// # Errors
/// Fails if a part that it cannot do without has ended.
pub async fn run(config: ScheduleConfig) -> anyhow::Result<()> {
    let tasks = Tasks::default();
    let routes = Routes::default();
    let feed = Feed::new(config.feed, routes.clone()).context("prepare the route feed")?;
    let broker = Broker::start(config.amqp_url.expose_secret(), "tenant-api schedule", &tasks);
    let stop = tasks.stop_token();
    let following = feed.clone();
    tasks.spawn_critical("route feed", async move {
        tokio::select! {
            () = async { following.start().await; following.follow().await } => {}
            () = stop.cancelled() => {}
        }
    });
    let stop = tasks.stop_token();
    tasks.spawn_critical("ticks", async move {
        tokio::select! { () = tick(routes, feed, broker) => {}, () = stop.cancelled() => {} }
    });
    tasks.run_until_signal().await.context("listen for signals")?;
    tasks.drain(config.program.grace).await;
    anyhow::ensure!(!tasks.has_failed(), "a part that schedule cannot do without has ended");
    Ok(())
}

async fn tick(routes: Routes, feed: Feed, broker: Broker) {
    let mut seconds = interval(Duration::from_secs(1));
    // A pause of the machine skips seconds; hotels that were due then are due in the next round.
    seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut second: u64 = 0;
    loop {
        seconds.tick().await;
        second = (second + 1) % PERIOD;
        let vouched = feed.is_connected();
        let due = routes
            .all()
            .into_iter()
            .filter(|it| is_served(it, vouched) && second_of(it.tenant_id) == second);
        for route in due {
            if let Err(error) = broker.publish_tick(route.tenant_id).await {
                tracing::warn!(
                    tenant.id = %route.tenant_id, error = %Chain(&error),
                    "a tick was not sent; the next one comes in a minute"
                );
                break;
            }
        }
    }
}

/// A stopped hotel has nothing to be done. While nobody vouches for the routes, it may have been
/// resumed: its own row decides.
fn is_served(route: &Route, vouched: bool) -> bool {
    route.provisioning == Provisioning::Ready && !(vouched && route.access == Access::Stopped)
}

/// Spreads the hotels over the minute.
fn second_of(tenant: TenantId) -> u64 {
    let mut hasher = DefaultHasher::new();
    tenant.hash(&mut hasher);
    hasher.finish() % PERIOD
}
