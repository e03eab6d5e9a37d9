//! What the vendor pauses waits without losing a try, and goes on by itself when the pause is lifted.

use std::time::Duration;

use platform_tests::{client::ControlPlane, platform::Role, waiting::eventually};
use serde_json::{Value, json};

use crate::{
    house::{House, TestHotel},
    job_rows::list,
    page_visitor::PageVisitor,
};

const SOON: Duration = Duration::from_secs(60);
/// A lifted pause is felt in seconds, on an idle machine; the tick that comes anyway takes 24 minutes.
const FELT: Duration = Duration::from_secs(180);
const PATH: &str = "/api/v1/job-pauses";

/// Pauses jobs, and waits until the worker knows.
async fn pause(house: &House, vendor: &ControlPlane, mut body: Value) -> String {
    body["reason"] = json!("the mail relay is being moved");
    let made = vendor.site().post(PATH, &body).await.unwrap().expect_status(201).unwrap();
    know_of(house, 1.0).await;
    made.data().unwrap()["id"].as_str().unwrap().to_owned()
}

async fn know_of(house: &House, pauses: f64) {
    let told = async || {
        let known = house.figure(Role::TenantWork, "job_pauses").await;
        ((known - pauses).abs() < 0.5).then_some(())
    };
    eventually(SOON, "the worker to know", told).await.unwrap();
}

/// Books a stay; the guest's address.
async fn book(it: &TestHotel, room_type: &str, name: &str) -> String {
    let guest = format!("{name}@{}.example", it.tenant);
    let body = TestHotel::booking(room_type, 3, 2, &guest);
    it.site().post(&it.path("reservations"), &body).await.unwrap().expect_status(201).unwrap();
    guest
}

async fn wait_for_held(it: &TestHotel) -> Value {
    let held = async || list(it, "state=held").await.into_iter().next();
    eventually(SOON, "the mail to be held", held).await.unwrap()
}

#[tokio::test]
async fn what_is_paused_waits_loses_no_try_and_goes_on_by_itself() {
    let house = House::with(&[]).await;
    let (paused, other) = (house.open_hotel().await, house.open_hotel().await);
    let (room, other_room) = (paused.sells(9).await, other.sells(9).await);
    let vendor = house.platform.vendor().await.unwrap();
    let mail = &house.stage.mail;

    for (name, scope, is_of_all) in [
        ("one", json!({ "tenant": paused.tenant }), false),
        ("two", json!({ "tenant": paused.tenant, "class": "mail" }), false),
        ("three", json!({ "kind": "reservation_confirmation" }), true),
        ("four", json!({ "class": "mail" }), true),
    ] {
        let id = pause(&house, &vendor, scope.clone()).await;
        let guest = book(&paused, &room, name).await;
        let others_guest = book(&other, &other_room, name).await;

        let held = wait_for_held(&paused).await;
        assert_eq!((&held["held_for"], &held["attempt"]), (&json!("pause"), &json!(0)), "{scope}");
        assert_eq!((&held["may_retry"], &held["may_cancel"]), (&json!(false), &json!(true)));
        if is_of_all {
            wait_for_held(&other).await;
        } else {
            mail.wait_for_mail_to(&others_guest, SOON).await.unwrap();
        }
        // A look at what is due lets nothing go that is paused.
        let ticks = house.figure(Role::TenantWork, "job_ticks_total").await;
        house.tick(&paused).await;
        let ticked = async || {
            let now = house.figure(Role::TenantWork, "job_ticks_total").await;
            (now > ticks).then_some(())
        };
        eventually(SOON, "a tick", ticked).await.unwrap();
        assert_eq!(list(&paused, "state=held").await.len(), 1, "{scope}");
        let page = PageVisitor::owner(&paused).await.open("/jobs?state=held&lang=en").await;
        assert!(page.body.contains("Paused by the provider"), "{}", page.body);
        let reading = paused.site().get(&paused.path("reservations")).await.unwrap();
        assert_eq!(reading.status, 200, "the hotel itself works");

        let lifted = vendor.site().delete(&format!("{PATH}/{id}")).await.unwrap();
        lifted.expect_status(200).unwrap();
        mail.wait_for_mail_to(&guest, FELT).await.unwrap();
        mail.wait_for_mail_to(&others_guest, FELT).await.unwrap();
        let tries = "SELECT max(attempt) FROM jobs WHERE kind = 'reservation_confirmation'
             AND state = 'done'";
        let sent = async || {
            let open = list(&paused, "kind=reservation_confirmation").await;
            open.iter().all(|it| it["state"] == "done").then_some(())
        };
        eventually(SOON, "the mail to be done", sent).await.unwrap();
        assert_eq!(paused.sql(tries).await[0].get::<_, i32>(0), 1, "{scope}: one try each");
        know_of(&house, 0.0).await;
    }
}
