//! People at the front desk who write and read all the time, and note how it went.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use platform_tests::client::Site;
use serde_json::json;
use tokio::{sync::watch, task::JoinSet, time::Instant};

const WRITERS: usize = 2;
/// After an answer; a person is slower.
const PAUSE: Duration = Duration::from_millis(5);

/// What the people saw. Times in milliseconds.
#[derive(Debug, Default)]
pub(super) struct Worked {
    pub(super) writes: u64,
    /// Writes that were told to come back.
    pub(super) refused: u64,
    pub(super) longest_gap: f64,
    pub(super) failed_reads: u64,
    pub(super) slowest_read: f64,
}

/// The people, at work.
pub(super) struct Clerks {
    stop: watch::Sender<bool>,
    at_work: JoinSet<Result<Worked>>,
}

impl Clerks {
    /// Sends them to work.
    pub(super) fn begin(hotel: Site) -> Self {
        let (stop, stopped) = watch::channel(false);
        let hotel = Arc::new(hotel);
        let mut at_work = JoinSet::new();
        for number in 0..WRITERS {
            at_work.spawn(write(Arc::clone(&hotel), number, stopped.clone()));
        }
        at_work.spawn(read(hotel, stopped));
        Self { stop, at_work }
    }

    /// Sends them home.
    pub(super) async fn end(mut self) -> Result<Worked> {
        self.stop.send_replace(true);
        let mut all = Worked::default();
        while let Some(clerk) = self.at_work.join_next().await {
            let one = clerk.context("a clerk fell ill")??;
            all.writes += one.writes;
            all.refused += one.refused;
            all.failed_reads += one.failed_reads;
            all.longest_gap = all.longest_gap.max(one.longest_gap);
            all.slowest_read = all.slowest_read.max(one.slowest_read);
        }
        Ok(all)
    }
}

async fn write(hotel: Arc<Site>, clerk: usize, stopped: watch::Receiver<bool>) -> Result<Worked> {
    let mut worked = Worked::default();
    let mut last = Instant::now();
    let mut number = 0_u64;
    while !*stopped.borrow() {
        number += 1;
        let email = format!("clerk-{clerk}-{number}@example.com");
        let guest = json!({ "full_name": "Ni Luh", "email": email });
        match hotel.post("/api/v1/guests", &guest).await?.status.as_u16() {
            201 => {
                worked.writes += 1;
                worked.longest_gap = worked.longest_gap.max(ms(last));
                last = Instant::now();
            }
            503 => worked.refused += 1,
            other => anyhow::bail!("a write was answered with {other}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
    worked.longest_gap = worked.longest_gap.max(ms(last));
    Ok(worked)
}

async fn read(hotel: Arc<Site>, stopped: watch::Receiver<bool>) -> Result<Worked> {
    let mut worked = Worked::default();
    while !*stopped.borrow() {
        let start = Instant::now();
        let answer = hotel.get("/api/v1/properties").await?;
        if answer.status.as_u16() != 200 {
            worked.failed_reads += 1;
        }
        worked.slowest_read = worked.slowest_read.max(ms(start));
        tokio::time::sleep(PAUSE).await;
    }
    Ok(worked)
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
