//! A hotel is stopped: how long until each of four replicas refuses its people.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use platform_tests::{
    client::{Signup, Site},
    platform::HOTEL_DEADLINE,
};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{
    report::{Aim, Figure, Report},
    samples::Samples,
    theatre::Theatre,
};
use crate::say;

const TURNS: usize = 100;
const LOOK_EVERY: Duration = Duration::from_millis(1);
const DEADLINE: Duration = Duration::from_secs(30);
const PROMISED_MS: f64 = 250.0;

/// Measures all of it.
pub(super) async fn measure(theatre: &Theatre, report: &mut Report) -> Result<()> {
    let signup = Signup::of("bench-push");
    let control = theatre.platform.control()?;
    let hotel = say::during("a hotel", control.open_hotel(&signup, HOTEL_DEADLINE)).await?;
    let id = hotel.site().get("/api/v1/me").await?.data()?;
    let id = id.pointer("/tenant/id").and_then(|it| it.as_str()).context("no tenant")?.to_owned();
    let token = hotel.site().token().context("nobody is logged in")?.to_owned();
    let ports = theatre.platform.setup().tenant_ports.clone();
    let replicas = ports
        .iter()
        .map(|port| Site::new(*port, hotel.site().host()).map(|it| it.with_token(&token)));
    let replicas: Vec<Site> = replicas.collect::<Result<_>>()?;
    let vendor = theatre.platform.vendor().await?;

    let (mut asked, mut answered) = (Samples::default(), Samples::default());
    let turns = async {
        for _ in 0..TURNS {
            let start = Instant::now();
            let body = json!({ "reason": "measured", "access": "stopped" });
            let path = format!("/api/v1/tenants/{id}/suspend");
            let suspend = async {
                vendor.site().post(&path, &body).await?.expect_status(200)?;
                anyhow::Ok(Instant::now())
            };
            let refusals = try_join_all(replicas.iter().map(|it| until(it, 402)));
            let (done, refusals) = tokio::try_join!(suspend, refusals)?;
            for refused in refusals {
                asked.add(refused.duration_since(start));
                answered.add(refused.saturating_duration_since(done));
            }
            let path = format!("/api/v1/tenants/{id}/resume");
            vendor.site().post(&path, &json!({})).await?.expect_status(200)?;
            try_join_all(replicas.iter().map(|it| until(it, 200))).await?;
        }
        anyhow::Ok(())
    };
    say::during(&format!("{TURNS} times stopped and resumed"), turns).await?;

    report.add(Figure::ms("from the request to a replica's refusal, p50", asked.p50()));
    let p99 = Figure::ms("from the request to a replica's refusal, p99", asked.p99());
    report.add(p99.beside("promise", PROMISED_MS).aiming(Aim::AtMost(1.0)));
    report.add(Figure::ms("from the vendor's answer to a replica's refusal, p99", answered.p99()));
    report.keep_samples("from_the_request", &asked);
    report.note(format!(
        "{} replicas, each asked every millisecond by somebody who is logged in",
        replicas.len()
    ));
    Ok(())
}

/// The moment when the hotel's people get this status.
async fn until(replica: &Site, status: u16) -> Result<Instant> {
    let end = Instant::now() + DEADLINE;
    loop {
        let got = replica.get("/api/v1/properties").await?.status.as_u16();
        if got == status {
            return Ok(Instant::now());
        }
        ensure!(Instant::now() < end, "the replica still answers {got} rather than {status}");
        sleep(LOOK_EVERY).await;
    }
}
