//! Workers that are asked to stop, one at a time and many at once.

use std::{collections::HashSet, time::Duration};

use hotelhub_core::ids::JobId;
use nix::sys::signal::Signal;
use platform_tests::{fleet::NewJobs, process::is_clean, waiting::eventually};
use serde_json::json;

use crate::{
    END, SOON,
    ground::{Ground, ask, calls, inserts, worker},
    size::size,
};

const GRACE: Duration = Duration::from_secs(6);

#[tokio::test]
async fn a_worker_that_stops_hands_back_what_it_cannot_finish_and_the_next_one_does_it() {
    let mut ground = Ground::new(1).await;
    let seconds = GRACE.as_secs();
    ground.platform.set_env(Some(worker(0)), "SHUTDOWN_GRACE_SECONDS", &seconds.to_string());
    ground.start_workers(1).await;
    let sleep =
        NewJobs::of("test_sleep", "default").with_payload(json!({ "seconds": 9 * seconds }));
    ground.add_jobs(&sleep, 3).await;
    let running = async || {
        let rows = ask(&ground.hotels()[0], "SELECT id FROM jobs WHERE state = 'running'").await;
        (rows.len() == 3).then_some(())
    };
    eventually(SOON, "the jobs to run", running).await.unwrap();

    let program = ground.platform.program(worker(0)).unwrap();
    program.signal(Signal::SIGTERM).unwrap();
    // It goes when its grace is over, and not when its jobs are done.
    let status = program.wait(GRACE * 5).await.unwrap();
    assert!(is_clean(status), "{status}");
    let handed_back = "state = 'retry_wait' AND attempt = 0 AND crash_count = 0";
    let odd = ground.those(&format!("NOT ({handed_back})")).await;
    assert!(odd.is_empty(), "{odd:#?}");
    assert_eq!(ground.sum(&format!("SELECT count(*) FROM jobs WHERE {handed_back}")).await, 3);

    let shorter = "UPDATE jobs SET payload = '{\"seconds\": 1}' WHERE kind = 'test_sleep'";
    ask(&ground.hotels()[0], shorter).await;
    ground.platform.start_role(worker(1)).await.unwrap();
    ground.fleet.wait_until_ended(END).await.unwrap();
    assert_eq!(ground.done().await, 3);
    let odd = ground.those("attempt <> 1 OR crash_count <> 0").await;
    assert!(odd.is_empty(), "{odd:#?}");
}

#[tokio::test]
async fn workers_come_and_go_under_load_and_nothing_is_lost_or_counted() {
    let (size, mut ground) = (size(), Ground::new(6).await);
    ground.start_workers(size.workers).await;
    ground.fleet.insert_jobs(&calls(), 40).await.unwrap();
    ground.add_jobs(&inserts(150), 10 * size.most_workers).await;

    for number in size.workers..size.most_workers {
        ground.platform.start_role(worker(number)).await.unwrap();
        ground.add_jobs(&inserts(150), 20).await;
    }
    // Each has something to do, and has to leave it.
    ground.wait_for_workers(u32::try_from(size.most_workers).unwrap()).await;
    ground.add_jobs(&inserts(1_000), 10 * size.most_workers).await;
    let mut idle: Vec<String> =
        (size.workers..size.most_workers).map(|it| ground.owner(worker(it))).collect();
    let owners = "SELECT DISTINCT lease_owner FROM jobs WHERE state = 'running'";
    let busy = async || {
        let busy: Vec<String> = ground.ask_all(owners).await.iter().map(|it| it.get(0)).collect();
        idle.retain(|owner| !busy.iter().any(|it| it.ends_with(owner)));
        idle.is_empty().then_some(())
    };
    eventually(SOON, "each to have something to do", busy).await.unwrap();
    // Not one after the other: they leave at the same time.
    for number in size.workers..size.most_workers {
        ground.platform.program(worker(number)).unwrap().signal(Signal::SIGTERM).unwrap();
    }
    for number in size.workers..size.most_workers {
        ground.platform.stop_role(worker(number)).await.unwrap();
    }

    ground.fleet.wait_until_ended(END).await.unwrap();
    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    let crashed = ground.those("crash_count <> 0").await;
    assert!(crashed.is_empty(), "a stop costs no try and is no crash: {crashed:#?}");
    let book = ground.ledger.book();
    assert_eq!(book.taken_by_key().len(), 6 * 40);
    // A call that got no answer in time is made again, as it should be; no other is.
    let unanswered = "SELECT id FROM jobs WHERE last_error_code IN ('LEDGER_DOWN', 'TIMEOUT')";
    let unanswered = ground.ask_all(unanswered).await;
    let unanswered: HashSet<String> =
        unanswered.iter().map(|it| it.get::<_, JobId>(0).to_string()).collect();
    let mut calls = book.calls();
    calls.retain(|it| !unanswered.contains(&it.effect));
    assert_eq!(calls.len(), 6 * 40 - unanswered.len(), "no call was repeated");
    ground.platform.stop().await.unwrap();
}
