//! A fleet is made quickly, and its check finds each thing that may be wrong with a job.

use std::time::Duration;

use platform_tests::{
    fleet::{Fleet, NewJobs},
    platform::{Role, Stage, Worker},
    postgres::Preset,
};
use serde_json::json;

use crate::SOON;

/// Until the ticks of two sweeps, with other tests beside.
const RUN: Duration = Duration::from_secs(240);

#[tokio::test]
async fn a_fleet_of_twenty_takes_jobs_and_finds_what_is_wrong_with_them() {
    let stage = Stage::new(Preset::Fast).await.unwrap();
    let platform = stage.platform(1).unwrap().without(Role::TenantWork);
    let platform = platform.without(Role::TenantSchedule).start().await.unwrap();
    let fleet = Fleet::open(&platform, 20).await.unwrap();
    let jobs = NewJobs::of("test_insert", "default").with_payload(json!({ "effect": "{job}" }));

    fleet.insert_jobs(&jobs, 5).await.unwrap();
    assert_eq!(fleet.counts().await.unwrap()["ready"], 100);
    let late = fleet.wait_until_ended(Duration::ZERO).await.unwrap_err();
    assert!(format!("{late:#}").contains("\"ready\": 100"), "{late:#}");
    let sound = "UPDATE jobs SET state = 'done' WHERE payload ->> 'effect' = id::text;
         INSERT INTO job_effects SELECT id, 1 FROM jobs WHERE kind = 'test_insert'";
    for hotel in fleet.hotels() {
        hotel.session().await.unwrap().simple_query(sound).await.unwrap();
    }
    fleet.wait_until_ended(SOON).await.unwrap();
    fleet.check().await.unwrap();

    let one = &fleet.hotels()[7];
    let ids = one.insert_jobs(&jobs, 5).await.unwrap();
    let unsound = format!(
        "DELETE FROM jobs WHERE id = '{}';
         UPDATE jobs SET state = 'done' WHERE id = '{}';
         UPDATE jobs SET state = 'dead', attempt = 6 WHERE id = '{}';
         UPDATE jobs SET state = 'dead' WHERE id = '{}';
         INSERT INTO job_effects VALUES ('{}', 1), (gen_random_uuid(), 1);
         INSERT INTO job_effects SELECT job_id, 2 FROM job_effects WHERE job_id <= '{}' LIMIT 1",
        ids[0], ids[1], ids[2], ids[3], ids[3], ids[0]
    );
    one.session().await.unwrap().simple_query(&unsound).await.unwrap();
    let found = fleet.check().await.unwrap_err().to_string();
    for (fault, job) in [
        ("is lost", ids[0]),
        ("is done and had its effect 0 times", ids[1]),
        ("was tried 6 times of 5", ids[2]),
        ("is dead and had its effect 1 times", ids[3]),
        ("is still ready", ids[4]),
    ] {
        assert!(found.contains(&format!("{}: job {job} {fault}", one.host())), "{fault}: {found}");
    }
    assert!(found.contains("which is not there"), "{found}");
    assert!(found.contains("is done and had its effect 2 times"), "{found}");
    assert!(found.starts_with("7 faults"), "{found}");
}

#[tokio::test]
async fn workers_run_beside_each_other_and_reach_the_broker_through_a_proxy() {
    let stage = Stage::new(Preset::Fast).await.unwrap();
    let proxy = stage.broker_proxy().await.unwrap();
    let mut platform = stage.platform(1).unwrap().start().await.unwrap();
    let fleet = Fleet::open(&platform, 1).await.unwrap();
    platform.stop_role(Role::TenantWork).await.unwrap();
    let workers = [0, 1].map(|it| Role::Worker(Worker::of_product(it, "mail,default")));
    platform.set_env(Some(workers[1]), "AMQP_URL", &stage.amqp_url_through(&proxy).unwrap());

    for worker in workers {
        platform.start_role(worker).await.unwrap();
    }
    platform.kill_role(workers[0]).await.unwrap();

    // Only the second is left: what is done went through the proxy. A confirmation of nothing is
    // dead at its first try.
    let jobs = NewJobs::of("reservation_confirmation", "mail");
    fleet.insert_jobs(&jobs, 3).await.unwrap();
    fleet.wait_until_ended(RUN).await.unwrap();
    assert_eq!(fleet.counts().await.unwrap()["dead"], 3);
    assert!(proxy.traffic().to_upstream > 0);
    fleet.check().await.unwrap();
    platform.stop().await.unwrap();
}
