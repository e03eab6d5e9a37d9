//! Which hotel a request is for: its host, and nothing else, says so.

use std::time::Duration;

use platform_tests::{client::Answer, waiting::eventually};
use reqwest::Method;

use crate::house::shared;

/// For what takes milliseconds on an idle machine. A replica that asks for nothing finds out by itself half
/// a minute after the last change.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// What the platform would write of a tenant's name, without the word to those who listen.
pub(crate) fn silently_verified(tenant: &str, host: &str) -> String {
    format!(
        "BEGIN; SET LOCAL session_replication_role = replica;
         INSERT INTO domains (id, tenant_id, hostname, is_primary, is_verified, ssl_status,
             created_at, kind, challenge)
           VALUES (gen_random_uuid(), '{tenant}', '{host}', false, true, 'none', now(), 'custom',
             'x');
         UPDATE route_position SET version = version + 1;
         INSERT INTO route_changes (version, tenant_id) SELECT version, '{tenant}'
           FROM route_position;
         COMMIT"
    )
}

#[tokio::test]
async fn a_forwarded_header_that_names_another_hotel_says_nothing() {
    let house = shared().await;
    let (one, other) = (house.open_hotel().await, house.open_hotel().await);
    let (ours, theirs) = (one.site().host(), other.site().host());

    for (name, value) in [
        ("x-forwarded-host", theirs.to_owned()),
        ("forwarded", format!("host={theirs};proto=https")),
        ("x-original-host", theirs.to_owned()),
        ("x-host", theirs.to_owned()),
    ] {
        let request = one.site().request(Method::GET, "/api/v1/me").header(name, value);
        let me = Answer::of(request).await.unwrap().data().unwrap();
        assert_eq!(me["tenant"]["id"], one.tenant.as_str(), "{name} on {ours}");
    }
}

#[tokio::test]
async fn one_hotel_answers_to_every_way_of_writing_its_name() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let (host, token) = (it.site().host(), it.site().token().unwrap());

    for written in [
        host.to_uppercase(),
        format!("{host}."),
        format!("{host}:{}", it.site().port()),
        format!("{}.:443", host.to_uppercase()),
    ] {
        let site = it.site().on_host(&written).with_token(token);
        let me = site.get("/api/v1/me").await.unwrap();
        assert_eq!(me.status, 200, "{written}: {}", me.body);
    }
}

#[tokio::test]
async fn a_request_with_two_hosts_is_for_nobody() {
    let house = shared().await;
    let (one, other) = (house.open_hotel().await, house.open_hotel().await);
    let (a, b) = (one.site().host(), other.site().host());

    for hosts in [[a, b], [a, a]] {
        let request = format!(
            "GET /api/v1/me HTTP/1.1\r\nHost: {}\r\nHost: {}\r\nConnection: close\r\n\r\n",
            hosts[0], hosts[1]
        );
        let port = one.site().port();
        let answer = platform_tests::client::send_raw(port, request.as_bytes(), PATIENCE).await;
        let answer = answer.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
}

#[tokio::test]
async fn an_absolute_target_that_names_another_host_is_refused() {
    let house = shared().await;
    let (one, other) = (house.open_hotel().await, house.open_hotel().await);

    let request = format!(
        "GET http://{}/api/v1/me HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        other.site().host(),
        one.site().host()
    );
    let port = one.site().port();
    let answer = platform_tests::client::send_raw(port, request.as_bytes(), PATIENCE).await;
    let answer = answer.unwrap();

    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn an_unknown_host_is_told_so_in_the_form_that_was_asked_for() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let nobody = it.site().on_host("tidak-ada.hotelhub.localhost");

    let api = nobody.get("/api/v1/me").await.unwrap();
    let page = nobody.get("/").await.unwrap();

    assert_eq!((api.status.as_u16(), api.error_code().as_str()), (404, "TENANT_UNKNOWN"));
    assert_eq!(page.status, 404);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let control = house.platform.setup().control_public_url();
    assert!(page.body.contains(&control), "it offers the signup: {}", page.body);
    assert!(page.body.contains(page.header("x-request-id")));
}

#[tokio::test]
async fn a_host_that_nobody_was_told_of_is_found_when_it_is_asked_for() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let host = format!("{}.example", it.site().host().split('.').next().unwrap());
    let elsewhere = it.site().on_host(&host);
    assert_eq!(elsewhere.get("/login").await.unwrap().status, 404);

    house.control_sql(&silently_verified(&it.tenant, &host)).await;

    // Long before the replica asks again by itself.
    let found = async || (elsewhere.get("/login").await.unwrap().status == 200).then_some(());
    eventually(PATIENCE, "the new host", found).await.unwrap();
}
