//! Reading one row of one's hotel: host, token, session, permission, access, database; against a
//! bare handler that runs the same queries, and one that runs the row's query alone.

mod reference;

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use platform_tests::{
    client::{Hotel, Signup, Site},
    platform::HOTEL_DEADLINE,
};

use self::reference::Reference;
use super::{
    report::{Aim, Figure, Report},
    samples::Samples,
    theatre::Theatre,
    wrk::{Load, Target, load},
};
use crate::say;

const ROUNDS: usize = 3;
const SECONDS: u32 = 10;
/// Connections are opened and statements prepared before anything counts.
const WARM_UP_SECONDS: u32 = 2;

/// One of those who answer, and what came of it.
struct Side {
    name: &'static str,
    target: Target,
    loads: Vec<Load>,
}

impl Side {
    /// The median of the rounds.
    fn median(&self, of: fn(&Load) -> f64) -> f64 {
        self.loads.iter().map(of).collect::<Samples>().p50()
    }
}

/// Measures all of it.
pub(super) async fn measure(theatre: &Theatre, report: &mut Report) -> Result<()> {
    let control = theatre.platform.control()?;
    let signup = Signup::of("bench-hotel");
    let hotel = control.open_hotel(&signup, HOTEL_DEADLINE);
    let hotel = say::during("a hotel", hotel).await?;
    let property = hotel.first_property().await?;
    let folder = tempfile::tempdir().context("make a folder")?;
    let reference = Reference::start(theatre, folder.path()).await?;
    let mut sides = sides(&hotel, &property, &reference)?;
    check_same_answer(hotel.site(), reference.site(), &property).await?;

    let log = folder.path().join("wrk.log");
    take_turns(&mut sides, &log).await?;
    tell(report, &sides)?;
    Ok(())
}

fn sides(hotel: &Hotel, property: &str, reference: &Reference) -> Result<[Side; 3]> {
    let site = hotel.site();
    let token = site.token().context("nobody is logged in")?;
    // Everybody gets the same headers, whether they read them or not.
    let headers = vec![format!("Host: {}", site.host()), format!("Authorization: Bearer {token}")];
    let side = |name, port, path: &str| Side {
        name,
        target: Target {
            url: format!("http://127.0.0.1:{port}{path}/{property}"),
            headers: headers.clone(),
        },
        loads: Vec::new(),
    };
    let bare = reference.site().port();
    Ok([
        side("product", site.port(), "/api/v1/properties"),
        side("bare handler, same queries", bare, "/api/v1/properties"),
        side("bare handler, the row alone", bare, "/alone"),
    ])
}

/// A reference that answers something else is none.
async fn check_same_answer(product: &Site, reference: &Site, property: &str) -> Result<()> {
    let path = format!("/api/v1/properties/{property}");
    let ours = product.get(&path).await?.expect_status(200)?.body;
    for path in [path, format!("/alone/{property}")] {
        let theirs = reference.get(&path).await?.expect_status(200)?.body;
        ensure!(ours == theirs, "the reference answers {theirs} and the product {ours}");
    }
    Ok(())
}

/// One after the other, several rounds, so that what else the machine does meets all alike.
async fn take_turns(sides: &mut [Side], log: &Path) -> Result<()> {
    for side in sides.iter() {
        load(&side.target, WARM_UP_SECONDS, log).await?;
    }
    for round in 1..=ROUNDS {
        for side in sides.iter_mut() {
            let what = format!("round {round} of {ROUNDS}: {}", side.name);
            let came = say::during(&what, load(&side.target, SECONDS, log)).await?;
            side.loads.push(came);
        }
    }
    Ok(())
}

fn tell(report: &mut Report, [product, same, alone]: &[Side; 3]) -> Result<()> {
    for reference in [same, alone] {
        let beside = |name, unit, of: fn(&Load) -> f64| {
            Figure::new(name, product.median(of), unit).beside(reference.name, reference.median(of))
        };
        let rate = beside("requests", "/s", |it| it.per_second);
        report.add(if std::ptr::eq(reference, same) {
            rate.aiming(Aim::AtLeast(0.85))
        } else {
            rate
        });
        report.add(beside("p50", "ms", |it| it.p50));
        report.add(beside("p99", "ms", |it| it.p99));
    }
    for side in [product, same, alone] {
        let rounds: Vec<String> =
            side.loads.iter().map(|it| format!("{:.0}", it.per_second)).collect();
        report.note(format!("{}: {} requests/s", side.name, rounds.join(", ")));
    }
    report.note(format!(
        "wrk, 2 threads, 32 connections, {SECONDS} s, the median of {ROUNDS} rounds in turns; one \
         hotel, 4 connections to its database on either side; load, servers and database share \
         the cores"
    ));
    Ok(())
}
