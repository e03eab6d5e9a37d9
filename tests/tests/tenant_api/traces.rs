//! One trace from a request over its job to the outside system, told to a collector; and nothing
//! but lost spans without one.

use std::time::Duration;

use platform_tests::{
    client::Answer,
    collector::Collector,
    ledger::Ledger,
    platform::{Role, Stage, Worker},
    ports,
    postgres::Preset,
    waiting::eventually,
};
use reqwest::Method;
use serde_json::Value;

use crate::house::{House, TestHotel};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT: &str = "00f067aa0ba902b7";
const SOON: Duration = Duration::from_secs(120);
const BOOKING: &str = "POST /api/v1/properties/{property_id}/reservations";

/// A platform whose programs tell the collector at this address.
async fn telling(collector: &str) -> House {
    let stage = Stage::new(Preset::Fast).await.unwrap();
    let builder = stage.platform(1).unwrap().env("OTEL_EXPORTER_OTLP_ENDPOINT", collector);
    let platform = builder.start().await.unwrap();
    House { platform, stage }
}

/// Books in the trace of a client.
async fn book(it: &TestHotel, room_type: &str) {
    let body = TestHotel::booking(room_type, 3, 2, "tamu@example.com");
    let request = it.site().request(Method::POST, &it.path("reservations")).json(&body);
    let request = request.header("traceparent", format!("00-{TRACE}-{CLIENT}-01"));
    Answer::of(request).await.unwrap().expect_status(201).unwrap();
}

/// Has the ledger called by a job that the same request caused.
async fn call_ledger(house: &House, it: &TestHotel) {
    it.sql(
        "INSERT INTO jobs (id, kind, class, max_attempts, payload, trace)
         SELECT gen_random_uuid(), 'test_call', 'ota-ingest', 5, '{\"effect\": \"a\"}', trace
         FROM jobs WHERE kind = 'reservation_confirmation'",
    )
    .await;
    house.tick(it).await;
}

#[tokio::test]
async fn a_booking_its_job_and_the_call_of_a_peer_are_one_trace() {
    let (collector, ledger) = (Collector::start().unwrap(), Ledger::start().await.unwrap());
    let mut house = telling(&collector.url()).await;
    let it = house.open_hotel().await;

    book(&it, &it.sells(1).await).await;

    let request = collector.wait_for(TRACE, BOOKING, SOON).await.unwrap();
    let sent = collector.wait_for(TRACE, "publish ticket", SOON).await.unwrap();
    let job = collector.wait_for(TRACE, "job reservation_confirmation", SOON).await.unwrap();
    assert_eq!((&*request.service, &*request.parent), ("tenant-api serve", CLIENT));
    assert_eq!(request.attributes["http.response.status_code"], "201");
    assert_eq!(sent.parent, request.id);
    assert_eq!((&*job.service, &job.parent), ("tenant-api work", &request.id));
    assert_eq!(job.links, [(TRACE.to_owned(), request.id.clone())]);
    for (key, value) in [("job.attempt", "1"), ("job.class", "mail"), ("outcome", "done")] {
        assert_eq!(job.attributes[key], value, "{job:?}");
    }
    for span in [&request, &sent, &job] {
        assert_eq!(span.attributes["tenant.id"], it.tenant, "{span:?}");
        assert!(!span.has_failed, "{span:?}");
    }

    let worker = Role::Worker(Worker::of_tests(0, "ota-ingest"));
    house.platform.set_env(Some(worker), "LEDGER_URL", &ledger.url());
    house.platform.start_role(worker).await.unwrap();
    call_ledger(&house, &it).await;
    ledger.wait_for_calls(1, SOON).await.unwrap();
    // Whatever was not sent yet is sent at the end.
    house.platform.stop_role(worker).await.unwrap();

    let call = collector.wait_for(TRACE, "job test_call", SOON).await.unwrap();
    assert_eq!((&*call.service, &call.parent), ("test-worker work", &request.id));
    let heard = ledger.book().calls().remove(0).trace;
    assert_eq!(heard, Some(format!("00-{TRACE}-{}-01", call.id)));
    for role in [Role::TenantServe(0), Role::TenantWork] {
        let log = house.platform.program(role).unwrap().printed();
        assert!(log.contains(&format!("\"trace_id\":\"{TRACE}\"")), "{}", role.name());
    }
}

#[tokio::test]
async fn a_request_without_a_trace_begins_one_that_is_called_after_it() {
    let collector = Collector::start().unwrap();
    let house = telling(&collector.url()).await;
    let it = house.open_hotel().await;
    let body = TestHotel::booking(&it.sells(1).await, 3, 2, "tamu@example.com");

    let answer = it.site().post(&it.path("reservations"), &body).await.unwrap();
    let id = answer.expect_status(201).unwrap().header("x-request-id").to_owned();

    let trace = id.replace('-', "");
    let request = collector.wait_for(&trace, BOOKING, SOON).await.unwrap();
    let job = collector.wait_for(&trace, "job reservation_confirmation", SOON).await.unwrap();
    assert_eq!((&*request.parent, &request.attributes["request.id"]), ("", &id));
    assert_eq!(job.parent, request.id);
    let looks = collector.spans().into_iter().filter(|it| it.name.starts_with("GET "));
    assert_eq!(looks.count(), 0, "nobody asked for what only looks");
}

#[tokio::test]
async fn without_its_collector_a_program_works_as_ever_and_says_so_once() {
    let nobody = format!("http://127.0.0.1:{}", ports::free().unwrap());
    let mut house = telling(&nobody).await;
    let it = house.open_hotel().await;

    let room_type = it.sells(1).await;
    book(&it, &room_type).await;
    let address = format!("{}@example.com", it.tenant);
    let body: Value = TestHotel::booking(&room_type, 9, 1, &address);
    let answer = it.site().post(&it.path("reservations"), &body).await.unwrap();
    answer.expect_status(201).unwrap();

    house.stage.mail.wait_for_mail_to(&address, SOON).await.unwrap();
    let lost = async || {
        (house.figure(Role::TenantServe(0), "spans_lost_total").await >= 4.0).then_some(())
    };
    eventually(SOON, "spans to be lost", lost).await.unwrap();
    let log = house.platform.program(Role::TenantServe(0)).unwrap().printed();
    assert_eq!(log.matches("the collector takes no spans").count(), 1, "{log}");
    house.platform.stop().await.unwrap();
}
