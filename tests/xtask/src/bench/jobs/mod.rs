//! Background jobs: how many get done, how soon they start, and who waits for whom.

mod bare;
mod drain;
mod latency;
mod prepared;
mod quiet;

use std::time::Duration;

use anyhow::{Context as _, Result};
use platform_tests::{
    fleet::{Fleet, FleetHotel},
    platform::{Role, Worker},
    rabbit::Queues,
};
use serde_json::json;

use super::{
    NO_POOL,
    report::{Figure, Report},
    samples::Samples,
    theatre::{Scene, Theatre},
};
use crate::say;

const HOTELS: usize = 50;
/// What one worker does at a time.
const WORKER: Worker = Worker::of_tests(0, "default:128,mail:8");
const WORK: Role = Role::Worker(WORKER);
const DEADLINE: Duration = Duration::from_secs(300);

/// The product's own worker stays away: it does not know the kinds of tests. The sweep of the
/// provisioner and the ticks of `schedule` are part of what is measured.
pub(super) const SCENE: Scene = Scene {
    more_replicas: 0,
    postgres: "max_connections = 400",
    env: &[NO_POOL[0], NO_POOL[1], ("DB_CONNECTIONS_PER_HOST", "220"), ("LOG_FILTER", "warn")],
    without: &[Role::TenantWork],
};

/// Measures all of it.
pub(super) async fn measure(theatre: &mut Theatre, report: &mut Report) -> Result<()> {
    let fleet = say::during("fifty hotels", Fleet::open(&theatre.platform, HOTELS)).await?;
    let raw = say::during("the broker alone", bare::broker(theatre.stage.amqp_url())).await?;
    let commits = say::during("the same commits alone", bare::commits(theatre)).await?;
    for (batch, promised) in [("1", 2_500.0), ("16", 5_000.0)] {
        theatre.platform.set_env(Some(WORK), "WORK_BATCH", batch);
        theatre.platform.start_role(WORK).await?;
        drain::measure((&*theatre, &fleet), report, (batch, promised), (raw, commits)).await?;
        if batch == "16" {
            latency::measure(&*theatre, &fleet, report).await?;
            quiet::measure(&*theatre, &fleet, report).await?;
            report.add(Figure::new("a worker's memory after that", memory(theatre)?, "MiB"));
        }
        theatre.platform.stop_role(WORK).await?;
    }
    report.note(format!(
        "{HOTELS} hotels, one worker with 128 jobs of the class at a time; load, servers, worker and \
         databases share the machine"
    ));
    Ok(())
}

/// Sends a tick to each of these hotels.
async fn tick(theatre: &Theatre, hotels: &[FleetHotel]) -> Result<()> {
    let queues = Queues::connect(theatre.stage.amqp_url()).await?;
    let bodies: Vec<Vec<u8>> = hotels
        .iter()
        .map(|it| json!({ "schema": 1, "tenant": it.tenant(), "errand": "tick" }).to_string())
        .map(String::into_bytes)
        .collect();
    let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
    queues.publish("jobs.work", "default", &bodies).await
}

/// How long it took from the moment when jobs of a kind were due to their end, by the rows of those
/// written after `since`: a kind that does nothing ends as soon as it was claimed.
async fn waits(hotels: &[FleetHotel], kind: &str, since: &str) -> Result<Samples> {
    let mut samples = Samples::default();
    for hotel in hotels {
        let sql = "SELECT extract(epoch FROM finished_at - run_at)::float8 * 1000 FROM jobs \
                   WHERE kind = $1 AND state = 'done' AND created_at > $2::text::timestamptz";
        for row in hotel.session().await?.query(sql, &[&kind, &since]).await? {
            samples.add_ms(row.get(0));
        }
    }
    Ok(samples)
}

/// Resident memory of the worker, in MiB.
fn memory(theatre: &mut Theatre) -> Result<f64> {
    let pid = theatre.platform.program(WORK)?.pid();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib / 1024.0)
}
