//! Jobs that fail and are tried again: each in its time, none behind another.

use chrono::{DateTime, Utc};
use platform_tests::fleet::NewJobs;
use serde_json::json;

use crate::{
    END,
    ground::{Ground, inserts},
    size::size,
    times::{median, percentile},
};

/// Seconds by which most tries may be late on a busy machine. Behind one of the next rung half of them
/// would be later.
const LATE: f64 = 5.0;
/// What is true of so many percent is true: a machine that stands still is met by those who are due just
/// then.
const MOST: usize = 75;
/// Seconds from the first try to the last, by the number of tries: the waits of the ladder with
/// their jitter, and what comes on top of each.
const SPANS: [(i32, f64, f64); 2] =
    [(2, 2.0 * 0.8, 2.0 * 1.25 + LATE), (3, 12.0 * 0.8, 12.0 * 1.25 + 2.0 * LATE)];

#[tokio::test]
async fn a_retry_comes_in_its_time_and_none_waits_behind_a_longer_one() {
    let (size, mut ground) = (size(), Ground::new(4).await);
    ground.start_workers(2).await;
    let each = size.retries / 8;

    for tries in [3, 2] {
        let jobs = NewJobs::of("test_fail", "default");
        let jobs = jobs.with_payload(json!({ "ends_well_at": tries }));
        ground.fleet.insert_jobs(&jobs, each).await.unwrap();
    }
    ground.add_jobs(&inserts(0), each).await;
    ground.fleet.wait_until_ended(END * 4).await.unwrap();

    ground.fleet.check().await.unwrap();
    assert_eq!(ground.done().await, 4 * 3 * each);
    let sql = "SELECT attempt, run_at, finished_at, created_at FROM jobs WHERE kind = 'test_fail'";
    let seconds =
        |from: DateTime<Utc>, to: DateTime<Utc>| (to - from).num_milliseconds() as f64 / 1e3;
    let rows = ground.ask_all(sql).await;
    let lateness: Vec<f64> = rows.iter().map(|it| seconds(it.get(1), it.get(2))).collect();
    println!(
        "figure: {} retries were late by {:.2} s (median), {:.2} s (worst)",
        lateness.len(),
        median(&lateness),
        percentile(&lateness, 100)
    );
    let (least, most) = (percentile(&lateness, 0), percentile(&lateness, MOST));
    assert!(least >= 0.0 && most <= LATE, "{lateness:?}");
    // All first tries came before the last of the jobs that were put in after them.
    let sql = "SELECT extract(epoch FROM max(finished_at) FILTER (WHERE kind = 'test_insert') \
                 - min(created_at))::float8 FROM jobs";
    let firsts: Vec<f64> = ground.ask_all(sql).await.iter().map(|it| it.get(0)).collect();
    let first = percentile(&firsts, 100) + LATE;
    for (tries, shortest, longest) in SPANS {
        let of = rows.iter().filter(|it| it.get::<_, i32>(0) == tries);
        let spans: Vec<f64> = of.map(|it| seconds(it.get(3), it.get(2))).collect();
        assert_eq!(spans.len(), 4 * each);
        let (least, most) = (percentile(&spans, 0), percentile(&spans, MOST));
        assert!(least >= shortest && most <= longest + first, "{tries} tries: {least} to {most} s");
    }
    ground.platform.stop().await.unwrap();
}
