//! Jobs that a person does not want any more.

use std::time::Duration;

use hotelhub_jobs::{rows::Due, ticket::Ticket};
use platform_tests::{fleet::NewJobs, waiting::eventually};
use serde_json::json;

use crate::{
    SOON,
    ground::{Ground, ask},
};

/// A long try asks every two seconds; a busy machine gets time.
const AT_ONCE: Duration = Duration::from_secs(25);

#[tokio::test]
async fn a_running_job_that_is_cancelled_ends_long_before_its_work_would() {
    let mut ground = Ground::new(1).await;
    ground.start_workers(1).await;
    let sleep = NewJobs::of("test_sleep", "default").with_payload(json!({ "seconds": 50 }));
    ground.add_jobs(&sleep, 1).await;
    let hotel = &ground.hotels()[0];
    let is = async |state: &str| {
        let rows = ask(hotel, "SELECT state FROM jobs").await;
        (rows[0].get::<_, &str>(0) == state).then_some(())
    };
    eventually(SOON, "the job to run", async || is("running").await).await.unwrap();

    ask(hotel, "UPDATE jobs SET cancel_requested_at = now()").await;
    eventually(AT_ONCE, "the job to be cancelled", async || is("cancelled").await).await.unwrap();

    let row = &ask(hotel, "SELECT attempt, lease_owner FROM jobs").await[0];
    assert_eq!((row.get::<_, i32>(0), row.get::<_, Option<&str>>(1)), (1, None));
    ground.platform.stop().await.unwrap();
}

#[tokio::test]
async fn a_cancelled_job_whose_ticket_is_on_its_way_does_not_begin() {
    let mut ground = Ground::new(1).await;
    let hotel = &ground.hotels()[0];
    let far = NewJobs { due_in: SOON, ..NewJobs::of("test_insert", "default") };
    let job = hotel.insert_jobs(&far, 1).await.unwrap()[0];
    let out = "UPDATE jobs SET state = 'queued', queued_at = now(), run_at = now(), epoch = 1,
               cancel_requested_at = now()";
    ask(hotel, out).await;
    let (kind, class) = ("test_insert".to_owned(), "default".to_owned());
    let due = Due { id: job, kind, class, epoch: 1, trace: None };
    ground.publish(&[Ticket::job(hotel.tenant(), &due)]).await;
    ground.start_workers(1).await;

    let hotel = &ground.hotels()[0];
    let cancelled = "SELECT id FROM jobs WHERE state = 'cancelled' AND attempt = 0";
    let is_cancelled = async || (ask(hotel, cancelled).await.len() == 1).then_some(());
    eventually(SOON, "the job to be cancelled", is_cancelled).await.unwrap();
    ground.platform.stop().await.unwrap();
}
