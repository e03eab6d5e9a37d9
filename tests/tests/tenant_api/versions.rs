//! Hotels whose schema is a version behind are served; those further away are told to wait.

use std::time::Duration;

use platform_tests::{client::Answer, waiting::eventually};

use crate::{
    house::{House, TestHotel, run_script, shared},
    page_visitor::PageVisitor,
};

const SOON: Duration = Duration::from_secs(60);

/// Has the routes say which version a hotel's schema has.
pub(crate) async fn say_version(house: &House, it: &TestHotel, version: i32) {
    let tenant = &it.tenant;
    house
        .control_sql(&format!(
            "UPDATE databases SET schema_version = {version}
             WHERE tenant_id = '{tenant}' AND state = 'assigned'"
        ))
        .await;
}

/// Takes what jobs are today out of a hotel, as if it had the schema before.
///
/// The table of jobs comes first: a worker that looks at the hotel just then asks for it before all others,
/// so that neither waits for what the other one holds.
pub(crate) async fn forget_jobs_of_today(it: &TestHotel) {
    let forget = "DROP INDEX jobs_stopped;
         ALTER TABLE jobs DROP COLUMN peer, DROP COLUMN property_id, DROP COLUMN held_for,
           DROP COLUMN requested_by, DROP COLUMN cancel_requested_at;
         DROP TABLE peers, peer_budgets, schedules, schedule_fires;
         DELETE FROM refinery_schema_history WHERE version > 5";
    run_script(&it.session().await, forget).await;
}

/// Waits until the replica knows that the hotel has the schema before; how it refuses what is too new.
pub(crate) async fn wait_until_behind(it: &TestHotel) -> Answer {
    let behind = async || {
        let answer = it.site().get("/api/v1/jobs").await.unwrap();
        (answer.status == 503).then_some(answer)
    };
    eventually(SOON, "the refusal", behind).await.unwrap()
}

#[tokio::test]
async fn a_hotel_with_the_schema_before_the_newest_is_served_beside_one_with_the_newest() {
    let house = shared().await;
    let (older, newer) = (house.open_hotel().await, house.open_hotel().await);
    forget_jobs_of_today(&older).await;
    let support = "DROP TABLE audit_log, audit_head, support_grants, support_consent";
    run_script(&older.session().await, support).await;
    say_version(&house, &older, 5).await;
    wait_until_behind(&older).await;

    for it in [&older, &newer] {
        let room_type = it.sells(2).await;
        let body = TestHotel::booking(&room_type, 3, 1, "");
        let booked = it.site().post(&it.path("reservations"), &body).await.unwrap();
        let booked = booked.expect_status(201).unwrap().data().unwrap();
        let id = booked["id"].as_str().unwrap();
        let cancel = it.path(&format!("reservations/{id}/cancel"));
        let cancelled = it.site().post(&cancel, &serde_json::json!({})).await.unwrap();
        assert_eq!(cancelled.status, 200, "{}", cancelled.body);
        house.tick(it).await;
        let visitor = PageVisitor::owner(it).await;
        for page in ["/", "/reservations"] {
            assert_eq!(visitor.open(page).await.status, 200, "{page}");
        }
    }
}

#[tokio::test]
async fn a_hotel_with_a_schema_that_is_not_served_is_told_to_wait() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let visitor = PageVisitor::owner(&it).await;

    for version in [4, 9] {
        say_version(&house, &it, version).await;
        let told = async || {
            let answer = it.site().get("/api/v1/me").await.unwrap();
            (answer.error_code() == "TENANT_UPDATING").then_some(answer)
        };
        let answer = eventually(SOON, "the refusal", told).await.unwrap();
        assert_eq!(answer.status, 503);
        assert_ne!(answer.header("retry-after"), "");
        let page = visitor.open("/?lang=en").await.expect_status(503).unwrap();
        assert!(page.body.contains("being updated"), "{}", page.body);
        assert!(!page.header("refresh").is_empty(), "{}", page.body);
    }
    say_version(&house, &it, 8).await;
    let served = async || (visitor.open("/").await.status == 200).then_some(());
    eventually(SOON, "the hotel again", served).await.unwrap();
}
