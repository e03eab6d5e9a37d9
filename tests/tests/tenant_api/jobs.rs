//! A hotel sees its jobs and steers them: what failed is found, tried again or cancelled.

use std::time::Duration;

use hotelhub_core::tasks::Tasks;
use hotelhub_jobs::{broker::Broker, rows::Due, ticket::Ticket};
use platform_tests::{client::Answer, mail::Fault, platform::Role, waiting::eventually};
use serde_json::{Value, json};

use crate::{
    house::{House, TestHotel, shared},
    job_rows::{ask, insert, list, repeat, state_of},
};

const GUEST: &str = "tamu@example.com";
const SOON: Duration = Duration::from_secs(120);

fn says(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.error_code())
}

/// Brings a worker a ticket, as the broker might bring one twice.
async fn bring(house: &House, it: &TestHotel, job: &str, epoch: i32) {
    let tasks = Tasks::default();
    let broker = Broker::start(house.stage.amqp_url(), "a test's ticket", &tasks);
    let connected = async || broker.is_connected().then_some(());
    eventually(SOON, "the broker", connected).await.unwrap();
    let (id, kind) = (job.parse().unwrap(), "reservation_confirmation".to_owned());
    let row = Due { id, kind, class: "mail".to_owned(), epoch, trace: None };
    broker.publish(&Ticket::job(it.tenant.parse().unwrap(), &row)).await.unwrap();
    tasks.stop();
}

async fn wait_for_state(it: &TestHotel, job: &str, state: &str) {
    let stands = async || (state_of(it, job).await == state).then_some(());
    eventually(SOON, &format!("the job to be {state}"), stands).await.unwrap();
}

#[tokio::test]
async fn a_mail_that_failed_is_found_and_sent_once_its_cause_is_gone() {
    let mut house = House::with(&[]).await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    house.stage.mail.set_fault(Fault::Reject).await;
    let body = TestHotel::booking(&room_type, 3, 2, GUEST);
    it.site().post(&it.path("reservations"), &body).await.unwrap().expect_status(201).unwrap();

    let failed = async || list(&it, "state=dead").await.into_iter().next();
    let dead = eventually(SOON, "the failed job", failed).await.unwrap();
    let job = dead["id"].as_str().unwrap().to_owned();

    let told = ["kind", "name", "class", "state", "error_code", "may_retry", "may_cancel"];
    assert_eq!(
        told.map(|it| dead[it].clone()),
        [
            json!("reservation_confirmation"),
            json!("Reservation confirmation mail"),
            json!("mail"),
            json!("dead"),
            json!("SMTP_REFUSED"),
            json!(true),
            json!(false),
        ]
    );
    assert!(dead["error_text"].as_str().unwrap().contains("550"), "{dead}");
    assert_eq!((&dead["attempt"], &dead["max_attempts"]), (&json!(1), &json!(3)));
    let shown = it.site().get(&format!("/api/v1/jobs/{job}")).await.unwrap().data().unwrap();
    assert_eq!(shown, dead);
    let summary = it.site().get("/api/v1/jobs/summary").await.unwrap().data().unwrap();
    let heap = &summary.as_array().unwrap()[0];
    assert_eq!((&heap["state"], &heap["error_code"]), (&json!("dead"), &json!("SMTP_REFUSED")));
    assert_eq!((&heap["count"], &heap["oldest_at"]), (&json!(1), &dead["created_at"]));

    house.stage.mail.set_fault(Fault::None).await;
    let retried = ask(&it, &job, "retry").await.expect_status(200).unwrap().data().unwrap();
    assert_eq!((&retried["state"], &retried["attempt"]), (&json!("ready"), &json!(0)));
    assert!(retried["requested_by"].as_str().unwrap().starts_with("user "), "{retried}");
    house.stage.mail.wait_for_mail_to(GUEST, SOON).await.unwrap();
    wait_for_state(&it, &job, "done").await;
    let again = ask(&it, &job, "retry").await;
    assert_eq!(says(&again), (409, "JOB_NOT_OVER".to_owned()));

    // A ticket of before the retry is brought once more, while the job waits for a newer one.
    it.sql("UPDATE jobs SET state = 'queued', queued_at = now(), finished_at = NULL").await;
    let (figure, worker) = ("job_duplicates_total", Role::TenantWork);
    let before = house.figure(worker, figure).await;
    bring(&house, &it, &job, 1).await;
    let ignored = async || (house.figure(worker, figure).await > before).then_some(());
    eventually(SOON, "the old ticket to say nothing", ignored).await.unwrap();
    assert_eq!(state_of(&it, &job).await, "queued");
    bring(&house, &it, &job, 2).await;
    wait_for_state(&it, &job, "done").await;
}

