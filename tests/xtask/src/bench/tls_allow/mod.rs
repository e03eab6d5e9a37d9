//! `/tls/allow` at a thousand questions a second, most of them for names that are nobody's, against a
//! bare handler that looks at nothing.
//!
//! Questions are asked when they are due, whether earlier ones are answered or not, and a time is
//! counted from then: whoever is slow for a moment pays for all who waited.

mod bare;

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use platform_tests::{
    client::{Signup, Site},
    platform::HOTEL_DEADLINE,
    ports,
    process::Launch,
};
use reqwest::{Method, StatusCode};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

pub(crate) use self::bare::{Args as BareAllowArgs, serve as serve_bare_allow};
use super::{
    report::{Aim, Figure, Report},
    samples::Samples,
    theatre::Theatre,
};
use crate::say;

const PER_SECOND: u32 = 1_000;
const SECONDS: u32 = 10;
const WARM_UP_SECONDS: u32 = 2;
const ROUNDS: usize = 3;
/// One in so many is for a name that is a hotel's.
const KNOWN: u32 = 10;
const DEADLINE: Duration = Duration::from_secs(15);

/// One of those who answer.
struct Side {
    name: &'static str,
    site: Arc<Site>,
    known: StatusCode,
    rounds: Vec<Samples>,
}

impl Side {
    fn median(&self, of: fn(&Samples) -> f64) -> f64 {
        let mut each = Samples::default();
        self.rounds.iter().map(of).for_each(|it| each.add_ms(it));
        each.p50()
    }
}

/// Measures both sides in turns.
pub(super) async fn measure(theatre: &Theatre, report: &mut Report) -> Result<()> {
    let control = theatre.platform.control()?;
    let signup = Signup::of("bench-hotel");
    let hotel = control.open_hotel(&signup, HOTEL_DEADLINE);
    let hotel = say::during("a hotel", hotel).await?;
    let known = hotel.site().host().to_owned();
    let folder = tempfile::tempdir().context("make a folder")?;
    let port = ports::free()?;
    let xtask = std::env::current_exe().context("find our own executable")?;
    let log = folder.path().join("bare.log");
    let listen = port.to_string();
    let launch = Launch::new("bare-allow", &xtask, &log).args(["bare-allow", "--port", &listen]);
    let mut bare = launch.start()?;
    let reference = Site::new(port, "localhost")?;
    let ready = async || reference.get("/tls/allow?domain=x").await.ok();
    bare.wait_until(DEADLINE, "the bare handler to answer", ready).await?;
    let side = |name, site, known| Side { name, site: Arc::new(site), known, rounds: Vec::new() };
    let product = Site::new(hotel.site().port(), "localhost")?;
    let mut sides = [
        side("product", product, StatusCode::OK),
        side("bare handler", reference, StatusCode::NOT_FOUND),
    ];
    for it in &sides {
        ask_for(it, &known, WARM_UP_SECONDS).await?;
    }
    for round in 1..=ROUNDS {
        for it in &mut sides {
            let what = format!("round {round} of {ROUNDS}: {}", it.name);
            let times = say::during(&what, ask_for(it, &known, SECONDS)).await?;
            it.rounds.push(times);
        }
    }
    let [product, bare] = &sides;
    for (name, of) in [("p50", Samples::p50 as fn(&Samples) -> f64), ("p99", Samples::p99)] {
        let figure = Figure::ms(name, product.median(of)).beside(bare.name, bare.median(of));
        report.add(figure);
    }
    let limit = Figure::ms("p99 against the promise", product.median(Samples::p99));
    report.add(limit.beside("5 ms", 5.0).aiming(Aim::AtMost(1.0)));
    report.note(format!(
        "{PER_SECOND} questions a second for {SECONDS} s, one in {KNOWN} for a hotel's name, the \
         median of {ROUNDS} rounds in turns; counted from when each was due"
    ));
    Ok(())
}

/// Asks for so many seconds; fails if one answer is not what it should be.
async fn ask_for(side: &Side, known: &str, seconds: u32) -> Result<Samples> {
    let begin = Instant::now();
    let mut asked = JoinSet::new();
    let mut times = Samples::default();
    for number in 0..PER_SECOND * seconds {
        let due = begin + Duration::from_secs(1) / PER_SECOND * number;
        sleep_until(due).await;
        let (name, wanted) = match number % KNOWN {
            0 => (known.to_owned(), side.known),
            _ => (format!("{number:x}.example.com"), StatusCode::NOT_FOUND),
        };
        let site = Arc::clone(&side.site);
        asked.spawn(async move {
            let request = site.request(Method::GET, &format!("/tls/allow?domain={name}"));
            let answer = request.send().await.context("ask")?;
            ensure!(answer.status() == wanted, "{name}: {}", answer.status());
            answer.bytes().await.context("read the answer")?;
            anyhow::Ok(due.elapsed())
        });
        while let Some(answered) = asked.try_join_next() {
            times.add(answered.context("ask")??);
        }
    }
    while let Some(answered) = asked.join_next().await {
        times.add(answered.context("ask")??);
    }
    Ok(times)
}
