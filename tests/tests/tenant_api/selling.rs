//! A night is never sold twice, costs what was quoted, and comes back when it is given up.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use platform_tests::client::{Answer, stay};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::house::{TestHotel, shared};

async fn offer(it: &TestHotel, days: u64, nights: u64) -> Value {
    let (arrival, departure) = stay(days, nights);
    let search = it.path(&format!("availability?arrival={arrival}&departure={departure}&adults=2"));
    it.site().get(&search).await.unwrap().data().unwrap()[0].clone()
}

/// Books these bodies all at once.
async fn book_at_once(it: &TestHotel, bodies: Vec<Value>) -> Vec<Answer> {
    let mut clients = JoinSet::new();
    for body in bodies {
        let (site, path) = (it.site().clone(), it.path("reservations"));
        clients.spawn(async move { site.post(&path, &body).await.unwrap() });
    }
    clients.join_all().await
}

/// Whether it was booked, if there was anything left to book.
fn is_sold(answer: &Answer) -> bool {
    answer.error_code() != "SOLD_OUT" && is_done(answer)
}

/// Whether it was done. In a crowd a hotel has more to do than it can answer in time: nothing came of
/// such a request, which may come again.
fn is_done(answer: &Answer) -> bool {
    match (answer.status.as_u16(), answer.error_code().as_str()) {
        (201, _) => true,
        (503, "BUSY") => false,
        _ => panic!("{}: {}", answer.status, answer.body),
    }
}

#[tokio::test]
async fn of_64_clients_who_want_the_last_room_one_gets_it() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;

    let bodies = vec![TestHotel::booking(&room_type, 5, 2, ""); 64];
    let answers = book_at_once(&it, bodies).await;
    let late = book_at_once(&it, vec![TestHotel::booking(&room_type, 5, 2, "")]).await;

    let sold = answers.iter().filter(|it| is_sold(it)).count();
    assert_eq!((sold, late[0].error_code().as_str()), (1, "SOLD_OUT"));
    assert_eq!(offer(&it, 5, 2).await["obstacles"], json!(["SOLD_OUT"]));
    assert_eq!(it.sql("SELECT FROM guests").await.len(), 1, "a refusal leaves nothing behind");
}

#[tokio::test]
async fn stays_that_overlap_never_oversell_a_night() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(3).await;

    let span = |it: u64| (3 + it * 7 % 9, 1 + it * 5 % 6);
    let bodies =
        (0..60).map(span).map(|(days, nights)| TestHotel::booking(&room_type, days, nights, ""));
    let answers = book_at_once(&it, bodies.collect()).await;

    let mut sold: BTreeMap<NaiveDate, u32> = BTreeMap::new();
    for answer in answers {
        if is_sold(&answer) {
            for night in answer.data().unwrap()["nights"].as_array().unwrap() {
                let night = night["stay_date"].as_str().unwrap().parse().unwrap();
                *sold.entry(night).or_default() += 1;
            }
        }
    }
    assert!(sold.values().all(|it| *it <= 3), "{sold:?}");
    assert!(sold.values().any(|it| *it == 3), "the house is full somewhere: {sold:?}");
    let counted = it.sql("SELECT stay_date, sold FROM inventory_days WHERE sold > 0").await;
    let counted: BTreeMap<NaiveDate, u32> = counted
        .iter()
        .map(|row| (row.get(0), u32::try_from(row.get::<_, i32>(1)).unwrap()))
        .collect();
    assert_eq!(counted, sold);
}

#[tokio::test]
async fn rooms_are_added_while_others_book_and_nobody_waits_in_vain() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;

    let mut clients = JoinSet::new();
    for number in 0..12_u64 {
        let (site, add, book) = (it.site().clone(), it.path("rooms"), it.path("reservations"));
        let room = json!({ "number": format!("2{number:02}"), "room_type_id": room_type });
        let booking = TestHotel::booking(&room_type, 3 + number % 5, 3, "");
        clients.spawn(async move {
            // A room for each who books: the house is never full.
            let is_added = is_done(&site.post(&add, &room).await.unwrap());
            (is_added, is_added && is_done(&site.post(&book, &booking).await.unwrap()))
        });
    }

    let ended = clients.join_all().await;
    let added = ended.iter().filter(|(is_added, _)| *is_added).count();
    let booked = ended.iter().filter(|(_, is_booked)| *is_booked).count();
    assert!(booked > 0, "{added} rooms were added");
    let wrong = format!("SELECT FROM inventory_days WHERE physical <> 1 + {added}");
    assert_eq!(it.sql(&wrong).await.len(), 0, "every night counts every room");
    assert_eq!(it.sql("SELECT FROM reservations").await.len(), booked);
}

