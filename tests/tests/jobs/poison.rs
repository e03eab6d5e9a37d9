//! Jobs that kill whoever tries them, panic, or keep a core to themselves.

use platform_tests::{fleet::NewJobs, platform::Role, waiting::eventually};

use serde_json::json;

use crate::{
    END, SOON,
    ground::{Ground, ask, inserts, worker},
};

/// Below the time limit of a try, and far longer than the others take on a busy machine.
const BUSY_MS: u64 = 24_000;
/// Longer than the poison takes to work.
const BESIDE_MS: u64 = 600;

/// Waits until all jobs have ended, and starts the worker again each time it dies; how often.
async fn keep_alive(ground: &mut Ground, role: Role) -> usize {
    let mut deaths = 0;
    let over = eventually(END * 2, "every job to end", async || {
        if ground.platform.program(role).unwrap().ended().is_some() {
            deaths += 1;
            ground.platform.start_role(role).await.unwrap();
        }
        let open = "SELECT count(*) FROM jobs WHERE state NOT IN ('done', 'dead', 'cancelled')";
        (ground.sum(open).await == 0).then_some(())
    });
    over.await.unwrap();
    deaths
}

#[tokio::test]
async fn a_job_that_kills_its_worker_is_dead_after_three_and_all_beside_it_are_done() {
    let mut ground = Ground::new(2).await;
    let [poisoned, other] = ground.hotels() else { panic!("two hotels") };
    poisoned.insert_jobs(&NewJobs::of("test_abort", "default"), 1).await.unwrap();
    poisoned.insert_jobs(&inserts(BESIDE_MS), 4).await.unwrap();
    other.insert_jobs(&inserts(BESIDE_MS), 5).await.unwrap();

    // All ten run beside each other, with room for the ticks.
    let role = Role::Worker(platform_tests::platform::Worker::of_tests(0, "default:12"));
    ground.platform.start_role(role).await.unwrap();
    ground.tick_all().await;
    let deaths = keep_alive(&mut ground, role).await;

    assert_eq!(deaths, 3);
    ground.fleet.check().await.unwrap();
    assert_eq!(ground.done().await, 9);
    let dead =
        ask(&ground.hotels()[0], "SELECT kind, last_error_code FROM jobs WHERE state = 'dead'");
    let dead = dead.await;
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].get(0), dead[0].get(1)), ("test_abort", "POISON"));
    let crashes = ground.ask_all("SELECT crash_count FROM jobs WHERE state = 'done'").await;
    assert!(
        crashes.iter().all(|it| it.get::<_, i32>(0) <= 1),
        "who died first is not blamed again"
    );
}

#[tokio::test]
async fn a_job_that_panics_is_dead_after_its_tries_and_its_worker_goes_on() {
    let mut ground = Ground::new(1).await;
    ground.start_workers(1).await;
    ground.fleet.insert_jobs(&NewJobs::of("test_panic", "default"), 2).await.unwrap();
    ground.add_jobs(&inserts(0), 10).await;
    ground.fleet.wait_until_ended(END).await.unwrap();

    ground.fleet.check().await.unwrap();
    assert_eq!(ground.done().await, 10);
    let dead = "SELECT last_error_code, last_error_text, attempt, crash_count FROM jobs \
                WHERE state = 'dead'";
    let dead = ask(&ground.hotels()[0], dead).await;
    assert_eq!(dead.len(), 2);
    for row in dead {
        assert_eq!((row.get(0), row.get(2), row.get(3)), ("PANIC", 3, 0));
        assert_eq!(row.get::<_, &str>(1), "the try panicked: it was told to panic");
    }
    assert_eq!(ground.platform.program(worker(0)).unwrap().ended(), None, "the worker lives");
    ground.platform.stop().await.unwrap();
}

#[tokio::test]
async fn jobs_that_keep_cores_busy_hold_up_none_of_another_class() {
    let mut ground = Ground::new(2).await;
    let role = Role::Worker(platform_tests::platform::Worker::of_tests(0, "default:6,pdf:2"));
    ground.platform.start_role(role).await.unwrap();
    let busy = NewJobs::of("test_cpu", "pdf").with_payload(json!({ "ms": BUSY_MS }));
    ground.add_jobs(&busy, 1).await;
    let running = "SELECT count(*) FROM jobs WHERE kind = 'test_cpu' AND state = 'running'";
    let running = async || (ground.sum(running).await == 2).then_some(());
    eventually(SOON, "two cores to be busy", running).await.unwrap();

    ground.add_jobs(&inserts(0), 20).await;
    ground.fleet.wait_until_ended(END).await.unwrap();

    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    let sql = "SELECT max(finished_at) FILTER (WHERE kind = 'test_insert') \
                 < min(finished_at) FILTER (WHERE kind = 'test_cpu') FROM jobs";
    let before = ground.ask_all(sql).await;
    assert!(before.iter().all(|it| it.get::<_, bool>(0)), "they waited for the cores");
    ground.platform.stop().await.unwrap();
}
