//! Every answer has the one form, whatever was sent.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use platform_tests::client::Answer;
use reqwest::Method;
use serde_json::json;

use crate::house::shared;

#[tokio::test]
async fn every_refusal_has_the_envelope_and_the_requests_id() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let (login, guests) = ("/api/v1/auth/login", "/api/v1/guests");
    let site = it.site();
    let json_body = |path: &str, body: String| {
        site.request(Method::POST, path).header("content-type", "application/json").body(body)
    };

    let nul_in_cursor = format!(
        "/api/v1/guests?cursor={}",
        URL_SAFE_NO_PAD.encode(r#"["a\u0000","01890a5d-ac96-774b-bcce-b302099a8057"]"#)
    );
    let far =
        |what: &str, day: &str| it.path(&format!("{what}?arrival={day}&departure={day}&adults=1"));
    let some_id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let far_rates =
        it.path(&format!("rates?room_type_id={some_id}&from=-9000-01-01&to=-9000-01-02"));
    let cases = [
        (json_body(login, "{\"email\": ".to_owned()), 400, "MALFORMED_REQUEST"),
        (json_body(guests, "[]".to_owned()), 400, "MALFORMED_REQUEST"),
        (
            json_body(guests, r#"{"full_name":"A","surprise":1}"#.to_owned()),
            400,
            "MALFORMED_REQUEST",
        ),
        (json_body(guests, r#"{"full_name":"","email":"x"}"#.to_owned()), 422, "VALIDATION_FAILED"),
        (
            site.request(Method::POST, login).header("content-type", "text/plain").body("{}"),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (json_body(guests, format!("\"{}\"", "x".repeat(300 << 10))), 413, "PAYLOAD_TOO_LARGE"),
        (site.request(Method::DELETE, login), 405, "METHOD_NOT_ALLOWED"),
        (site.request(Method::GET, "/api/v1/nothing"), 404, "NOT_FOUND"),
        (site.request(Method::GET, "/api/v1/guests?limit=0"), 422, "VALIDATION_FAILED"),
        (site.request(Method::GET, "/api/v1/guests?limit=many"), 400, "MALFORMED_REQUEST"),
        (site.request(Method::GET, "/api/v1/guests?cursor=!"), 422, "VALIDATION_FAILED"),
        (site.request(Method::GET, "/api/v1/guests/not-an-id"), 404, "NOT_FOUND"),
        (
            json_body(login, r#"{"email":"a\u0000@b.id","password":"x"}"#.to_owned()),
            400,
            "MALFORMED_REQUEST",
        ),
        (json_body(guests, r#"{"full_name":"A\u0000"}"#.to_owned()), 400, "MALFORMED_REQUEST"),
        (site.request(Method::GET, "/api/v1/guests?q=%00"), 400, "MALFORMED_REQUEST"),
        (site.request(Method::GET, &nul_in_cursor), 422, "VALIDATION_FAILED"),
        (site.request(Method::GET, &far("availability", "-9000-01-01")), 422, "VALIDATION_FAILED"),
        (site.request(Method::GET, &far("availability", "9999-01-01")), 422, "VALIDATION_FAILED"),
        (site.request(Method::GET, &far_rates), 422, "VALIDATION_FAILED"),
    ];
    for (request, status, code) in cases {
        let answer = Answer::of(request).await.unwrap();
        let body = answer.json().unwrap();

        assert_eq!(
            (answer.status.as_u16(), answer.error_code().as_str()),
            (status, code),
            "{body}"
        );
        assert_eq!(body["success"], false);
        assert!(body["error"]["details"].is_object());
        assert_eq!(body["error"]["request_id"], answer.header("x-request-id"));
        if status == 405 {
            assert_eq!(answer.header("allow"), "POST");
        }
    }
}

#[tokio::test]
async fn a_request_id_that_the_client_brings_is_kept_if_it_is_one() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let asked = async |id: &str| {
        let request = it.site().request(Method::GET, "/api/v1/me").header("x-request-id", id);
        Answer::of(request).await.unwrap().header("x-request-id").to_owned()
    };

    let own = "01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(asked(own).await, own);
    let made = asked("<script>").await;
    assert_eq!(made.len(), own.len(), "{made}");
}

#[tokio::test]
async fn health_is_told_on_any_host_and_the_contract_on_a_hotels() {
    let house = shared().await;
    let it = house.open_hotel().await;

    for path in ["/livez", "/readyz", "/health"] {
        let answer = it.site().on_host("anything.example").get(path).await.unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json().unwrap();
    }
    let document = it.site().get("/openapi.json").await.unwrap().json().unwrap();
    assert!(document["paths"].as_object().unwrap().len() > 10);
}

#[tokio::test]
async fn a_list_is_read_page_by_page_without_loss_or_repetition() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let mut written = Vec::new();
    for number in 0..7 {
        let name = format!("Tamu {number}");
        let answer = it.site().post("/api/v1/guests", &json!({ "full_name": name })).await;
        answer.unwrap().expect_status(201).unwrap();
        written.push(name);
    }

    let (mut read, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/guests?limit=3{cursor}");
        let page = it.site().get(&path).await.unwrap().json().unwrap();
        let names = page["data"].as_array().unwrap().iter();
        read.extend(names.map(|it| it["full_name"].as_str().unwrap().to_owned()));
        match page["meta"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(read, written);
}
