//! One hotel's people and things do not exist for another hotel.

use platform_tests::client::Answer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{TestHotel, shared, without_request_id};

/// Routes that nobody needs to be logged in for; the last one is asked by edges.
const OPEN: &[&str] = &["/api/v1/auth/login", "/api/v1/auth/refresh", "/tls/allow"];

#[tokio::test]
async fn another_hotels_token_is_no_token_on_any_route() {
    let house = shared().await;
    let (ours, theirs) = (house.open_hotel().await, house.open_hotel().await);
    let foreign =
        ours.site().on_host(ours.site().host()).with_token(theirs.site().token().unwrap());
    let nobody = ours.site().on_host(ours.site().host());
    let document = ours.site().get("/openapi.json").await.unwrap().json().unwrap();

    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        if OPEN.contains(&path.as_str()) {
            continue;
        }
        let path = filled(path, &ours.property);
        for method in methods.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let ask = async |site: &platform_tests::client::Site| {
                let request = site.request(method.clone(), &path).json(&json!({}));
                Answer::of(request).await.unwrap()
            };
            let (with, without) = (ask(&foreign).await, ask(&nobody).await);

            assert_eq!(with.status, 401, "{method} {path}: {}", with.body);
            assert_eq!(without.status, 401, "{method} {path}: {}", without.body);
            let bodies = [with, without].map(|it| without_request_id(&it.json().unwrap()));
            assert_eq!(bodies[0], bodies[1], "{method} {path}");
            asked += 1;
        }
    }
    assert!(asked >= 15, "the document lists {asked} operations that need a login");
}

/// The path with the first property's id, and ids of nothing for the rest.
fn filled(path: &str, property: &str) -> String {
    let path = path.replace("{property_id}", property);
    let part = |it: &str| {
        let is_hole = it.starts_with('{');
        if is_hole { uuid::Uuid::new_v4().to_string() } else { it.to_owned() }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn another_hotels_things_are_as_unknown_as_things_that_never_were() {
    let house = shared().await;
    let (ours, theirs) = (house.open_hotel().await, house.open_hotel().await);
    let room_type = theirs.sells(1).await;
    let booking = TestHotel::booking(&room_type, 3, 1, "");
    let booked = theirs.site().post(&theirs.path("reservations"), &booking).await.unwrap();
    let booked = booked.expect_status(201).unwrap().data().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let never = || uuid::Uuid::new_v4().to_string();

    let (reservation, guest) = (text(&booked["id"]), text(&booked["guest_id"]));
    let pairs = [
        (format!("/api/v1/guests/{guest}"), format!("/api/v1/guests/{}", never())),
        (
            ours.path(&format!("reservations/{reservation}")),
            ours.path(&format!("reservations/{}", never())),
        ),
        (
            format!("/api/v1/properties/{}/reservations/{reservation}", theirs.property),
            format!("/api/v1/properties/{}/reservations/{}", never(), never()),
        ),
        (
            format!("/api/v1/properties/{}", theirs.property),
            format!("/api/v1/properties/{}", never()),
        ),
    ];
    for (foreign, never) in pairs {
        let (one, other) =
            (ours.site().get(&foreign).await.unwrap(), ours.site().get(&never).await.unwrap());
        assert_eq!((one.status.as_u16(), other.status.as_u16()), (404, 404), "{foreign}");
        let bodies = [one, other].map(|it| without_request_id(&it.json().unwrap()));
        assert_eq!(bodies[0], bodies[1], "{foreign}");
    }

    let taken = ours.site().post(&ours.path("reservations"), &booking).await.unwrap();
    assert_eq!(taken.status, 404, "their room type cannot be booked here");
}
