//! Logging in and out, tokens, roles, and what a suspended hotel may do.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use platform_tests::client::stay;
use serde_json::{Value, json};

use crate::house::{PASSWORD, TestHotel, shared};

#[tokio::test]
async fn a_login_says_who_one_is_until_the_logout() {
    let house = shared().await;
    let it = house.open_hotel().await;

    let me = it.site().get("/api/v1/me").await.unwrap().data().unwrap();
    assert_eq!(me["user"]["email"], it.email.as_str());
    assert_eq!(me["tenant"]["id"], it.tenant.as_str());
    assert_eq!(me["roles"], json!(["owner"]));
    assert!(me["permissions"].as_array().unwrap().contains(&json!("reservation.write")));

    let logout = it.site().post("/api/v1/auth/logout", &json!({})).await.unwrap();
    assert_eq!(logout.status, 204);
    let after = it.site().get("/api/v1/me").await.unwrap();
    assert_eq!((after.status.as_u16(), after.error_code().as_str()), (401, "UNAUTHENTICATED"));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_person_are_refused_alike() {
    let house = shared().await;
    let it = house.open_hotel().await;

    let mut bodies = Vec::new();
    for email in [it.email.as_str(), "nobody@example.com"] {
        let body = json!({ "email": email, "password": "salah-sama-sekali" });
        let answer = it.site().post("/api/v1/auth/login", &body).await.unwrap();
        assert_eq!(answer.status, 401);
        assert_eq!(answer.error_code(), "INVALID_CREDENTIALS");
        bodies.push(crate::house::without_request_id(&answer.json().unwrap()));
    }
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_reuse_ends_the_session() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let body = json!({ "email": it.email, "password": PASSWORD });
    let login = it.site().post("/api/v1/auth/login", &body).await.unwrap().data().unwrap();
    let refresh = async |token: &Value| {
        let body = json!({ "refresh_token": token });
        it.site().post("/api/v1/auth/refresh", &body).await.unwrap()
    };

    let second = refresh(&login["refresh_token"]).await.data().unwrap();
    let reused = refresh(&login["refresh_token"]).await;
    let after = refresh(&second["refresh_token"]).await;

    assert_eq!(reused.status, 401);
    assert_eq!(after.status, 401, "the session ended with the reuse");
    let token = second["access_token"].as_str().unwrap();
    let me = it.site().with_token(token).get("/api/v1/me").await.unwrap();
    assert_eq!(me.status, 401);
}

#[tokio::test]
async fn a_forged_token_is_as_good_as_none() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let token = it.site().token().unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let payload = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
    let mut claims: Value = serde_json::from_slice(&payload).unwrap();
    claims["exp"] = json!(4_000_000_000_u32);
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = json!({ "alg": "none", "typ": "at+jwt", "kid": "k1" });
    let symmetric = json!({ "alg": "HS256", "typ": "at+jwt", "kid": "k1" });

    let forged = [
        String::new(),
        "not.a.token".to_owned(),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], encode(&claims), parts[2]),
        format!("{}.{}.", encode(&unsigned), encode(&claims)),
        format!("{}.{}.{}", encode(&symmetric), encode(&claims), parts[2]),
    ];
    for token in forged {
        let answer = it.site().with_token(&token).get("/api/v1/me").await.unwrap();
        assert_eq!(answer.status, 401, "{token}");
        assert_eq!(answer.error_code(), "UNAUTHENTICATED", "{token}");
    }
}

#[tokio::test]
async fn a_role_that_was_taken_away_counts_at_the_next_request() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    let booking = TestHotel::booking(&room_type, 3, 1, "");

    it.sql("UPDATE user_roles SET role = 'read_only'").await;
    let refused = it.site().post(&it.path("reservations"), &booking).await.unwrap();
    let reads = it.site().get(&it.path("reservations")).await.unwrap();

    assert_eq!((refused.status.as_u16(), refused.error_code().as_str()), (403, "FORBIDDEN"));
    assert_eq!(reads.status, 200);
    assert_eq!(reads.data().unwrap(), json!([]));
}

#[tokio::test]
async fn a_disabled_person_is_out_at_the_next_request() {
    let house = shared().await;
    let it = house.open_hotel().await;

    it.sql("UPDATE users SET disabled_at = now()").await;

    assert_eq!(it.site().get("/api/v1/me").await.unwrap().status, 401);
    let body = json!({ "email": it.email, "password": PASSWORD });
    assert_eq!(it.site().post("/api/v1/auth/login", &body).await.unwrap().status, 401);
}

#[tokio::test]
async fn a_suspended_hotel_serves_its_guests_and_takes_no_new_ones() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(2).await;
    let booking = TestHotel::booking(&room_type, 3, 1, "");
    let booked = it.site().post(&it.path("reservations"), &booking).await.unwrap();
    let booked = booked.expect_status(201).unwrap().data().unwrap();

    it.sql("UPDATE tenant_identity SET access = 'essential'").await;

    let refused = it.site().post(&it.path("reservations"), &booking).await.unwrap();
    assert_eq!(refused.status, 402);
    assert_eq!(refused.error_code(), "TENANT_SUSPENDED");
    let (arrival, departure) = stay(3, 1);
    let search = it.path(&format!("availability?arrival={arrival}&departure={departure}&adults=2"));
    assert_eq!(it.site().get(&search).await.unwrap().status, 200);
    let id = booked["id"].as_str().unwrap();
    let cancel = it.path(&format!("reservations/{id}/cancel"));
    assert_eq!(it.site().post(&cancel, &json!({})).await.unwrap().status, 200);

    it.sql("UPDATE tenant_identity SET access = 'read_only'").await;
    let refused = it.site().post(&it.path("reservations"), &booking).await.unwrap();
    assert_eq!(refused.status, 503);
    assert_ne!(refused.header("retry-after"), "");

    it.sql("UPDATE tenant_identity SET access = 'stopped'").await;
    assert_eq!(it.site().get(&search).await.unwrap().status, 402);
}
