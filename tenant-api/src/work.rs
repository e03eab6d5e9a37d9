//! `work`: does the jobs of some classes. Any number of workers.

use std::sync::Arc;

use anyhow::Context;
use futures_util::future::join_all;
use hotelhub_core::tasks::Tasks;
use hotelhub_jobs::{broker::Broker, consumer::consume, kind::Class};
use hotelhub_tenancy::{feed::Feed, routes::Routes};
use secrecy::ExposeSecret;

use crate::{
    app::pools,
    config::WorkConfig,
    worker::{Dispatch, Kinds, Mailer},
};

/// Works until a signal, then lets what has begun come to its end.
///
/// # Errors
/// Fails if a part that it cannot do without has ended.
pub async fn run(config: WorkConfig, classes: &[Class]) -> anyhow::Result<()> {
    let tasks = Tasks::default();
    let routes = Routes::default();
    let feed = Feed::new(config.feed, routes.clone()).context("prepare the route feed")?;
    // Without routes every ticket would seem to be for a hotel that is gone.
    let signalled = tasks.run_until_signal();
    let mut signalled = std::pin::pin!(signalled);
    tokio::select! {
        () = feed.start() => {}
        ended = &mut signalled => return ended.context("listen for signals"),
    }
    let stop = tasks.stop_token();
    let following = feed.clone();
    tasks.spawn_critical("route feed", async move {
        tokio::select! { () = following.follow() => {}, () = stop.cancelled() => {} }
    });
    let pools = pools(config.databases, "tenant-api work");
    let (reaped, closed, known) = (pools.clone(), pools.clone(), routes.clone());
    let stop = tasks.stop_token();
    tasks.spawn_critical("close pools", async move {
        tokio::select! { () = closed.follow(known) => {}, () = stop.cancelled() => {} }
    });
    let stop = tasks.stop_token();
    tasks.spawn_critical("reap idle connections", async move {
        tokio::select! { () = reaped.reap() => {}, () = stop.cancelled() => {} }
    });

    // Two connections: a broker that is short of memory stops publishers, not consumers.
    let url = config.amqp_url.expose_secret();
    let publishing = Broker::start(url, "tenant-api work publish", &tasks);
    let consuming = Broker::start(url, "tenant-api work consume", &tasks);
    let mailer = Mailer::new(&config.smtp_url, &config.mail_from).context("prepare mail")?;
    let clock = config.program.clock;
    let dispatch = Arc::new(Dispatch {
        routes,
        feed,
        pools,
        broker: publishing.clone(),
        kinds: Kinds { clock: clock.clone(), mailer, addresses: config.addresses },
        clock,
        worker: format!("work@{}", std::process::id()),
    });
    let consuming = join_all(classes.iter().map(|class| {
        consume(
            consuming.clone(),
            publishing.clone(),
            *class,
            concurrency(*class),
            dispatch.clone(),
            tasks.clone(),
        )
    }));
    tracing::info!(classes = ?classes, "working");
    let draining = async {
        let signalled = signalled.await;
        tokio::time::sleep(config.program.grace).await;
        signalled
    };
    tokio::select! {
        _ = consuming => {}
        signalled = draining => {
            signalled.context("listen for signals")?;
            tracing::warn!("some jobs did not end in time; their leases run out");
        }
    }
    tasks.drain(config.program.grace).await;
    anyhow::ensure!(!tasks.has_failed(), "a part that work cannot do without has ended");
    Ok(())
}

/// Jobs of a class at a time in this process.
const fn concurrency(class: Class) -> u16 {
    match class {
        Class::OtaIngest | Class::OtaSync => 16,
        Class::Mail | Class::Messaging => 8,
        Class::Ai | Class::Tax | Class::Default => 4,
        Class::Pseo | Class::Pdf => 2,
    }
}
