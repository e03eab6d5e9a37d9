//! What hotels cost in which nothing happens: the programs for jobs and what they ask of the server,
//! held against the same server without them. Ticks come so seldom there that they are measured
//! where all hotels get one, and counted as often as they come.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result};
use platform_tests::{client::Site, platform::Role, ports::RememberedPorts};
use tokio::time::{Instant, sleep};

use super::HOTELS;
use crate::{
    bench::{
        report::{Aim, Figure, Report},
        theatre::Theatre,
    },
    say,
};

const MEASURED: Duration = Duration::from_secs(120);
/// Every hotel gets its first tick within a minute.
const FIRST_TICKS: Duration = Duration::from_secs(90);
/// The shortest time between two ticks of a hotel where nothing is due, in seconds.
const TICK_EVERY: f64 = 18_000.0;
/// In percent of one core.
const PROMISED: f64 = 1.0;
/// How the kernel counts.
const TICKS_A_SECOND: f64 = 100.0;
const PROGRAMS: [Role; 3] = [Role::Provisioner, Role::TenantWork, Role::TenantSchedule];

/// Measures the cost of a thousand idle hotels.
pub(super) async fn measure(theatre: &mut Theatre, report: &mut Report) -> Result<()> {
    theatre.platform.stop_role(Role::Provisioner).await?;
    // What the requests of before have left to be cleaned up would count for either side by chance.
    set_autovacuum(theatre, "off").await?;
    for role in PROGRAMS {
        theatre.platform.start_role(role).await?;
    }
    let (began, before) = (Instant::now(), used(&roots(theatre)?)?);
    say::during("the first tick of each hotel", wait_for_ticks(theatre)).await?;
    let (span, ticking) = (began.elapsed().as_secs_f64(), used(&roots(theatre)?)? - before);
    let between = say::during("between ticks", percent(theatre)).await?;
    for role in PROGRAMS {
        theatre.platform.stop_role(role).await?;
    }
    let alone = say::during("nobody looks at the hotels", percent(theatre)).await?;
    set_autovacuum(theatre, "on").await?;
    theatre.platform.start_role(Role::Provisioner).await?;

    let tick = (ticking - between / 100.0 * span).max(0.0) / HOTELS as f64;
    let ticks = tick * HOTELS as f64 / TICK_EVERY * 100.0;
    let cost = between - alone + ticks;
    let name = format!("jobs of {HOTELS} idle hotels, percent of a core");
    report.add(Figure::new(&name, cost, "%").beside("promise", PROMISED).aiming(Aim::AtMost(1.0)));
    report.note(format!(
        "idle: {cost:.2} % is {between:.2} % with schedule, worker, sweep and server between ticks, \
         less the {alone:.2} % of the server alone ({} s each), and {ticks:.2} % for a tick of each \
         hotel ({:.1} ms) every {TICK_EVERY} s; autovacuum is off meanwhile",
        MEASURED.as_secs(),
        tick * 1_000.0
    ));
    Ok(())
}

async fn set_autovacuum(theatre: &Theatre, to: &str) -> Result<()> {
    let session = theatre.superuser("postgres").await?;
    session.execute(&format!("ALTER SYSTEM SET autovacuum = {to}"), &[]).await?;
    session.execute("SELECT pg_reload_conf()", &[]).await?;
    Ok(())
}

/// The database server and the programs for jobs.
fn roots(theatre: &mut Theatre) -> Result<Vec<i32>> {
    let mut roots = vec![theatre.stage.postgres.pid().context("the server is gone")?];
    for role in PROGRAMS {
        if let Ok(program) = theatre.platform.program(role) {
            roots.push(program.pid());
        }
    }
    Ok(roots)
}

/// Percent of a core that they use.
async fn percent(theatre: &mut Theatre) -> Result<f64> {
    let roots = roots(theatre)?;
    let (began, before) = (Instant::now(), used(&roots)?);
    sleep(MEASURED).await;
    Ok((used(&roots)? - before) / began.elapsed().as_secs_f64() * 100.0)
}

/// Waits until the worker has looked at every hotel, and the hints have gone out.
async fn wait_for_ticks(theatre: &Theatre) -> Result<()> {
    let mut ports = RememberedPorts::load(&theatre.platform.setup().folder)?;
    let port = ports.port(&format!("{}-metrics", Role::TenantWork.name()))?;
    let end = Instant::now() + FIRST_TICKS * 2;
    loop {
        let page = Site::new(port, "localhost")?.get("/metrics").await?.body;
        let ticks = page.lines().find_map(|it| it.strip_prefix("job_ticks_total ")?.parse().ok());
        if ticks.is_some_and(|it: usize| it >= HOTELS) {
            // Connections that the ticks opened close by themselves.
            sleep(FIRST_TICKS).await;
            return Ok(());
        }
        anyhow::ensure!(Instant::now() < end, "only {ticks:?} of {HOTELS} hotels had a tick");
        sleep(Duration::from_secs(1)).await;
    }
}

/// Seconds of processor that these processes and their children have used, those included that have
/// ended.
fn used(roots: &[i32]) -> Result<f64> {
    let mut seconds = 0.0;
    // Servers have children, and those have none.
    let is_ours = |it: &&Stat| roots.contains(&it.pid) || roots.contains(&it.parent);
    for stat in read_stats()?.iter().filter(is_ours) {
        seconds += stat.own;
        if roots.contains(&stat.pid) {
            seconds += stat.of_ended_children;
        }
    }
    Ok(seconds)
}

struct Stat {
    pid: i32,
    parent: i32,
    own: f64,
    of_ended_children: f64,
}

fn read_stats() -> Result<Vec<Stat>> {
    let mut stats = Vec::new();
    for entry in std::fs::read_dir("/proc").context("read /proc")? {
        // A process may end while we read.
        if let Some(stat) = read_stat(&entry?.path()) {
            stats.push(stat);
        }
    }
    Ok(stats)
}

fn read_stat(process: &Path) -> Option<Stat> {
    let pid = process.file_name()?.to_str()?.parse().ok()?;
    let text = std::fs::read_to_string(process.join("stat")).ok()?;
    // The name in the brackets may contain anything; the parent is the second field after it.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let time = |at: usize| fields.get(at)?.parse::<f64>().ok().map(|it| it / TICKS_A_SECOND);
    Some(Stat {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        own: time(11)? + time(12)?,
        of_ended_children: time(13)? + time(14)?,
    })
}
