//! One hotel with thousands of jobs, and others that now and then have one.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::JobId;
use hotelhub_jobs::{rows::Due, ticket::Ticket};
use platform_tests::fleet::FleetHotel;
use tokio_postgres::Client;

use crate::{
    END,
    ground::{Ground, ask, inserts},
    size::size,
    times::{median, percentile},
};

/// Outstanding tickets of one hotel in the class `default`.
const WINDOW: i64 = 8;
/// Jobs of each quiet hotel while there is nothing else to do.
const IDLE_ROUNDS: usize = 5;
const PUT_IN: &str = "INSERT INTO jobs (id, kind, class, max_attempts, payload, state, queued_at)
     VALUES ($1, 'test_insert', 'default', 5, '{}', 'queued', now())";

/// Gives each quiet hotel a job, as a request does: written, then published.
async fn one_each(ground: &Ground, quiet: &[(&FleetHotel, Client)]) {
    let mut tickets = Vec::new();
    for (hotel, session) in quiet {
        let id = JobId::generate();
        session.execute(PUT_IN, &[&id]).await.unwrap();
        let (kind, class) = ("test_insert".to_owned(), "default".to_owned());
        tickets.push(Ticket::job(hotel.tenant(), &Due { id, kind, class, epoch: 1, trace: None }));
    }
    ground.publish(&tickets).await;
}

/// Seconds from writing to effect of all jobs of the quiet hotels so far.
async fn waits(quiet: &[(&FleetHotel, Client)]) -> Vec<f64> {
    let sql = "SELECT created_at, at FROM jobs JOIN job_effects ON job_id = id";
    let mut waits = Vec::new();
    for (_, session) in quiet {
        for row in session.query(sql, &[]).await.unwrap() {
            let (created, at): (DateTime<Utc>, DateTime<Utc>) = (row.get(0), row.get(1));
            waits.push((at - created).num_milliseconds() as f64 / 1_000.0);
        }
        session.execute("DELETE FROM jobs WHERE state = 'done'", &[]).await.unwrap();
        session.execute("DELETE FROM job_effects", &[]).await.unwrap();
    }
    waits
}

async fn sessions(quiet: &[FleetHotel]) -> Vec<(&FleetHotel, Client)> {
    let mut sessions = Vec::new();
    for hotel in quiet {
        sessions.push((hotel, hotel.session().await.unwrap()));
    }
    sessions
}

#[tokio::test]
async fn a_hotel_with_thousands_of_jobs_keeps_no_other_waiting() {
    let (size, mut ground) = (size(), Ground::new(size().hotels).await);
    ground.start_workers(2).await;
    let (noisy, quiet) = ground.hotels().split_first().unwrap();
    let (look, quiet) = (noisy.session().await.unwrap(), sessions(quiet).await);
    for _ in 0..IDLE_ROUNDS {
        one_each(&ground, &quiet).await;
        ended(&quiet).await;
    }
    let idle = waits(&quiet).await;

    noisy.insert_jobs(&inserts(0), size.noisy_jobs).await.unwrap();
    let begun = tokio::time::Instant::now();
    ground.tick_all().await;
    let (mut most, mut rounds) = (0, 0);
    loop {
        let sql = "SELECT count(*) FILTER (WHERE state IN ('queued', 'running')), \
                     count(*) FILTER (WHERE state <> 'done') FROM jobs";
        let row = look.query_one(sql, &[]).await.unwrap();
        let (outstanding, open): (i64, i64) = (row.get(0), row.get(1));
        most = most.max(outstanding);
        if open == 0 {
            break;
        }
        assert!(begun.elapsed() < END * 10, "{open} jobs are left");
        one_each(&ground, &quiet).await;
        ended(&quiet).await;
        rounds += 1;
    }

    let (took, busy) = (begun.elapsed().as_secs_f64(), waits(&quiet).await);
    println!(
        "figure: {} jobs of one hotel in {took:.1} s; others waited {:.3} s (median), {:.3} s (p99) in \
         {rounds} rounds, idle {:.3} s and {:.3} s; {most} tickets outstanding at most",
        size.noisy_jobs,
        median(&busy),
        percentile(&busy, 99),
        median(&idle),
        percentile(&idle, 99)
    );
    assert!(rounds >= 3, "the noise lasted for {rounds} rounds only");
    assert!(median(&busy) <= 2.0 * median(&idle) + 1.0);
    // A round or two may have met a machine that stood still. Behind the noise each would wait for most
    // of it.
    let patience = (2.0 * percentile(&idle, 99) + 1.0).max(took / 4.0);
    assert!(percentile(&busy, 99) <= patience);
    assert!(most <= 2 * WINDOW, "{most} tickets of one hotel");
    ground.fleet.check().await.unwrap();
    assert!(ask(noisy, "SELECT id FROM jobs WHERE attempt <> 1").await.is_empty());
    drop(quiet);
    ground.platform.stop().await.unwrap();
}

/// Waits until the quiet hotels have nothing to do.
async fn ended(quiet: &[(&FleetHotel, Client)]) {
    let none_open = async || {
        for (_, session) in quiet {
            let open =
                session.query("SELECT id FROM jobs WHERE state <> 'done'", &[]).await.unwrap();
            if !open.is_empty() {
                return None;
            }
        }
        Some(())
    };
    platform_tests::waiting::eventually(END, "the quiet hotels' jobs", none_open).await.unwrap();
}
