//! Rows that lie there are ticked, claimed, done and written down: how many a second.

use anyhow::{Context as _, Result};
use platform_tests::fleet::{Fleet, NewJobs};
use tokio::time::Instant;

use super::{DEADLINE, tick};
use crate::{
    bench::{
        report::{Aim, Figure, Report},
        theatre::Theatre,
    },
    say,
};

/// For each hotel.
const JOBS: usize = 400;

/// Measures jobs that do nothing, and jobs that write one row.
pub(super) async fn measure(
    (theatre, fleet): (&Theatre, &Fleet),
    report: &mut Report,
    (batch, promised): (&str, f64),
    (raw, commits): (f64, f64),
) -> Result<()> {
    for (kind, what) in [("test_noop", "that do nothing"), ("test_insert", "of one row")] {
        let name = format!("jobs {what}, batches of {batch}");
        let rate = say::during(&name, drain(theatre, fleet, kind)).await?;
        let figure = Figure::new(&name, rate, "/s");
        report.add(figure.beside("promise", promised).aiming(Aim::AtLeast(1.0)));
        let figure = Figure::new(format!("{name} (commits)"), rate, "/s");
        report.add(figure.beside("claim and outcome alone, by pgbench", commits));
        let figure = Figure::new(format!("{name} (broker)"), rate, "/s");
        report.add(figure.beside("publish, confirm, consume, ack alone", raw));
    }
    Ok(())
}

/// Jobs a second, from the ticks to the last outcome by the server's clock.
async fn drain(theatre: &Theatre, fleet: &Fleet, kind: &str) -> Result<f64> {
    fleet.insert_jobs(&NewJobs::of(kind, "default"), JOBS).await?;
    let session = fleet.hotels().first().context("no hotel")?.session().await?;
    let begun = session.query_one("SELECT clock_timestamp()::text", &[]).await?;
    let begun: String = begun.get(0);
    let started = Instant::now();
    tick(theatre, fleet.hotels()).await?;
    fleet.wait_until_ended(DEADLINE).await?;
    fleet.check().await.with_context(|| format!("after {:?}", started.elapsed()))?;
    let (mut seconds, mut jobs) = (0.0_f64, 0_i64);
    for hotel in fleet.hotels() {
        let session = hotel.session().await?;
        let sql = "SELECT extract(epoch FROM max(finished_at) - $1::text::timestamptz)::float8, \
                     count(*) FROM jobs WHERE state = 'done' AND kind = $2 \
                     AND finished_at > $1::text::timestamptz";
        let row = session.query_one(sql, &[&begun, &kind]).await?;
        seconds = seconds.max(row.get(0));
        jobs += row.get::<_, i64>(1);
    }
    #[expect(clippy::cast_precision_loss, reason = "some ten thousand")]
    let jobs = jobs as f64;
    Ok(jobs / seconds)
}
