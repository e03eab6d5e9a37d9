//! The list of a hotel's twenty rooms, asked of one hotel, of 200 and of all, at random.

use std::{fmt::Write as _, path::Path};

use anyhow::{Context as _, Result};
use platform_tests::platform::Role;

use super::{
    super::{
        report::{Aim, Figure, Report},
        theatre::Theatre,
        wrk::{Load, Target, load_script},
    },
    making::{Hotel, Mill},
    resident_mib,
};
use crate::say;

const CLIENTS: u32 = 64;
const SECONDS: u32 = 10;
/// A connection and its statements for each hotel before anything counts.
const WARM_UP_SECONDS: u32 = 5;
/// So many hotels more are connected to in a second, with requests beside it.
const CONNECTED_PER_SECOND: u32 = 40;
const SIZES: [usize; 3] = [1, 200, 1_000];
/// At 200 hotels: requests a second, and MiB of the replica.
const PROMISED_RATE: f64 = 17_000.0;
const PROMISED_MIB: f64 = 60.0;

/// What one size came to.
struct Came {
    hotels: usize,
    load: Load,
    connections: i64,
    mib: f64,
}

pub(super) async fn measure(
    theatre: &mut Theatre,
    report: &mut Report,
    mill: &Mill,
    hotels: &[Hotel],
) -> Result<()> {
    let folder = tempfile::tempdir().context("make a folder")?;
    let mut all = Vec::new();
    for size in SIZES {
        // A replica that has served nobody yet: its memory is this size's.
        theatre.platform.stop_role(Role::TenantServe(0)).await?;
        theatre.platform.start_role(Role::TenantServe(0)).await?;
        let chosen = hotels.get(..size.min(hotels.len())).unwrap_or_default();
        let what = format!("requests to {size} hotels");
        let came = measure_size(theatre, mill, chosen, folder.path());
        all.push(say::during(&what, came).await?);
    }
    tell(report, &all);
    Ok(())
}

async fn measure_size(
    theatre: &mut Theatre,
    mill: &Mill,
    hotels: &[Hotel],
    folder: &Path,
) -> Result<Came> {
    let script = folder.join("hotels.lua");
    std::fs::write(&script, lua(mill, hotels)?).context("write the script of wrk")?;
    let port = theatre.platform.setup().tenant_ports.first().copied().context("no port")?;
    let target = Target { url: format!("http://127.0.0.1:{port}/"), headers: Vec::new() };
    let log = folder.join("wrk.log");
    let more = u32::try_from(hotels.len()).unwrap_or(u32::MAX) / CONNECTED_PER_SECOND;
    load_script(&target, &script, (CLIENTS, WARM_UP_SECONDS + more), &log).await?;
    let load = load_script(&target, &script, (CLIENTS, SECONDS), &log).await?;
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'tenant\\_%'";
    let row = theatre.control().await?.query_one(sql, &[]).await?;
    let mib = resident_mib(theatre.platform.program(Role::TenantServe(0))?.pid())?;
    Ok(Came { hotels: hotels.len(), load, connections: row.get(0), mib })
}

/// A script that picks a hotel at random for each request; the requests are written once.
fn lua(mill: &Mill, hotels: &[Hotel]) -> Result<String> {
    let mut text = String::from("local targets = {\n");
    for hotel in hotels {
        writeln!(text, "  {{\"{}\", \"{}\"}},", hotel.host, mill.token(hotel)?)?;
    }
    let path = format!("/api/v1/properties/{}/rooms?limit=50", mill.property);
    write!(
        text,
        "}}\nlocal requests = {{}}\n\
         function init()\n  math.randomseed(os.time())\n  for i, it in ipairs(targets) do\n    \
         requests[i] = wrk.format(\"GET\", \"{path}\", \
         {{[\"Host\"] = it[1], [\"Authorization\"] = \"Bearer \" .. it[2]}})\n  end\nend\n\
         function request()\n  return requests[math.random(#requests)]\nend\n"
    )?;
    Ok(text)
}

fn tell(report: &mut Report, all: &[Came]) {
    let alone = all.first().map_or(0.0, |it| it.load.per_second);
    for came in all {
        let name = |what: &str| format!("{} hotels: {what}", came.hotels);
        let rate = Figure::new(name("20 rooms"), came.load.per_second, "/s");
        report.add(rate.beside("1 hotel", alone));
        if came.hotels == 200 {
            let rate = Figure::new(name("20 rooms"), came.load.per_second, "/s");
            report.add(rate.beside("promise", PROMISED_RATE).aiming(Aim::AtLeast(1.0)));
            let memory = Figure::new(name("memory of the replica"), came.mib, "MiB");
            report.add(memory.beside("promise", PROMISED_MIB).aiming(Aim::AtMost(1.0)));
        } else {
            report.add(Figure::new(name("memory of the replica"), came.mib, "MiB"));
        }
        report.add(Figure::ms(name("p99"), came.load.p99));
        report.add(Figure::new(name("connections"), came.connections as f64, ""));
    }
    report.note(format!("wrk, 2 threads, {CLIENTS} connections, {SECONDS} s after a warm-up"));
}
