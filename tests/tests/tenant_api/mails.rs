//! The confirmation reaches the guest, whatever breaks on the way.

use std::time::Duration;

use platform_tests::{
    mail::{CaughtMail, Fault},
    platform::Role,
    waiting::eventually,
};
use serde_json::Value;

use crate::house::{House, TestHotel, shared};

const GUEST: &str = "tamu@example.com";
/// After a kill a lease of 45 s has to run out, and then a tick to come; a busy machine is slow.
const DELIVERY: Duration = Duration::from_secs(240);

async fn book(it: &TestHotel, room_type: &str, email: &str) -> Value {
    let body = TestHotel::booking(room_type, 3, 2, email);
    let answer = it.site().post(&it.path("reservations"), &body).await.unwrap();
    answer.expect_status(201).unwrap().data().unwrap()
}

/// State, attempts and last error of the only confirmation job.
async fn job(it: &TestHotel) -> (String, i32, Option<String>) {
    let rows = it
        .sql(
            "SELECT state, attempt, last_error_code FROM jobs
             WHERE kind = 'reservation_confirmation'",
        )
        .await;
    assert_eq!(rows.len(), 1);
    (rows[0].get(0), rows[0].get(1), rows[0].get(2))
}

async fn wait_for_state(it: &TestHotel, state: &str) {
    let what = format!("the job to be {state}");
    let waited =
        eventually(DELIVERY, &what, async || (job(it).await.0 == state).then_some(())).await;
    if let Err(error) = waited {
        panic!("{error}; it is {:?}", job(it).await);
    }
}

fn mails_to_guest(house: &House) -> Vec<CaughtMail> {
    house.stage.mail.store().list().into_iter().filter(|it| it.is_to(GUEST)).collect()
}

#[tokio::test]
async fn a_guest_gets_one_confirmation_with_the_code_and_the_total() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    let address = format!("{}@example.com", it.tenant);

    let booked = book(&it, &room_type, &address).await;
    let mail = house.stage.mail.wait_for_mail_to(&address, DELIVERY).await.unwrap();

    assert!(mail.subject.contains(booked["code"].as_str().unwrap()), "{}", mail.subject);
    assert!(mail.text.contains("Rp1.500.000"), "{}", mail.text);
    wait_for_state(&it, "done").await;
}

#[tokio::test]
async fn a_reservation_without_the_broker_succeeds_and_is_confirmed_when_it_is_back() {
    let mut house = House::own().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    house.stage.rabbit.as_mut().unwrap().stop().await.unwrap();

    book(&it, &room_type, GUEST).await;
    assert_eq!(job(&it).await.0, "ready");
    house.stage.rabbit.as_mut().unwrap().start_again().await.unwrap();
    house.stage.mail.wait_for_mail_to(GUEST, DELIVERY).await.unwrap();

    wait_for_state(&it, "done").await;
    assert_eq!(mails_to_guest(&house).len(), 1);
}

#[tokio::test]
async fn a_worker_killed_in_the_middle_of_a_mail_does_not_lose_it() {
    let mut house = House::own().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    house.stage.mail.set_fault(Fault::Hang).await;

    book(&it, &room_type, GUEST).await;
    house.stage.mail.wait_for_hanging_client(DELIVERY).await.unwrap();
    house.platform.kill_role(Role::TenantWork).await.unwrap();
    house.stage.mail.set_fault(Fault::None).await;
    house.platform.start_role(Role::TenantWork).await.unwrap();

    house.stage.mail.wait_for_mail_to(GUEST, DELIVERY).await.unwrap();
    wait_for_state(&it, "done").await;
}

#[tokio::test]
async fn every_copy_of_a_mail_carries_the_same_message_id() {
    let mut house = House::own().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    house.stage.mail.set_fault(Fault::DropAfterDelivery).await;

    book(&it, &room_type, GUEST).await;
    house.stage.mail.wait_for_mail_to(GUEST, DELIVERY).await.unwrap();
    house.stage.mail.set_fault(Fault::None).await;
    wait_for_state(&it, "done").await;

    let mut ids: Vec<String> = mails_to_guest(&house).into_iter().map(|it| it.message_id).collect();
    assert!(ids.len() > 1, "the worker could not know of the first copy");
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

#[tokio::test]
async fn a_mail_server_that_says_later_is_tried_again_and_one_that_says_never_is_not() {
    let mut house = House::own().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    house.stage.mail.set_fault(Fault::TryLater).await;
    book(&it, &room_type, GUEST).await;
    wait_for_state(&it, "retry_wait").await;
    house.stage.mail.set_fault(Fault::None).await;
    house.stage.mail.wait_for_mail_to(GUEST, DELIVERY).await.unwrap();
    wait_for_state(&it, "done").await;
    assert!(job(&it).await.1 > 1, "it took more than one try");

    let other = house.open_hotel().await;
    let room_type = other.sells(1).await;
    house.stage.mail.set_fault(Fault::Reject).await;
    book(&other, &room_type, GUEST).await;
    wait_for_state(&other, "dead").await;

    let (_, tries, code) = job(&other).await;
    assert_eq!((tries, code.as_deref()), (1, Some("SMTP_REFUSED")));
    let found = other.site().get("/api/v1/jobs?state=dead&peer=smtp").await.unwrap();
    let found = found.data().unwrap();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
}

#[tokio::test]
async fn a_mail_server_that_is_away_costs_no_try() {
    let mut house = House::own().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    house.stage.mail.set_fault(Fault::Refuse).await;
    book(&it, &room_type, GUEST).await;
    let waiting = ("retry_wait".to_owned(), 0, Some("SMTP_DOWN".to_owned()));
    let waits = async || (job(&it).await == waiting).then_some(());
    eventually(DELIVERY, "the mail to wait with all its tries", waits).await.unwrap();

    house.stage.mail.set_fault(Fault::None).await;
    house.stage.mail.wait_for_mail_to(GUEST, DELIVERY).await.unwrap();
    wait_for_state(&it, "done").await;
    assert_eq!(job(&it).await.1, 1);
}
