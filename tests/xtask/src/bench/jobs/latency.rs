//! From a commit to the end of its job, 200 times a second: written, relayed and done as the product
//! does it.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use hotelhub_core::{ids::TenantId, sql::Query as _, tasks::Tasks};
use hotelhub_jobs::{
    broker::Broker,
    kind::{Class, Kind, Words},
    relay,
    rows::{self, NewJob},
};
use platform_tests::{
    fleet::{Fleet, FleetHotel},
    waiting::eventually,
};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};

use super::{DEADLINE, prepared::Prepared, waits};
use crate::{
    bench::{
        report::{Aim, Figure, Report},
        samples::Samples,
        theatre::Theatre,
    },
    say,
};

/// Of all hotels together.
const PER_SECOND: u32 = 200;
const SECONDS: u32 = 15;
/// Seconds before those.
const WARM_UP: u32 = 5;
const PROMISED_P50_MS: f64 = 3.0;
const PROMISED_P99_MS: f64 = 15.0;

/// What the worker knows under the same name.
static NOOP: Kind = Kind {
    name: "test_noop",
    class: Class::Default,
    priority: 0,
    tries: 3,
    timeout: Duration::from_secs(5),
    ladder: &[],
    words: Words { name: ["", ""], dead: ["", ""] },
};

/// Measures one job after another, from hotel to hotel.
pub(super) async fn measure(theatre: &Theatre, fleet: &Fleet, report: &mut Report) -> Result<()> {
    let tasks = Tasks::default();
    let broker = Arc::new(Broker::start(theatre.stage.amqp_url(), "xtask bench", &tasks));
    let connected = async || broker.is_connected().then_some(());
    eventually(Duration::from_secs(30), "the broker", connected).await?;
    let sessions = try_join_all(fleet.hotels().iter().map(FleetHotel::session)).await?;
    let hotels: Vec<(TenantId, Arc<Prepared>)> = fleet
        .hotels()
        .iter()
        .map(FleetHotel::tenant)
        .zip(sessions.into_iter().map(|it| Arc::new(Prepared::new(it))))
        .collect();

    let alone = say::during("the same commits alone", commits_alone(&hotels)).await?;
    for (name, value) in [("p50", alone.p50()), ("p99", alone.p99())] {
        let figure = format!("two plain commits, one after the other, at 200/s, {name}");
        report.add(Figure::ms(figure, value));
    }
    let steady = async {
        let mut every = interval(Duration::from_secs(1) / PER_SECOND);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut since = None;
        let (warm, all) = (PER_SECOND * WARM_UP, PER_SECOND * (WARM_UP + SECONDS));
        for (number, (tenant, session)) in (0..all).zip(hotels.iter().cycle()) {
            every.tick().await;
            if number == warm {
                let now = session.query_one("SELECT clock_timestamp()::text", &[]).await?;
                since = Some(now.get::<_, String>(0));
            }
            let (tenant, session) = (*tenant, Arc::clone(session));
            let broker = Arc::clone(&broker);
            tasks.spawn("one job", async move {
                if let Err(error) = write_and_relay(tenant, &session, &broker).await {
                    say::line(format_args!("  a job was left to the ticks: {error:#}"));
                }
            });
        }
        fleet.wait_until_ended(DEADLINE).await?;
        since.context("it was too short")
    };
    let since = say::during(&format!("{PER_SECOND} jobs a second"), steady).await?;
    tasks.stop();

    let samples = waits(fleet.hotels(), NOOP.name, &since).await?;
    let p50 = Figure::ms("from a commit to the outcome of its job at 200/s, p50", samples.p50());
    report.add(p50.beside("promise", PROMISED_P50_MS).aiming(Aim::AtMost(1.0)));
    let p99 = Figure::ms("from a commit to the outcome of its job at 200/s, p99", samples.p99());
    report.add(p99.beside("promise", PROMISED_P99_MS).aiming(Aim::AtMost(1.0)));
    report.keep_samples("commit_to_outcome", &samples);
    report
        .note("the first seconds at 200/s do not count: connections open, statements are planned");
    report.note("the time to the outcome holds that to the start of the handler, and the claim");
    Ok(())
}

/// What a job cannot do without: the commit that claims it, after the one that wrote it.
async fn commits_alone(hotels: &[(TenantId, Arc<Prepared>)]) -> Result<Samples> {
    for (_, session) in hotels {
        session.execute("CREATE TABLE bench_commits (n int)", &[]).await?;
    }
    let mut every = interval(Duration::from_secs(1) / PER_SECOND);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut under_way = JoinSet::new();
    for (_, (_, session)) in (0..PER_SECOND * SECONDS).zip(hotels.iter().cycle()) {
        every.tick().await;
        let session = Arc::clone(session);
        under_way.spawn(async move {
            let begun = Instant::now();
            for _ in 0..2 {
                session.execute("INSERT INTO bench_commits VALUES (1)", &[]).await?;
            }
            Ok::<_, tokio_postgres::Error>(begun.elapsed())
        });
    }
    let mut samples = Samples::default();
    while let Some(taken) = under_way.join_next().await {
        samples.add(taken??);
    }
    for (_, session) in hotels {
        session.execute("DROP TABLE bench_commits", &[]).await?;
    }
    Ok(samples)
}

async fn write_and_relay(tenant: TenantId, session: &Prepared, broker: &Broker) -> Result<()> {
    let payload = serde_json::json!({});
    rows::enqueue(session, NewJob::new(&NOOP, &payload)).await.context("write a job")?;
    let due = relay::due(session, false).await.context("read what is ready")?;
    let published = relay::publish(tenant, &due, broker).await;
    relay::mark(session, &published).await.context("mark what is queued")?;
    published.failure.map_or(Ok(()), |error| Err(error.into()))
}
