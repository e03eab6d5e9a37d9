//! The front desk's pages, as people without scripts use them.

use std::time::Duration;

use platform_tests::client::{self, Answer, send_raw, stay};

use crate::{
    house::{PASSWORD, TestHotel, shared},
    page_visitor::{PageVisitor, hidden},
};

const PATIENCE: Duration = Duration::from_secs(5);

/// The fields of the booking page, filled in.
async fn booking_form(
    visitor: &PageVisitor,
    it: &TestHotel,
    room_type: &str,
) -> Vec<(String, String)> {
    let (arrival, departure) = stay(3, 2);
    let pairs = [
        ("property", it.property.as_str()),
        ("room_type", room_type),
        ("arrival", &arrival),
        ("departure", &departure),
        ("adults", "2"),
        ("children", "0"),
    ];
    let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let page =
        visitor.open(&format!("/book?{}", query.join("&"))).await.expect_status(200).unwrap();
    let mut fields: Vec<(String, String)> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    fields.push(("form_key".to_owned(), hidden(&page, "/book", "form_key")));
    fields.push(("full_name".to_owned(), "Ketut <b>Adi</b>".to_owned()));
    fields.push(("email".to_owned(), String::new()));
    fields
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Expects a whole page that lets nothing of others in.
pub(crate) fn assert_page(answer: &Answer) {
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{}", answer.body);
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.body.matches("<h1").count(), 1);
    assert!(!answer.body.contains("<script") && !answer.body.contains(" style="));
}

#[tokio::test]
async fn a_stranger_is_sent_to_the_login_and_a_wrong_password_gets_the_form_again() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let stranger = PageVisitor::stranger(&it);

    for path in ["/", "/reservations", "/book"] {
        let answer = stranger.open(path).await.expect_status(303).unwrap();
        assert_eq!(answer.header("location"), "/login", "{path}");
    }
    let form = stranger.open("/login").await.expect_status(200).unwrap();
    assert_page(&form);
    let refused = stranger.send("/login", &[("email", &it.email), ("password", "salah")]).await;
    assert_eq!(refused.status, 401);
    assert_page(&refused);
    assert!(refused.body.contains(&it.email), "what was typed is kept");
    assert_eq!(refused.header("set-cookie"), "");
}

#[tokio::test]
async fn no_address_makes_the_language_link_lead_to_another_host() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let (host, port) = (it.site().host(), it.site().port());

    for address in ["//evil.example/", "/\\evil.example/", "///evil.example/?a=b"] {
        let request = format!(
            "GET {address} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\
             Connection: close\r\n\r\n"
        );
        let answer = send_raw(port, request.as_bytes(), PATIENCE).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{address}: {answer}");
        assert!(answer.contains("href=\"/evil.example/?"), "{address}: {answer}");
        assert!(!answer.contains("//evil") && !answer.contains("\\evil"), "{address}: {answer}");
    }
}

#[tokio::test]
async fn a_form_from_another_site_does_nothing() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let owner = PageVisitor::owner(&it).await;

    for site in ["same-site", "cross-site", "none"] {
        let answer = owner.send_from(site, "/logout", &[]).await;
        assert_eq!(answer.status, 403, "{site}");
        assert_page(&answer);
    }
    assert_eq!(owner.open("/").await.status, 200, "still logged in");
}

#[tokio::test]
async fn a_cookie_opens_pages_and_not_the_api() {
    let house = shared().await;
    let (it, other) = (house.open_hotel().await, house.open_hotel().await);
    let owner = PageVisitor::owner(&it).await;

    assert_eq!(owner.open("/api/v1/me").await.status, 401);
    let elsewhere = owner.moved_to(&other);
    assert_eq!(elsewhere.open("/").await.header("location"), "/login");

    let left = owner.send("/logout", &[]).await.expect_status(303).unwrap();
    assert!(left.header("set-cookie").contains("Max-Age=0"), "{}", left.header("set-cookie"));
    assert_eq!(owner.open("/").await.header("location"), "/login", "the session has ended");
}

#[tokio::test]
async fn a_cookie_that_somebody_made_up_has_nothing_of_the_hotel_looked_at() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let owner = client::PageVisitor::log_in(it.site(), "/login", &it.email, PASSWORD).await;
    let owner = owner.unwrap();
    it.wait_for_ever().await;
    let made_up = owner.with_secret("whatever-somebody-types");
    let mut session = it.session().await;
    let held = session.transaction().await.unwrap();
    held.execute("LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE", &[]).await.unwrap();

    for path in ["/audit?verify=yes", "/audit/export", "/audit"] {
        let answer = made_up.open(path).await.unwrap().expect_status(303).unwrap();
        assert_eq!(answer.header("location"), "/login", "{path}");
    }

    held.commit().await.unwrap();
    owner.open("/audit?verify=yes").await.unwrap().expect_status(200).unwrap();
}

