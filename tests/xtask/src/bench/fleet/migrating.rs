//! An additive migration of every hotel, three of which cannot take it; beside a bare loop that
//! applies the same statements to copies.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use platform_tests::{
    platform::Role,
    postgres::{PostgresUrls, connect},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{
    super::{
        report::{Aim, Figure, Report},
        theatre::Theatre,
    },
    making::Hotel,
};
use crate::say;

/// Copies that the bare loop is timed with.
pub(super) const COPIES: usize = 200;
const WORKERS: usize = 4;
const POISONED: usize = 3;
const DEADLINE: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Hotels a second, whatever the reference.
const PROMISE: f64 = 150.0;

pub(super) async fn measure(
    theatre: &mut Theatre,
    report: &mut Report,
    hotels: &[Hotel],
    copies: Vec<String>,
) -> Result<()> {
    for hotel in hotels.iter().rev().take(POISONED) {
        poison(theatre, hotel).await?;
    }
    let urls = theatre.stage.postgres.urls()?;
    let bare = say::during("the bare loop", bare_loop(&urls, copies)).await?;

    theatre.platform.forget_env("TENANT_SCHEMA_VERSION");
    theatre.platform.stop_role(Role::Provisioner).await?;
    theatre.platform.start_role(Role::Provisioner).await?;
    let what = format!("the migration of {} hotels", hotels.len());
    let run = say::during(&what, run(theatre)).await?;

    let fleet = Figure::new("fleet migration", run.per_second, "hotels/s");
    report
        .add(fleet.beside(format!("bare loop, {WORKERS} workers"), bare).aiming(Aim::AtLeast(0.4)));
    let fleet = Figure::new("fleet migration", run.per_second, "hotels/s");
    report.add(fleet.beside("promise", PROMISE).aiming(Aim::AtLeast(1.0)));
    report.add(Figure::new("set aside, each with its SQLSTATE", run.quarantined, "hotels"));
    report.note(format!(
        "{} hotels changed with {WORKERS} workers, from the first one's begin to the last one's \
         end; {POISONED} had a table in the way",
        run.done
    ));
    Ok(())
}

/// A table of the name that the migration wants.
async fn poison(theatre: &Theatre, hotel: &Hotel) -> Result<()> {
    let inside = theatre.superuser(&hotel.database.name()).await?;
    inside.simple_query("CREATE TABLE peers (in_the_way int)").await.context("poison")?;
    Ok(())
}

/// Copies a second.
async fn bare_loop(urls: &PostgresUrls, copies: Vec<String>) -> Result<f64> {
    let (start, count) = (Instant::now(), copies.len());
    let begun_with: i32 = super::BEGUN_WITH.parse().context("read the first version")?;
    let batches: Vec<String> = (begun_with + 1..=migrations::tenant_head())
        .map(|version| {
            let text = migrations::tenant_sql(version).context("a migration has no text")?;
            let alone = text.starts_with("-- no transaction");
            Ok(if alone { text.to_owned() } else { format!("BEGIN; {text}; COMMIT") })
        })
        .collect::<Result<_>>()?;
    let batches = &batches;
    stream::iter(copies)
        .map(async |name| {
            let mut url = urls.superuser.clone();
            url.set_path(&name);
            let copy = connect(&url).await?;
            copy.simple_query("SET ROLE hotel_owner").await?;
            for batch in batches {
                copy.simple_query(batch).await?;
            }
            anyhow::Ok(())
        })
        .buffer_unordered(WORKERS)
        .try_collect::<()>()
        .await
        .context("the bare loop")?;
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

struct Run {
    done: f64,
    quarantined: f64,
    per_second: f64,
}

/// Asks for it through the API, and waits until it is done.
async fn run(theatre: &Theatre) -> Result<Run> {
    let vendor = theatre.platform.vendor().await?;
    let body = json!({ "workers": WORKERS, "max_failures": POISONED + 2 });
    let asked = vendor.site().post("/api/v1/fleet-migrations", &body).await?.expect_status(201)?;
    let id = asked.data()?.get("id").and_then(Value::as_str).map(str::to_owned);
    let path = format!("/api/v1/fleet-migrations/{}", id.context("no id")?);
    let end = Instant::now() + DEADLINE;
    loop {
        let now = vendor.site().get(&path).await?.expect_status(200)?.data()?;
        match now.get("state").and_then(Value::as_str) {
            Some("done") => break,
            Some("halted" | "cancelled") => anyhow::bail!("the run did not go through: {now}"),
            _ => ensure!(Instant::now() < end, "the run is not done: {now}"),
        }
        sleep(LOOK_EVERY).await;
    }
    let control = theatre.control().await?;
    let sql = "SELECT count(*) FILTER (WHERE state = 'done')::float8,
           count(*) FILTER (WHERE state = 'quarantined' AND sqlstate IS NOT NULL)::float8,
           extract(epoch FROM max(finished_at)
             - min(finished_at - ms * interval '1 millisecond'))::float8
         FROM fleet_run_tenants";
    let row = control.query_one(sql, &[]).await.context("read the run")?;
    let (done, quarantined, seconds): (f64, f64, f64) = (row.get(0), row.get(1), row.get(2));
    ensure!(quarantined == POISONED as f64, "{quarantined} hotels were set aside");
    Ok(Run { done, quarantined, per_second: done / seconds })
}
