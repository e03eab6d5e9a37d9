//! The way to one's own hotel when copies were made ahead: in turn on a quiet platform, and five a
//! second for a minute while the schema of others changes.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use platform_tests::platform::Role;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    super::{
        clones::Clones,
        hashing::Hashing,
        report::{Aim, Figure, Report},
        samples::Samples,
        theatre::{Scene, Theatre},
    },
    customer::{Customer, Journey},
    stored_hash,
};
use crate::say;

/// The first hotels begin on the schema before the newest, so that a migration has work.
pub(in crate::bench) const SCENE: Scene = Scene {
    more_replicas: 0,
    postgres: "",
    env: &[("TENANT_SCHEMA_VERSION", "4")],
    without: &[Role::ControlWork, Role::TenantWork, Role::TenantSchedule],
};

const SIGNUPS: usize = 50;
/// Hotels whose schema changes meanwhile.
const OLD_HOTELS: usize = 40;
const SECONDS: u32 = 60;
const PER_SECOND: u32 = 5;
const PAUSE: Duration = Duration::from_millis(2);
/// Up to a hundred at once look: each look costs the others.
const PAUSE_AT_ONCE: Duration = Duration::from_millis(10);
const DEADLINE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const PROMISED_P50: f64 = 75.0;
const PROMISED_P99: f64 = 500.0;
const REFERENCES: usize = 20;

/// Measures all of it.
pub(in crate::bench) async fn measure(theatre: &mut Theatre, report: &mut Report) -> Result<()> {
    let customer = Customer::of(&theatre.platform)?;
    let first = say::during("a first signup", customer.sign_up("warm-first", PAUSE)).await?;
    let hashing = Hashing::like(stored_hash(theatre).await?, &first.password);
    let mut old = Vec::new();
    for number in 1..=OLD_HOTELS {
        old.push(customer.sign_up(&format!("warm-old-{number}"), PAUSE).await?);
    }
    theatre.platform.forget_env("TENANT_SCHEMA_VERSION");
    theatre.platform.stop_role(Role::Provisioner).await?;
    theatre.platform.start_role(Role::Provisioner).await?;

    let what = format!("{SIGNUPS} signups, each with a copy made ahead");
    let (journeys, floor) = say::during(&what, in_turn(theatre, &customer, &hashing)).await?;
    let what = format!("{PER_SECOND} signups a second for {SECONDS} s, during a fleet migration");
    let busy = say::during(&what, at_rate(theatre, &customer)).await?;

    tell(report, &journeys, &floor);
    let total: Samples = busy.journeys.iter().map(|it| it.total).collect();
    report.add(Figure::ms("five a second, p50", total.p50()));
    let p99 = Figure::ms("five a second, p99", total.p99());
    report.add(p99.beside("promise", PROMISED_P99).aiming(Aim::AtMost(1.0)));
    report.add(Figure::ms("five a second, max", total.max()));
    let warm = busy.journeys.iter().filter(|it| is_warm(it)).count();
    report.add(Figure::new("five a second, with a copy made ahead", warm as f64, "signups"));
    report.add(Figure::new("five a second, all", total.len() as f64, "signups"));
    report.keep_samples("five_a_second", &total);
    report.note(format!("hash: {}, in this process", hashing.parameters()));
    report.note(format!("the migration of {} hotels ended within the minute", busy.migrated));
    Ok(())
}

/// What a warm signup cannot do without, and what it saves.
struct Floor {
    clone: Samples,
    hash: Samples,
}

async fn in_turn(
    theatre: &Theatre,
    customer: &Customer,
    hashing: &Hashing,
) -> Result<(Vec<Journey>, Floor)> {
    let mut journeys = Vec::with_capacity(SIGNUPS);
    let mut floor = Floor { clone: Samples::default(), hash: Samples::default() };
    await_quiet_pool(theatre).await?;
    let mut clones = Clones::open(&theatre.stage.postgres.urls()?, 1).await?;
    for number in 1..=SIGNUPS {
        await_quiet_pool(theatre).await?;
        let journey = customer.sign_up(&format!("warm-a{number}"), PAUSE).await?;
        ensure!(is_warm(&journey), "a signup found no copy: {:?}", journey.steps);
        journeys.push(journey);
        if floor.hash.len() < REFERENCES {
            await_quiet_pool(theatre).await?;
            clones.one(&mut floor.clone).await?;
            hashing.one(&mut floor.hash).await?;
        }
    }
    Ok((journeys, floor))
}

/// Whether the database was there before: then its making is not among the steps that took time.
fn is_warm(journey: &Journey) -> bool {
    journey.steps.iter().all(|(name, _)| name != "create_database")
}

/// Waits until copies with the newest schema are ready and none is being made.
async fn await_quiet_pool(theatre: &Theatre) -> Result<()> {
    let control = theatre.control().await?;
    let end = Instant::now() + DEADLINE;
    let sql = "SELECT count(*) FILTER (WHERE d.state = 'warm' AND d.template = t.name
             AND t.schema_version = $1) > 0
           AND count(*) FILTER (WHERE d.state IN ('making', 'discarding', 'claimed')) = 0
           AND (SELECT count(*) FROM operations WHERE settled_at IS NULL) = 0
         FROM databases d LEFT JOIN templates t ON t.db_host_id = d.db_host_id AND t.is_current";
    while !control.query_one(sql, &[&migrations::tenant_head()]).await?.get::<_, bool>(0) {
        ensure!(Instant::now() < end, "the pool does not come to rest");
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

struct Busy {
    journeys: Vec<Journey>,
    migrated: i64,
}

/// Each signup begins at its own moment, however long those before it take.
async fn at_rate(theatre: &Theatre, customer: &Customer) -> Result<Busy> {
    await_quiet_pool(theatre).await?;
    let vendor = theatre.platform.vendor().await?;
    let path = "/api/v1/fleet-migrations";
    let body = json!({ "workers": 1 });
    let asked = vendor.site().post(path, &body).await?.expect_status(201)?.data()?;
    let id = asked.get("id").and_then(Value::as_str).context("the run has no id")?.to_owned();
    let start = Instant::now();
    let signups = (0..SECONDS * PER_SECOND).map(async |number| {
        sleep_until(start + Duration::from_secs(1) / PER_SECOND * number).await;
        customer.sign_up(&format!("warm-b{number}"), PAUSE_AT_ONCE).await
    });
    let journeys = try_join_all(signups).await?;
    let run = vendor.site().get(&format!("{path}/{id}")).await?.expect_status(200)?.data()?;
    ensure!(run.get("state").is_some_and(|it| it == "done"), "the migration is not done: {run}");
    let control = theatre.control().await?;
    let sql = "SELECT count(*) FROM fleet_run_tenants WHERE state = 'done'";
    Ok(Busy { journeys, migrated: control.query_one(sql, &[]).await?.get(0) })
}

fn tell(report: &mut Report, journeys: &[Journey], floor: &Floor) {
    let total: Samples = journeys.iter().map(|it| it.total).collect();
    let p50 = Figure::ms("in turn, p50", total.p50());
    report.add(p50.beside("promise", PROMISED_P50).aiming(Aim::AtMost(1.0)));
    let p50 = Figure::ms("in turn, p50", total.p50());
    report.add(p50.beside("two hashes", 2.0 * floor.hash.p50()));
    let p50 = Figure::ms("in turn, p50", total.p50());
    report.add(p50.beside("raw clone", floor.clone.p50()));
    report.add(Figure::ms("in turn, p99", total.p99()));
    report.add(Figure::ms("in turn, max", total.max()));
    report.keep_samples("in_turn", &total);
    super::tell_parts(report, journeys);
}