#[tokio::test]
async fn jobs_are_found_by_state_kind_peer_error_and_age() {
    let house = shared().await;
    let it = house.open_hotel().await;
    for state in ["ready", "queued", "running", "retry_wait", "held", "dead", "cancelled"] {
        insert(&it, state).await;
    }
    let old = insert(&it, "dead").await;
    it.sql(&format!(
        "UPDATE jobs SET kind = 'push_stock', peer = 'channel', last_error_code = 'PEER_500',
           created_at = now() - interval '2 hours' WHERE id = '{old}'"
    ))
    .await;

    for (query, count) in [
        ("kind=push_rates", 7),
        ("state=waiting&kind=push_rates", 2),
        ("state=running", 1),
        ("state=retrying", 1),
        ("state=held", 1),
        ("state=dead", 2),
        ("state=cancelled", 1),
        ("peer=channel", 1),
        ("error=PEER_500", 1),
        ("error=TIMEOUT&kind=push_rates", 7),
        ("older_than_seconds=3600", 1),
        ("state=dead&kind=push_stock&peer=channel&error=PEER_500&older_than_seconds=3600", 1),
        ("state=dead&kind=push_rates&peer=channel", 0),
    ] {
        assert_eq!(list(&it, query).await.len(), count, "{query}");
    }
    for (wrong, status) in
        [("limit=0", 422), ("cursor=odd", 422), ("older_than_seconds=-1", 422), ("state=odd", 400)]
    {
        let refused = it.site().get(&format!("/api/v1/jobs?{wrong}")).await.unwrap();
        assert_eq!(refused.status, status, "{wrong}: {}", refused.body);
    }

    let mut seen: Vec<Value> = Vec::new();
    let mut query = "?kind=push_rates&limit=3".to_owned();
    loop {
        let page = it.site().get(&format!("/api/v1/jobs{query}")).await.unwrap().json().unwrap();
        seen.extend(page["data"].as_array().unwrap().iter().map(|it| it["id"].clone()));
        let Some(cursor) = page["meta"]["next_cursor"].as_str() else { break };
        query = format!("?kind=push_rates&limit=3&cursor={cursor}");
    }
    seen.sort_by_key(ToString::to_string);
    seen.dedup();
    assert_eq!(seen.len(), 7, "every job is on one page, and on one only");

    let summary = it.site().get("/api/v1/jobs/summary").await.unwrap().data().unwrap();
    let of_kind = |it: &&Value| it["kind"] == "push_rates" || it["kind"] == "push_stock";
    let told = |it: &Value| format!("{} {} {}", it["state"], it["error_code"], it["count"]);
    let told: Vec<String> = summary.as_array().unwrap().iter().filter(of_kind).map(told).collect();
    assert_eq!(
        told,
        [
            r#""dead" "TIMEOUT" 1"#,
            r#""held" null 1"#,
            r#""queued" null 1"#,
            r#""ready" null 1"#,
            r#""retry_wait" "TIMEOUT" 1"#,
            r#""running" null 1"#,
            r#""dead" "PEER_500" 1"#,
        ]
    );
}

#[tokio::test]
async fn what_one_may_do_depends_on_where_a_job_stands() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let ok = |state: &str| (200, state.to_owned());
    let refused = |code: &str| (409, code.to_owned());
    for (state, retried, cancelled) in [
        ("ready", refused("JOB_NOT_OVER"), ok("cancelled")),
        ("queued", refused("JOB_NOT_OVER"), ok("cancelled")),
        ("held", refused("JOB_NOT_OVER"), ok("cancelled")),
        ("retry_wait", ok("ready"), ok("cancelled")),
        ("running", refused("JOB_NOT_OVER"), ok("running")),
        ("done", refused("JOB_NOT_OVER"), refused("JOB_OVER")),
        ("dead", ok("ready"), refused("JOB_OVER")),
        ("cancelled", ok("ready"), refused("JOB_OVER")),
    ] {
        for (action, expected) in [("retry", retried), ("cancel", cancelled)] {
            let job = insert(&it, state).await;
            let shown = it.site().get(&format!("/api/v1/jobs/{job}")).await.unwrap();
            let may = shown.data().unwrap()[format!("may_{action}")].clone();
            assert_eq!(may, json!(expected.0 == 200), "may_{action} of a {state} job");

            let answer = ask(&it, &job, action).await;
            let got = match answer.status.as_u16() {
                200 => (200, answer.data().unwrap()["state"].as_str().unwrap().to_owned()),
                _ => says(&answer),
            };
            assert_eq!(got, expected, "{action} of a {state} job");
        }
    }
    let asked = list(&it, "state=running").await;
    let asked = asked.iter().find(|it| it["may_cancel"] == json!(false)).unwrap();
    let twice = ask(&it, asked["id"].as_str().unwrap(), "cancel").await;
    assert_eq!(says(&twice), (409, "JOB_OVER".to_owned()), "it is being cancelled");
}

