//! A write that is repeated happens once.

use platform_tests::client::{Answer, Site};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::house::{TestHotel, shared};

async fn post(site: &Site, path: &str, key: &str, body: &Value) -> Answer {
    let request = site.request(Method::POST, path).header("idempotency-key", key).json(body);
    Answer::of(request).await.unwrap()
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_another_body_is_refused() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let (path, budi) = ("/api/v1/guests", json!({ "full_name": "Budi" }));

    let first = post(it.site(), path, "one", &budi).await;
    let again = post(it.site(), path, "one", &budi).await;
    let other = post(it.site(), path, "one", &json!({ "full_name": "Sari" })).await;
    let fresh = post(it.site(), path, "two", &budi).await;

    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert_eq!(first.json().unwrap(), again.json().unwrap());
    assert_eq!(other.status, 422);
    assert_eq!(other.error_code(), "IDEMPOTENCY_KEY_REUSED");
    assert_ne!(fresh.data().unwrap()["id"], first.data().unwrap()["id"]);
    assert_eq!(it.sql("SELECT FROM guests").await.len(), 2);
}

#[tokio::test]
async fn a_refused_write_leaves_its_key_free() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    let path = it.path("reservations");
    let booking = TestHotel::booking(&room_type, 3, 1, "");
    let taken = it.site().post(&path, &booking).await.unwrap();
    let taken = taken.expect_status(201).unwrap().data().unwrap();

    let refused = post(it.site(), &path, "k", &booking).await;
    let cancel = format!("{path}/{}/cancel", taken["id"].as_str().unwrap());
    it.site().post(&cancel, &json!({})).await.unwrap().expect_status(200).unwrap();
    let now = post(it.site(), &path, "k", &booking).await;

    assert_eq!((refused.status.as_u16(), refused.error_code().as_str()), (409, "SOLD_OUT"));
    assert_eq!(now.status, 201);
}

#[tokio::test]
async fn twenty_repeats_at_once_have_one_effect() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(5).await;
    let path = it.path("reservations");
    let booking = TestHotel::booking(&room_type, 3, 1, "");

    let mut clients = JoinSet::new();
    for _ in 0..20 {
        let (site, path, booking) = (it.site().clone(), path.clone(), booking.clone());
        clients.spawn(async move { post(&site, &path, "same", &booking).await });
    }
    let answers = clients.join_all().await;
    let last = post(it.site(), &path, "same", &booking).await.expect_status(201).unwrap();

    let id = last.data().unwrap()["id"].clone();
    for answer in answers {
        match answer.status.as_u16() {
            201 => assert_eq!(answer.data().unwrap()["id"], id),
            409 => assert_eq!(answer.error_code(), "IDEMPOTENCY_KEY_IN_FLIGHT"),
            // The hotel had no connection to spare in time: nothing was done.
            503 => assert_eq!(answer.error_code(), "BUSY", "{}", answer.body),
            other => panic!("{other}: {}", answer.body),
        }
    }
    assert_eq!(it.sql("SELECT FROM reservations").await.len(), 1);
}
