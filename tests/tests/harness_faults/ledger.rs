//! The ledger writes down what was called, whatever it answers.

use std::time::Duration;

use platform_tests::ledger::{Behaviour, Ledger};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

use crate::SOON;

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async fn call(
    client: &Client,
    ledger: &Ledger,
    key: &str,
    effect: &str,
) -> reqwest::Result<reqwest::Response> {
    let request = client.post(format!("{}/calls", ledger.url()));
    let request = request.header("Idempotency-Key", key).header("traceparent", TRACE);
    request.json(&json!({ "effect": effect, "room": 17 })).send().await
}

#[tokio::test]
async fn a_call_is_written_down_and_a_repeat_is_told_from_a_second_effect() {
    let (ledger, client) = (Ledger::start().await.unwrap(), Client::new());

    for (key, effect, is_repeat) in
        [("k1", "a", false), ("k1", "a", true), ("k2", "b", false), ("k3", "b", false)]
    {
        let answer = call(&client, &ledger, key, effect).await.unwrap();
        assert_eq!(answer.status(), 200);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body, json!({ "effect": effect, "repeat": is_repeat }));
    }

    ledger.wait_for_calls(4, SOON).await.unwrap();
    let first = ledger.book().calls().remove(0);
    assert_eq!((&*first.key, &*first.effect, first.is_taken), ("k1", "a", true));
    assert_eq!((first.trace.as_deref(), &first.body["room"]), (Some(TRACE), &json!(17)));
    let counts: Vec<_> = ledger.book().taken_by_key().into_values().collect();
    assert_eq!(counts, [2, 1, 1]);
    let repeated = ledger.book().repeated_effects();
    assert_eq!(
        repeated.into_iter().map(|it| (it.0, it.1.len())).collect::<Vec<_>>(),
        [("b".to_owned(), 2)]
    );
    assert!(ledger.book().reused_keys().is_empty());
    call(&client, &ledger, "k1", "c").await.unwrap();
    assert_eq!(ledger.book().reused_keys()["k1"].len(), 2);
    let error = ledger.wait_for_calls(6, Duration::ZERO).await.unwrap_err();
    assert!(format!("{error:#}").contains("there were 5 calls"), "{error:#}");
}

#[tokio::test]
async fn a_refused_call_is_written_down_as_without_effect() {
    let (ledger, client) = (Ledger::start().await.unwrap(), Client::new());

    ledger.behave(Behaviour::Refuse(503));
    assert_eq!(call(&client, &ledger, "k", "a").await.unwrap().status(), 503);
    ledger.behave(Behaviour::TooMany(Duration::from_secs(7)));
    let answer = call(&client, &ledger, "k", "a").await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (429, &"7".parse().unwrap())
    );

    assert_eq!(ledger.book().len(), 2);
    assert!(ledger.book().taken_by_key().is_empty());
}

#[tokio::test]
async fn a_call_that_gets_no_answer_has_had_its_effect() {
    let (ledger, client) = (Ledger::start().await.unwrap(), Client::new());

    ledger.behave(Behaviour::DropAfterRecording);
    assert!(call(&client, &ledger, "dropped", "a").await.is_err());
    assert_eq!(ledger.book().taken_by_key()["dropped"], 1);

    ledger.behave(Behaviour::Hang);
    let url = ledger.url();
    let mut hanging = JoinSet::new();
    for key in ["left", "answered"] {
        let (client, url) = (client.clone(), url.clone());
        hanging.spawn(async move {
            let request = client.post(format!("{url}/calls")).header("Idempotency-Key", key);
            request.json(&json!({ "effect": key })).send().await.unwrap().status().as_u16()
        });
    }
    ledger.wait_for_calls(3, SOON).await.unwrap();
    assert!(hanging.try_join_next().is_none(), "nobody was answered");
    ledger.behave(Behaviour::Slow(Duration::from_millis(1)));

    assert_eq!(hanging.join_all().await, [200, 200]);
    assert_eq!(call(&client, &ledger, "slow", "b").await.unwrap().status(), 200);
    assert_eq!(ledger.book().taken_by_key().len(), 4);
}

/// All that comes back to somebody who sends this and nothing after it.
async fn send_and_hang_up(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn what_is_no_call_is_refused_and_not_written_down() {
    let ledger = Ledger::start().await.unwrap();
    let port = ledger.address().port();

    for (request, status) in [
        ("GET /calls HTTP/1.1\r\n\r\n", "HTTP/1.1 404"),
        ("POST /calls HTTP/1.1\r\nContent-Length: 14\r\n\r\n{\"effect\":\"a\"}", "HTTP/1.1 400"),
        ("POST /calls HTTP/1.1\r\nIdempotency-Key: k\r\n\r\n", "HTTP/1.1 400"),
    ] {
        let answer = timeout(SOON, send_and_hang_up(port, request)).await.unwrap();
        assert!(answer.starts_with(status), "{request:?}: {answer}");
    }

    assert!(ledger.book().is_empty());
}
