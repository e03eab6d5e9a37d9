//! Jobs that a person does not want any more.

use std::time::Duration;

use platform_tests::{fleet::NewJobs, waiting::eventually};
use serde_json::json;

use crate::{
    SOON,
    ground::{Ground, ask},
};

/// A long try asks every two seconds.
const AT_ONCE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_running_job_that_is_cancelled_ends_within_five_seconds() {
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
