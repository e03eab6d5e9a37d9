//! A quiet hotel beside one that has a hundred thousand jobs: how long its own job waits.

use std::time::Duration;

use anyhow::{Context as _, Result};
use platform_tests::fleet::{Fleet, NewJobs};
use tokio::time::sleep;

use super::{tick, waits};
use crate::{
    bench::{
        report::{Aim, Figure, Report},
        theatre::Theatre,
    },
    say,
};

const NOISE: usize = 100_000;
/// Jobs of each quiet hotel, one after the other.
const TURNS: usize = 20;
const PAUSE: Duration = Duration::from_millis(200);

/// Measures quiet hotels alone, then beside the noisy one.
pub(super) async fn measure(theatre: &Theatre, fleet: &Fleet, report: &mut Report) -> Result<()> {
    let (noisy, quiet) = fleet.hotels().split_first().context("no hotel")?;
    let quiet = quiet.get(..10).context("too few hotels")?;
    for hotel in fleet.hotels() {
        hotel.session().await?.execute("DELETE FROM jobs", &[]).await?;
    }
    let turns = async || {
        for _ in 0..TURNS {
            for hotel in quiet {
                hotel.insert_jobs(&NewJobs::of("test_noop", "default"), 1).await?;
            }
            tick(theatre, quiet).await?;
            sleep(PAUSE).await;
        }
        anyhow::Ok(())
    };
    say::during("quiet hotels alone", turns()).await?;
    let idle = waits(quiet, "test_noop", "-infinity").await?;
    for hotel in quiet {
        hotel.session().await?.execute("DELETE FROM jobs", &[]).await?;
    }

    let jobs = NewJobs::of("test_noop", "default");
    say::during(&format!("{NOISE} jobs of one hotel"), noisy.insert_jobs(&jobs, NOISE)).await?;
    tick(theatre, std::slice::from_ref(noisy)).await?;
    say::during("quiet hotels beside it", turns()).await?;
    let beside = waits(quiet, "test_noop", "-infinity").await?;
    let left = noisy.session().await?;
    let sql = "SELECT count(*) FROM jobs WHERE state <> 'done'";
    let left: i64 = left.query_one(sql, &[]).await?.get(0);
    anyhow::ensure!(left > 0, "the noisy hotel was done before the quiet ones had been measured");
    noisy.session().await?.execute("DELETE FROM jobs", &[]).await?;

    let promise = 2.0 * idle.p99() + 1_000.0;
    report.add(Figure::ms("wait of a quiet hotel's job alone, p99", idle.p99()));
    let figure = Figure::ms("wait of a quiet hotel's job beside 100,000, p99", beside.p99());
    report.add(figure.beside("2 × alone + 1 s", promise).aiming(Aim::AtMost(1.0)));
    report.note(format!("the noisy hotel still had {left} jobs to do then"));
    Ok(())
}
