//! The server of a thousand databases is killed and started again: how long until a hotel is served.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use platform_tests::client::Site;
use tokio::time::{Instant, sleep};

use super::{
    super::{
        report::{Aim, Figure, Report},
        theatre::Theatre,
    },
    making::{Hotel, Mill},
};
use crate::say;

const DEADLINE: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const PROMISED_MS: f64 = 15_000.0;

pub(super) async fn measure(
    theatre: &mut Theatre,
    report: &mut Report,
    mill: &Mill,
    hotel: &Hotel,
) -> Result<()> {
    let port = theatre.platform.setup().tenant_ports.first().copied().context("no port")?;
    let site = Site::new(port, &hotel.host)?.with_token(&mill.token(hotel)?);
    theatre.stage.postgres.kill().await?;
    let start = Instant::now();
    theatre.stage.postgres.start().await?;
    let answered = start.elapsed();
    say::during("a hotel after the crash", serving(&site, start + DEADLINE)).await?;
    let served = start.elapsed();

    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    report.add(Figure::ms("crash of PostgreSQL, until it answers", ms(answered)));
    let figure = Figure::ms("crash of PostgreSQL, until a hotel is served", ms(served));
    report.add(figure.beside("promise", PROMISED_MS).aiming(Aim::AtMost(1.0)));
    Ok(())
}

async fn serving(site: &Site, deadline: Instant) -> Result<()> {
    loop {
        match site.get("/api/v1/properties").await {
            Ok(answer) if answer.status.as_u16() == 200 => return Ok(()),
            _ => ensure!(Instant::now() < deadline, "the hotel is not served after the crash"),
        }
        sleep(LOOK_EVERY).await;
    }
}