#[tokio::test]
async fn a_job_that_a_newer_one_replaces_stays_as_it_is() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let (older, newer) = (insert(&it, "dead").await, insert(&it, "ready").await);
    it.sql("UPDATE jobs SET dedupe_key = 'rates' WHERE kind = 'push_rates'").await;

    let one = ask(&it, &older, "retry").await;
    let all = json!({ "kind": "push_rates" });
    let all = it.site().post("/api/v1/jobs/retry", &all).await.unwrap().data().unwrap();

    assert_eq!(says(&one), (409, "JOB_REPLACED".to_owned()));
    assert_eq!(all, json!({ "matched": 1, "retried": 0 }));
    assert_eq!(state_of(&it, &older).await, "dead");
    ask(&it, &newer, "cancel").await.expect_status(200).unwrap();
    ask(&it, &older, "retry").await.expect_status(200).unwrap();
}

#[tokio::test]
async fn many_failed_jobs_are_counted_and_tried_again_at_a_measured_pace() {
    let house = shared().await;
    let it = house.open_hotel().await;
    it.sql(
        r#"INSERT INTO jobs (id, kind, class, state, attempt, max_attempts, payload, finished_at,
             last_error_code)
           SELECT gen_random_uuid(), 'clean_up', 'default', 'dead', 5, 5,
             '{"fire_at": "2026-01-04T03:00:00Z"}', now(),
             CASE WHEN number > 5 THEN 'PANIC' ELSE 'DATABASE' END
           FROM generate_series(1, 7) AS number"#,
    )
    .await;
    let retry = async |body: Value| it.site().post("/api/v1/jobs/retry", &body).await.unwrap();
    for wrong in [
        json!({ "per_minute": 0 }),
        json!({ "per_minute": 6_001 }),
        json!({ "state": "held" }),
        json!({ "older_than_seconds": -1 }),
    ] {
        assert_eq!(retry(wrong.clone()).await.status, 422, "{wrong}");
    }

    let mut wanted = json!({ "kind": "clean_up", "error": "DATABASE", "per_minute": 30 });
    wanted["dry_run"] = json!(true);
    let counted = retry(wanted.clone()).await.data().unwrap();
    assert_eq!(counted, json!({ "matched": 5, "retried": 0 }));
    assert_eq!(list(&it, "state=dead").await.len(), 7, "nothing has changed");
    wanted["dry_run"] = json!(false);
    let retried = retry(wanted).await.data().unwrap();
    assert_eq!(retried, json!({ "matched": 5, "retried": 5 }));

    let spread = "SELECT extract(epoch FROM run_at - min(run_at) OVER ())::bigint FROM jobs
         WHERE last_error_code = 'DATABASE' ORDER BY run_at";
    let spread: Vec<i64> = it.sql(spread).await.iter().map(|row| row.get(0)).collect();
    assert_eq!(spread, [0, 2, 4, 6, 8], "30 a minute");
    // Nobody ticks: those that are due later are found by the platform itself.
    let done = async || (list(&it, "state=done&kind=clean_up").await.len() == 5).then_some(());
    eventually(SOON, "all five", done).await.unwrap();
    assert_eq!(list(&it, "state=dead&error=PANIC").await.len(), 2);
}

#[tokio::test]
async fn a_repeat_of_a_retry_or_a_cancellation_changes_nothing() {
    let house = shared().await;
    let it = house.open_hotel().await;
    for (action, from) in [("retry", "dead"), ("cancel", "held")] {
        let job = insert(&it, from).await;
        let path = format!("/api/v1/jobs/{job}/{action}");

        let first = repeat(&it, &path, action, &json!({})).await.expect_status(200).unwrap();
        it.sql(&format!("UPDATE jobs SET state = 'dead' WHERE id = '{job}'")).await;
        let again = repeat(&it, &path, action, &json!({})).await.expect_status(200).unwrap();

        assert_eq!(first.json().unwrap(), again.json().unwrap(), "{action}");
        assert_eq!(state_of(&it, &job).await, "dead", "the repeat of the {action} did nothing");
    }
}
