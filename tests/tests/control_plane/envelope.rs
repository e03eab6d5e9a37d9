//! The one form of refusals, health, limits, and how the program stops.

use platform_tests::{
    client::{Answer, Signup, send_raw},
    process::is_clean,
};
use reqwest::Method;
use serde_json::json;

use crate::ground::{Ground, SOON};

#[tokio::test]
async fn every_refusal_is_in_the_envelope() {
    let ground = Ground::new().await;
    let site = ground.site();
    let post = |body: &'static str, kind: &'static str| {
        site.request(Method::POST, "/api/v1/signup").header("Content-Type", kind).body(body)
    };
    let huge = format!("{{\"slug\":\"{}\"}}", "x".repeat(300 * 1024));
    let cases = [
        (site.request(Method::GET, "/api/v1/nothing"), 404, "NOT_FOUND"),
        (site.request(Method::GET, "/api/v1/signup/not-an-id"), 404, "NOT_FOUND"),
        (site.request(Method::DELETE, "/api/v1/signup"), 405, "METHOD_NOT_ALLOWED"),
        (post("{", "application/json"), 400, "MALFORMED_REQUEST"),
        (post("{\"rooms\":\"many\"}", "application/json"), 400, "MALFORMED_REQUEST"),
        (post("slug=a", "text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (
            site.request(Method::POST, "/api/v1/signup")
                .header("Content-Type", "application/json")
                .body(huge),
            413,
            "PAYLOAD_TOO_LARGE",
        ),
        (site.request(Method::GET, "/api/v1/tenants"), 401, "UNAUTHENTICATED"),
        (site.request(Method::GET, "/api/v1/tenants?q=%00"), 400, "MALFORMED_REQUEST"),
        (
            site.request(Method::POST, "/api/v1/auth/login")
                .header("Content-Type", "application/json")
                .body(r#"{"email":"a\u0000@b.id","password":"x"}"#),
            400,
            "MALFORMED_REQUEST",
        ),
    ];
    for (request, status, code) in cases {
        let answer = Answer::of(request).await.unwrap();
        assert_eq!((answer.status.as_u16(), &*answer.error_code()), (status, code));
        let body = answer.json().unwrap();
        assert_eq!(body["success"], false);
        assert_eq!(body["error"]["request_id"], answer.header("x-request-id"), "{body}");
        assert!(body["error"]["details"].is_object(), "{body}");
    }
    let page = site.get("/nothing").await.unwrap().expect_status(404).unwrap();
    assert!(page.header("content-type").starts_with("text/html"), "{}", page.body);
    assert!(page.body.contains(page.header("x-request-id")));
}

#[tokio::test]
async fn a_forwarded_host_is_never_believed() {
    let ground = Ground::new().await;
    let body = serde_json::to_string(&Signup::of("mandala")).unwrap();
    let request = format!(
        "POST /api/v1/signup HTTP/1.1\r\nHost: control.localhost\r\nX-Forwarded-Host: evil.example\r\n\
         Forwarded: host=evil.example\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = send_raw(ground.port(), request.as_bytes(), SOON).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    assert!(!answer.contains("evil.example"), "{answer}");
}

#[tokio::test]
async fn health_speaks_in_the_promised_form_and_the_document_is_there() {
    let ground = Ground::new().await;
    let health = ground.site().get("/health").await.unwrap().expect_status(200).unwrap();
    let health = health.json().unwrap();
    assert_eq!(health["status"], "ok");
    assert_eq!(health["checks"]["database"], "ok");
    assert_eq!(health["checks"]["redis"], "disabled");
    assert_eq!(
        (&health["checks"]["queue_pending"], &health["checks"]["queue_failed"]),
        (&json!(0), &json!(0))
    );
    let document = ground.site().get("/openapi.json").await.unwrap().json().unwrap();
    assert!(document["paths"]["/api/v1/signup"]["post"].is_object());
}

#[tokio::test]
async fn a_flood_of_signups_is_told_when_to_come_back() {
    let ground = Ground::with(&[("RATE_LIMIT_LOGINS_PER_MINUTE", "3")]).await;
    let mut refused = None;
    for _ in 0..5 {
        // A header that anybody can send does not make another client.
        let request = ground.site().request(Method::POST, "/api/v1/signup").json(&json!({}));
        let from = format!("203.0.113.{}", any_octet());
        let answer = Answer::of(request.header("X-Forwarded-For", from)).await.unwrap();
        refused = (answer.status == 429).then_some(answer).or(refused);
    }
    let refused = refused.expect("nobody was refused");
    assert_eq!(refused.error_code(), "RATE_LIMITED");
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
}

fn any_octet() -> u8 {
    uuid::Uuid::new_v4().as_bytes()[0]
}

#[tokio::test]
async fn sigterm_ends_the_program_well_even_while_replicas_wait() {
    let mut ground = Ground::new().await;
    let site = ground.site().clone();
    let known = crate::feed::ask(&site, None).await;
    let poll = crate::feed::ask_and_wait(&site, &known, 25);

    let stop = ground.serving.terminate(SOON);
    let (status, page) = tokio::join!(stop, poll);

    assert!(is_clean(status.unwrap()));
    // It was answered, or was too late to be heard: it never hangs.
    if let Ok(page) = page {
        assert_eq!(page.status, 200);
    }
}
