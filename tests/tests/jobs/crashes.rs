//! Workers that are killed at any moment.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use hotelhub_core::ids::JobId;
use nix::sys::signal::Signal;
use platform_tests::{fleet::FleetHotel, platform::Role, waiting::eventually};
use rand::RngExt as _;

use crate::{
    END, SOON,
    ground::{Ground, ask, calls, inserts, worker},
    size::size,
    times::{median, percentile},
};

const WAIT_MS: u64 = 150;
/// Where a worker can be reached that has been connected for some time, as the workers have it.
const GATHERED: (&str, &str) = ("amq.direct", "jobs.worker.gathered");
/// Seconds from a kill to the next start of half of the jobs that it met: some looks more than usual on a
/// busy machine, and far less than what is left of a lease.
const AT_ONCE: f64 = 12.0;

/// When each job was torn from its worker.
type Orphans = HashMap<JobId, DateTime<Utc>>;

/// The jobs that a killed worker held.
async fn orphans_of(hotel: &FleetHotel, owner: &str) -> Orphans {
    let sql = format!(
        "SELECT id, clock_timestamp() FROM jobs \
         WHERE state = 'running' AND kind = 'test_insert' AND lease_owner LIKE '%{owner}'"
    );
    ask(hotel, &sql).await.iter().map(|it| (it.get(0), it.get(1))).collect()
}

/// A worker that holds no job of which two have died: the third would make it poison, and rightly. It
/// stands still, so that it takes none either.
async fn victim(ground: &mut Ground, workers: usize) -> (Role, String) {
    let victim = eventually(SOON, "a worker that may die", async || {
        let victim = worker(rand::rng().random_range(0..workers));
        let owner = ground.owner(victim);
        ground.signal(victim, Signal::SIGSTOP);
        let sql = format!(
            "SELECT count(*) FROM jobs WHERE state = 'running' AND crash_count > 1 \
               AND lease_owner LIKE '%{owner}'"
        );
        // What it had asked for already is seen by the second look.
        if ground.sum(&sql).await + ground.sum(&sql).await == 0 {
            return Some((victim, owner));
        }
        ground.signal(victim, Signal::SIGCONT);
        None
    });
    victim.await.unwrap()
}

#[tokio::test]
async fn workers_that_are_killed_at_random_lose_no_job_and_repeat_no_effect() {
    let (size, mut ground) = (size(), Ground::new(size().hotels).await);
    ground.start_workers(size.workers).await;
    let total = size.local_jobs + size.peer_jobs;

    ground.fleet.insert_jobs(&inserts(WAIT_MS), size.local_jobs / size.hotels).await.unwrap();
    ground.add_jobs(&calls(), size.peer_jobs / size.hotels).await;
    let mut orphans = Orphans::new();
    for kill in 1..=size.kills {
        // The kills are spread over the work, wherever it stands by then.
        let enough = total * kill / (size.kills + 2);
        let worked = async || (ground.done().await >= enough).then_some(());
        eventually(END, &format!("{enough} jobs to be done"), worked).await.unwrap();
        let (victim, owner) = victim(&mut ground, size.workers).await;
        ground.platform.kill_role(victim).await.unwrap();
        for hotel in ground.hotels() {
            orphans.extend(orphans_of(hotel, &owner).await);
        }
        ground.platform.start_role(victim).await.unwrap();
    }

    ground.fleet.wait_until_ended(END).await.unwrap();
    ground.fleet.check().await.unwrap();
    assert_eq!(ground.done().await, total, "none is dead, of poison or else");
    let crashed = "SELECT count(*) FROM jobs WHERE crash_count > 0";
    assert!(ground.sum(crashed).await > 0, "the kills met jobs in the middle");
    ground.expect_no_try_lost().await;
    let book = ground.ledger.book();
    assert!(book.repeated_effects().is_empty(), "{:?}", book.repeated_effects());
    assert_eq!(book.taken_by_key().len(), total - size.local_jobs);
    let waits = restarts(&ground, &orphans).await;
    println!(
        "figure: {} jobs torn from {} workers began again after {:.1} s (median), {:.1} s (p99)",
        waits.len(),
        size.kills,
        median(&waits),
        percentile(&waits, 99)
    );
    ground.platform.stop().await.unwrap();
}

#[tokio::test]
async fn in_a_fleet_that_stands_the_jobs_of_a_killed_worker_begin_again_at_once() {
    let mut ground = Ground::new(4).await;
    ground.start_workers(3).await;
    // Who has just connected cannot know that another is gone; the first to come has been there for longer
    // by then, and the last one dies.
    let (queues, (exchange, key)) = (ground.queues().await, GATHERED);
    let gathered = async || queues.publish(exchange, key, &["is anybody there?"]).await.ok();
    eventually(SOON, "the fleet to stand", gathered).await.unwrap();
    ground.add_jobs(&inserts(WAIT_MS), 400).await;
    let worked = async || (ground.done().await >= 50).then_some(());
    eventually(SOON, "work to go on", worked).await.unwrap();

    ground.stall_at_work(worker(2), 2).await;
    let now = ask(&ground.hotels()[0], "SELECT clock_timestamp()").await;
    let killed_at: DateTime<Utc> = now[0].get(0);
    ground.platform.kill_role(worker(2)).await.unwrap();
    ground.fleet.wait_until_ended(END).await.unwrap();

    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    // Not asked for at once: by the time of the answer they may run again.
    let torn = ground.ask_all("SELECT id FROM jobs WHERE crash_count = 1").await;
    let orphans: Orphans = torn.iter().map(|it| (it.get(0), killed_at)).collect();
    assert!(!orphans.is_empty(), "the kill met no job");
    let waits = restarts(&ground, &orphans).await;
    let (half, worst) = (median(&waits), percentile(&waits, 100));
    println!(
        "figure: {} jobs began again after {half:.2} s (median), {worst:.2} s (worst)",
        waits.len()
    );
    assert!(!waits.is_empty() && half <= AT_ONCE, "{waits:?}");
    ground.platform.stop().await.unwrap();
}

/// Seconds from each kill to the next start of the jobs that were torn from their worker once.
async fn restarts(ground: &Ground, orphans: &Orphans) -> Vec<f64> {
    let sql = "SELECT jobs.id, at FROM jobs JOIN job_effects ON job_id = jobs.id \
               WHERE crash_count = 1";
    let begun = |row: tokio_postgres::Row| {
        let torn = orphans.get(&row.get(0))?;
        let effect: DateTime<Utc> = row.get(1);
        let wait = (effect - *torn).num_milliseconds() - i64::try_from(WAIT_MS).unwrap();
        Some(wait as f64 / 1_000.0)
    };
    ground.ask_all(sql).await.into_iter().filter_map(begun).collect()
}
