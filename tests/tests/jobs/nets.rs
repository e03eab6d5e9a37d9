//! Jobs that were committed by somebody who died before telling the broker.

use chrono::{DateTime, Utc};

use crate::{
    END, SOON,
    ground::{Ground, QUEUE, inserts},
    size::size,
    times::{median, percentile},
};
use platform_tests::{platform::Role, waiting::eventually};

/// Seconds. The sweep comes every ten, and a counter may lag behind for as long.
const FOUND: f64 = 30.0;
/// Percent that are found by then, also on a machine that stands still for a moment.
const MOST: usize = 75;

#[tokio::test]
async fn ticks_do_not_pile_up_while_nobody_takes_them() {
    let mut ground = Ground::new(2).await;
    ground.platform.stop_role(Role::TenantSchedule).await.unwrap();
    ground.fleet.insert_jobs(&inserts(0), size().unpublished).await.unwrap();
    let queues = ground.queues().await;
    let held_back = async |times: f64| {
        let held_back = async || {
            let name = "sweep_ticks_held_back_total";
            (ground.platform.figure(Role::Provisioner, name).await.unwrap() >= times).then_some(())
        };
        eventually(SOON, "a sweep to hold back its ticks", held_back).await.unwrap();
        queues.depth(QUEUE).await.unwrap().ready
    };
    let before = held_back(1.0).await;
    assert_eq!(held_back(2.0).await, before);

    ground.start_workers(1).await;
    ground.fleet.wait_until_ended(END).await.unwrap();
    ground.fleet.check().await.unwrap();
    ground.platform.stop().await.unwrap();
}

#[tokio::test]
async fn a_job_that_nobody_told_of_is_found_within_half_a_minute() {
    let (size, mut ground) = (size(), Ground::new(size().hotels).await);
    // Without the ticks of every minute the sweep is the only net.
    ground.platform.stop_role(Role::TenantSchedule).await.unwrap();
    ground.start_workers(2).await;

    ground.fleet.insert_jobs(&inserts(0), size.unpublished).await.unwrap();
    ground.fleet.wait_until_ended(END).await.unwrap();

    ground.fleet.check().await.unwrap();
    let sql = "SELECT created_at, at FROM jobs JOIN job_effects ON job_id = id";
    let waited = |row: &tokio_postgres::Row| {
        let (created, at): (DateTime<Utc>, DateTime<Utc>) = (row.get(0), row.get(1));
        (at - created).num_milliseconds() as f64 / 1_000.0
    };
    let waits: Vec<f64> = ground.ask_all(sql).await.iter().map(waited).collect();
    let (half, most, worst) = (median(&waits), percentile(&waits, MOST), percentile(&waits, 100));
    println!(
        "figure: {} untold jobs found after {half:.1} s (median), {worst:.1} s (worst)",
        waits.len()
    );
    assert_eq!(waits.len(), size.hotels * size.unpublished);
    assert!(most <= FOUND, "{most:.1} s");
    ground.platform.stop().await.unwrap();
}