#[tokio::test]
async fn a_cancelled_stay_can_be_sold_again_and_cancels_once() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    let path = it.path("reservations");
    let booked = it.site().post(&path, &TestHotel::booking(&room_type, 4, 2, "")).await.unwrap();
    let booked = booked.expect_status(201).unwrap().data().unwrap();
    assert_eq!(offer(&it, 4, 1).await["rooms_left"], 0);
    let cancel = format!("{path}/{}/cancel", booked["id"].as_str().unwrap());
    let cancel_at = async |version: &str| {
        let request = it.site().request(Method::POST, &cancel).header("if-match", version);
        Answer::of(request.json(&json!({ "reason": "sakit" }))).await.unwrap()
    };

    let stale = cancel_at("\"7\"").await;
    let cancelled = cancel_at(&format!("\"{}\"", booked["version"])).await;
    let again = it.site().post(&cancel, &json!({})).await.unwrap();

    assert_eq!((stale.status.as_u16(), stale.error_code().as_str()), (412, "STALE_VERSION"));
    assert_eq!(cancelled.data().unwrap()["state"], "cancelled");
    assert_eq!(again.status, 409);
    assert_eq!(again.error_code(), "CANCEL_NOT_ALLOWED_UNLESS_CONFIRMED");
    assert_eq!(offer(&it, 4, 2).await["rooms_left"], 1);
    let shown = format!("{path}/{}", booked["id"].as_str().unwrap());
    let shown = it.site().get(&shown).await.unwrap().data().unwrap();
    assert_eq!(shown["actions"][0]["allowed"], false);
    assert_eq!(shown["actions"][0]["reason"], "CANCEL_NOT_ALLOWED_UNLESS_CONFIRMED");
}

#[tokio::test]
async fn a_quote_is_what_the_reservation_costs_to_the_rupiah() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(2).await;
    // Prices that do not split evenly, one after the other.
    for (day, amount) in [(6, 333_333), (7, 1), (8, 999_999_999), (9, 777_777)] {
        let (from, to) = stay(day, 1);
        let nights = (from.as_str(), to.as_str());
        it.hotel.set_rate(&it.property, &room_type, nights, amount).await.unwrap();
    }

    let quote = offer(&it, 6, 4).await;
    let body = TestHotel::booking(&room_type, 6, 4, "");
    let booked = it.site().post(&it.path("reservations"), &body).await.unwrap();
    let booked = booked.expect_status(201).unwrap().data().unwrap();

    assert_eq!(quote["total_idr"], 333_333 + 1 + 999_999_999 + 777_777);
    assert_eq!(booked["total_idr"], quote["total_idr"]);
    assert_eq!(booked["nights"], quote["nights"]);
    let part = |night: &Value, name: &str| night[name].as_i64().unwrap();
    let sum: i64 = booked["nights"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| part(it, "base_idr") + part(it, "service_idr") + part(it, "tax_idr"))
        .sum();
    assert_eq!(booked["total_idr"], sum);
}

#[tokio::test]
async fn what_cannot_be_sold_says_why() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    let path = it.path("reservations");
    let refused = async |body: Value| {
        let answer = it.site().post(&path, &body).await.unwrap();
        (answer.status.as_u16(), answer.error_code())
    };

    let far = TestHotel::booking(&room_type, 200, 1, "");
    assert_eq!(refused(far).await, (409, "NO_RATE".to_owned()));
    let mut crowd = TestHotel::booking(&room_type, 3, 1, "");
    crowd["adults"] = json!(3);
    assert_eq!(refused(crowd).await, (422, "VALIDATION_FAILED".to_owned()));
    let mut past = TestHotel::booking(&room_type, 3, 1, "");
    past["arrival"] = json!("2020-01-01");
    past["departure"] = json!("2020-01-02");
    assert_eq!(refused(past).await, (422, "VALIDATION_FAILED".to_owned()));
    let mut backwards = TestHotel::booking(&room_type, 3, 1, "");
    backwards["departure"] = backwards["arrival"].clone();
    assert_eq!(refused(backwards).await, (422, "VALIDATION_FAILED".to_owned()));
}