#[tokio::test]
async fn a_new_hotel_is_set_up_books_and_cancels_on_its_pages() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let owner = PageVisitor::owner(&it).await;

    let desk = owner.open("/?lang=en").await.expect_status(200).unwrap();
    assert_page(&desk);
    assert!(desk.body.contains("Set up your hotel"));
    let property = it.property.as_str();
    let added = owner
        .send(
            "/setup/room-types",
            &[
                ("property", property),
                ("form_key", &hidden(&desk, "/setup/room-types", "form_key")),
                ("type_name", "Deluxe Taman"),
                ("type_code", "dlx"),
                ("type_adults", "2"),
                ("type_children", "1"),
            ],
        )
        .await
        .expect_status(303)
        .unwrap();
    let desk = owner.open(added.header("location")).await.expect_status(200).unwrap();
    let room_type = it.hotel.find_room_type(property, "DLX").await.unwrap().unwrap();
    assert!(desk.body.contains(&room_type), "it can be chosen for rooms");

    let rooms =
        [("property", property), ("rooms_type", &room_type), ("rooms_numbers", "101-103, 201")];
    owner.send("/setup/rooms", &rooms).await.expect_status(303).unwrap();
    let again = owner.send("/setup/rooms", &rooms).await;
    assert_eq!(again.status, 409, "a number that is taken is a fault of the field");
    assert_page(&again);
    assert!(again.body.contains("rooms_numbers-fault"));

    let (first, last) = stay(0, 30);
    let rates = [
        ("property", property),
        ("rate_type", &room_type),
        ("rate_from", &first),
        ("rate_last", &last),
        ("rate_amount", "Rp 750.000"),
    ];
    let set = owner.send("/setup/rates", &rates).await.expect_status(303).unwrap();
    let desk = owner.open(set.header("location")).await.expect_status(200).unwrap();
    assert!(!desk.body.contains("/setup/rates"), "the forms give way");

    let form = booking_form(&owner, &it, &room_type).await;
    let booked = owner.send("/book", &borrowed(&form)).await.expect_status(303).unwrap();
    let twice = owner.send("/book", &borrowed(&form)).await.expect_status(303).unwrap();
    assert_eq!(booked.header("location"), twice.header("location"), "two clicks are one booking");
    let shown = owner.open(booked.header("location")).await.expect_status(200).unwrap();
    assert_page(&shown);
    assert!(shown.body.contains("Rp1.500.000"));
    let in_english = format!("{}&lang=en", booked.header("location"));
    assert!(owner.open(&in_english).await.body.contains("Rp1,500,000"));
    assert!(!shown.body.contains("<b>Adi"), "what people type is text");

    let list =
        owner.open("/reservations?q=ketut&state=confirmed").await.expect_status(200).unwrap();
    assert_page(&list);
    let path = booked.header("location").split('?').next().unwrap();
    assert!(list.body.contains(path));

    let cancel = format!("{path}/cancel");
    let fields = [
        ("property", property),
        ("version", &hidden(&shown, &cancel, "version")),
        ("form_key", &hidden(&shown, &cancel, "form_key")),
    ];
    let cancelled = owner.send(&cancel, &fields).await.expect_status(303).unwrap();
    let shown = owner.open(cancelled.header("location")).await.expect_status(200).unwrap();
    assert!(!shown.body.contains(&cancel), "it cannot be cancelled again");
}

#[tokio::test]
async fn two_clicks_at_once_make_one_booking_and_lead_to_it() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(3).await;
    let owner = PageVisitor::owner(&it).await;
    let form = booking_form(&owner, &it, &room_type).await;
    let form = borrowed(&form);

    let (one, other) = tokio::join!(owner.send("/book", &form), owner.send("/book", &form));

    assert_eq!((one.status.as_u16(), other.status.as_u16()), (303, 303));
    assert_eq!(one.header("location"), other.header("location"));
    assert_eq!(it.sql("SELECT FROM reservations").await.len(), 1);
}

#[tokio::test]
async fn a_room_that_was_sold_meanwhile_is_explained_with_what_is_left() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    let owner = PageVisitor::owner(&it).await;
    let form = booking_form(&owner, &it, &room_type).await;
    let body = TestHotel::booking(&room_type, 3, 2, "");
    let answer = it.site().post(&it.path("reservations"), &body).await.unwrap();
    answer.expect_status(201).unwrap();

    let late = owner.send("/book", &borrowed(&form)).await;

    assert_eq!(late.status, 409);
    assert_page(&late);
    assert!(late.body.contains("role=\"alert\""));
    assert!(late.body.contains("Habis terjual"), "{}", late.body);
}

#[tokio::test]
async fn a_guest_without_a_name_is_a_fault_of_the_field_and_keeps_what_was_typed() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    let owner = PageVisitor::owner(&it).await;
    let mut form = booking_form(&owner, &it, &room_type).await;
    for (name, value) in &mut form {
        match name.as_str() {
            "full_name" => value.clear(),
            "email" => "bukan alamat".clone_into(value),
            _ => {}
        }
    }

    let refused = owner.send("/book", &borrowed(&form)).await;

    assert_eq!(refused.status, 422);
    for expected in ["href=\"#full_name\"", "href=\"#email\"", "aria-invalid", "bukan alamat"] {
        assert!(refused.body.contains(expected), "{expected}");
    }
}

#[tokio::test]
async fn a_person_who_may_only_look_sees_no_way_to_book() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    let owner = PageVisitor::owner(&it).await;
    let form = booking_form(&owner, &it, &room_type).await;

    it.sql("UPDATE user_roles SET role = 'read_only'").await;
    let desk = owner.open("/").await.expect_status(200).unwrap();
    let refused = owner.send("/book", &borrowed(&form)).await;
    it.sql("UPDATE user_roles SET role = 'housekeeping'").await;
    let keeper = owner.open("/").await.expect_status(200).unwrap();

    assert!(!desk.body.contains("/book?") && !desk.body.contains("/setup/"));
    assert_eq!(refused.status, 403);
    assert!(!keeper.body.contains("id=\"arrivals\""));
    assert_eq!(owner.open("/reservations").await.status, 403);
}
