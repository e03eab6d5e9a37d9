//! A thousand hotels on one server: how fast their schema changes, how their requests are answered,
//! what they cost while nothing happens, how long a crash of the server and the start of a replica take.

mod crash;
mod idle;
pub(super) mod making;
mod migrating;
mod requests;
mod routes;

use anyhow::{Context as _, Result};
use platform_tests::platform::Role;

use self::making::Mill;
use super::{
    report::Report,
    theatre::{Scene, Theatre},
};
use crate::say;

/// The hotels.
const HOTELS: usize = 1_000;

/// The version of the schema that hotels begin with.
const BEGUN_WITH: &str = "5";

/// Hotels begin on an older schema, nothing runs beside what is measured, and every
/// hotel may have a connection at the same time.
pub(super) const SCENE: Scene = Scene {
    more_replicas: 0,
    postgres: "max_connections = 1300\n",
    env: &[
        ("WARM_POOL_MIN", "0"),
        ("WARM_POOL_MAX", "0"),
        ("TENANT_SCHEMA_VERSION", BEGUN_WITH),
        ("DB_CONNECTIONS_PER_HOST", "1100"),
    ],
    without: &[Role::ControlWork, Role::TenantWork, Role::TenantSchedule],
};

/// Measures all of it.
pub(super) async fn measure(theatre: &mut Theatre, report: &mut Report) -> Result<()> {
    let mill = say::during("a first hotel with 20 rooms", Mill::open(theatre)).await?;
    let what = format!("{HOTELS} hotels like it");
    let hotels = say::during(&what, mill.make(theatre, HOTELS)).await?;
    let what = format!("{} bare copies", migrating::COPIES);
    let copies = say::during(&what, mill.copy(theatre, migrating::COPIES)).await?;
    mill.reopen(theatre).await?;

    migrating::measure(theatre, report, &hotels, copies).await?;
    requests::measure(theatre, report, &mill, &hotels).await?;
    idle::measure(theatre, report).await?;
    let hotel = hotels.first().context("there is no hotel")?;
    crash::measure(theatre, report, &mill, hotel).await?;
    routes::measure(theatre, report).await?;
    report.note(
        "workers, schedules and the warm pool did not run but for the idle hotels; load, replica and servers share the cores",
    );
    Ok(())
}

/// The resident memory of a process in MiB.
fn resident_mib(pid: i32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("read /proc")?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().context("read VmRSS")?;
    Ok(kib / 1024.0)
}
