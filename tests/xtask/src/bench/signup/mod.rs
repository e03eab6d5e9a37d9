//! From the signup's form to the first authenticated answer of one's own hotel, with no hotel made
//! ahead: fifty one after the other, fifty at eight at once.
//!
//! Between the first fifty, what a signup cannot do without is measured on its own: the copy of the
//! template, and the hash of the password, which happens twice.

mod customer;
pub(super) mod warm;

use std::time::Duration;

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use platform_tests::postgres::connect;

use self::customer::{Customer, Journey};
use super::{
    clones::Clones,
    hashing::Hashing,
    report::{Aim, Figure, Report},
    samples::Samples,
    theatre::Theatre,
};
use crate::say;

const SIGNUPS: usize = 50;
/// Copies and hashes of the reference, spread evenly among the signups.
const REFERENCES: usize = 20;
const AT_ONCE: usize = 8;
/// Rounds of [`AT_ONCE`] copies, after the signups at once.
const ROUNDS_AT_ONCE: usize = 3;
/// Nobody else uses the machine meanwhile, so a customer may look often.
const PAUSE: Duration = Duration::from_millis(2);
/// Eight who look often would measure their own looking.
const PAUSE_AT_ONCE: Duration = Duration::from_millis(20);

/// What the reference took.
struct Floor {
    clone: Samples,
    hash: Samples,
    clone_at_once: Samples,
}

impl Floor {
    /// The promise: half as long again as the copy, and the two hashes.
    fn promise(&self, clone: &Samples) -> f64 {
        1.5 * clone.p50() + 2.0 * self.hash.p50()
    }
}

/// Measures all of it.
pub(super) async fn measure(theatre: &Theatre, report: &mut Report) -> Result<()> {
    let customer = Customer::of(&theatre.platform)?;
    // The first one waits for the template and opens the programs' connections.
    let first = say::during("a first signup", customer.sign_up("bench-first", PAUSE)).await?;
    let hashing = Hashing::like(stored_hash(theatre).await?, &first.password);
    let mut clones = Clones::open(&theatre.stage.postgres.urls()?, AT_ONCE).await?;
    let mut floor = Floor {
        clone: Samples::default(),
        hash: Samples::default(),
        clone_at_once: Samples::default(),
    };

    let what = format!("{SIGNUPS} signups, one at a time");
    let alone = in_turn(&customer, &mut clones, &hashing, &mut floor);
    let alone = say::during(&what, alone).await?;
    let what = format!("{SIGNUPS} signups, {AT_ONCE} at once");
    let together = say::during(&what, at_once(&customer)).await?;
    for _ in 0..ROUNDS_AT_ONCE {
        clones.on_all(&mut floor.clone_at_once).await?;
    }

    tell_totals(report, &floor, &alone, &together);
    tell_floor(report, &floor);
    tell_parts(report, &alone);
    tell_retries(report, &alone, &together);
    report.note(format!("hash: {}, in this process", hashing.parameters()));
    report.note(format!(
        "the status was asked for every {} ms, at {AT_ONCE} at once every {} ms; p99 of {SIGNUPS} \
         lies between the two slowest",
        PAUSE.as_millis(),
        PAUSE_AT_ONCE.as_millis(),
    ));
    Ok(())
}

async fn in_turn(
    customer: &Customer,
    clones: &mut Clones,
    hashing: &Hashing,
    floor: &mut Floor,
) -> Result<Vec<Journey>> {
    let mut journeys = Vec::with_capacity(SIGNUPS);
    for number in 1..=SIGNUPS {
        journeys.push(customer.sign_up(&format!("bench-a{number}"), PAUSE).await?);
        while floor.clone.len() * SIGNUPS < number * REFERENCES {
            clones.one(&mut floor.clone).await?;
            hashing.one(&mut floor.hash).await?;
        }
    }
    Ok(journeys)
}

async fn at_once(customer: &Customer) -> Result<Vec<Journey>> {
    let slugs: Vec<String> = (1..=SIGNUPS).map(|number| format!("bench-b{number}")).collect();
    stream::iter(&slugs)
        .map(|slug| customer.sign_up(slug, PAUSE_AT_ONCE))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// The only owner's password, as the product stored it.
async fn stored_hash(theatre: &Theatre) -> Result<String> {
    let (_, database) = theatre.only_database().await?;
    let hotel = connect(&database).await.context("look into the hotel's database")?;
    let row = hotel.query_one("SELECT password_hash FROM users", &[]).await;
    Ok(row.context("find the owner's password")?.get(0))
}

fn tell_totals(report: &mut Report, floor: &Floor, alone: &[Journey], together: &[Journey]) {
    let promise = "1.5 × clone p50 + 2 × hash p50";
    let total: Samples = alone.iter().map(|it| it.total).collect();
    let limit = floor.promise(&floor.clone);
    let p50 = Figure::ms("one at a time, p50", total.p50()).beside(promise, limit);
    report.add(p50.aiming(Aim::AtMost(1.0)));
    report.add(Figure::ms("one at a time, p99", total.p99()).beside(promise, limit));
    report.add(Figure::ms("one at a time, max", total.max()).beside(promise, limit));
    report.keep_samples("one_at_a_time", &total);

    let total: Samples = together.iter().map(|it| it.total).collect();
    let promise = format!("1.5 × clone p50 at {AT_ONCE} at once + 2 × hash p50");
    let limit = floor.promise(&floor.clone_at_once);
    for (name, value) in [("p50", total.p50()), ("p99", total.p99()), ("max", total.max())] {
        let name = format!("{AT_ONCE} at once, {name}");
        report.add(Figure::ms(name, value).beside(promise.as_str(), limit));
    }
    report.keep_samples("at_once", &total);
}

fn tell_floor(report: &mut Report, floor: &Floor) {
    let Floor { clone, hash, clone_at_once } = floor;
    let at_once = format!("raw clone, {AT_ONCE} at once");
    let parts = [("raw clone", clone), (at_once.as_str(), clone_at_once), ("one hash", hash)];
    for (name, samples) in parts {
        report.add(Figure::ms(format!("{name}, p50"), samples.p50()));
        report.add(Figure::ms(format!("{name}, p99"), samples.p99()));
        report.keep_samples(&name.replace([' ', ','], "_"), samples);
    }
}

/// Where the time goes, one at a time: the customer's requests, and the steps of the provisioner.
fn tell_parts(report: &mut Report, journeys: &[Journey]) {
    for (name, part) in Journey::PARTS {
        let times: Samples = journeys.iter().map(part).collect();
        report.add(Figure::ms(format!("part: {name}, p50"), times.p50()));
    }
    let names = journeys.first().map(|it| it.steps.clone()).unwrap_or_default();
    for (name, _) in names {
        let of_step = |it: &Journey| it.steps.iter().find(|(step, _)| *step == name).map(|it| it.1);
        let times: Samples = journeys.iter().filter_map(of_step).collect();
        report.add(Figure::ms(format!("step: {name}, p50"), times.p50()));
    }
}

fn tell_retries(report: &mut Report, alone: &[Journey], together: &[Journey]) {
    let name = "404 or 503 of a hotel that was said to be ready";
    let retries: u32 = alone.iter().chain(together).map(|it| it.retries).sum();
    report.add(Figure::new(name, f64::from(retries), "answers"));
}
