//! Jobs of hotels as the vendor sees and steers them: one hotel's, asked of the hotel, and what all
//! hotels have, as their workers counted it.

use std::{io, net::Ipv4Addr, time::Duration};

use hotelhub_core::{calls::USED_AGAIN, tasks::Tasks};
use platform_tests::{
    client::{Answer, Site},
    fleet::{Fleet, FleetHotel, NewJobs},
    platform::Stage,
    ports,
    postgres::Preset,
    waiting::eventually,
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::Instant,
};

use crate::ground::{FEED_TOKEN, Ground, SOON, Vendor};

/// Until the ticks of two sweeps, with other tests beside.
const TICKED: Duration = Duration::from_secs(120);
const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

async fn get(vendor: &Site, path: &str) -> Value {
    let answer = vendor.get(&format!("/api/v1/{path}")).await.unwrap();
    answer.expect_status(200).unwrap().json().unwrap()
}

async fn post(vendor: &Site, path: &str, body: &Value) -> Answer {
    vendor.post(&format!("/api/v1/{path}"), body).await.unwrap()
}

async fn done(vendor: &Site, path: &str, body: &Value) -> Value {
    post(vendor, path, body).await.expect_status(200).unwrap().data().unwrap()
}

fn heap(kind: &str, count: i64, oldest_at: &str) -> Value {
    json!({ "kind": kind, "state": "dead", "peer": "channex", "error_code": "HTTP_500",
        "count": count, "oldest_at": oldest_at })
}

/// What a worker says of a hotel.
async fn report(ground: &Ground, tenant: &str, (looked_at, heaps): (&str, Value)) -> Answer {
    let body = json!({ "tenant_id": tenant, "looked_at": looked_at, "heaps": heaps });
    ground.site().with_token(FEED_TOKEN).post("/upcall/v1/jobs", &body).await.unwrap()
}

/// Hotel, kind and count of each heap.
fn named(heaps: &Value) -> Vec<(&str, &str, i64)> {
    let rows = heaps["data"].as_array().unwrap();
    let named = rows.iter().map(|it| {
        let [slug, kind] = ["slug", "kind"].map(|name| it[name].as_str().unwrap());
        (slug, kind, it["count"].as_i64().unwrap())
    });
    named.collect()
}

#[tokio::test]
async fn what_workers_counted_is_listed_over_all_hotels() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let (surya, candi) = (ground.open_hotel("surya").await, ground.open_hotel("candi").await);
    let (early, late) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    let heaps = json!([heap("push", 3, late), heap("mail", 1, early)]);
    assert_eq!(report(&ground, &surya, (early, heaps)).await.status, 204);
    report(&ground, &candi, (early, json!([heap("push", 5, late), heap("push", 2, late)]))).await;

    let all = get(&vendor, "jobs").await;
    assert_eq!(named(&all), [("candi", "push", 7), ("surya", "push", 3), ("surya", "mail", 1)]);
    let first = &all["data"][0];
    assert_eq!((&first["tenant_id"], &first["state"]), (&json!(candi), &json!("dead")));
    assert_eq!((&first["peer"], &first["error_code"]), (&json!("channex"), &json!("HTTP_500")));
    for (order, last) in [("largest", "mail"), ("oldest", "push")] {
        let page = get(&vendor, &format!("jobs?limit=2&order={order}")).await;
        let cursor = page["meta"]["next_cursor"].as_str().unwrap();
        let path = format!("jobs?limit=2&order={order}&cursor={cursor}");
        let rest = get(&vendor, &path).await;
        assert_eq!((named(&rest).len(), named(&rest)[0].1), (1, last), "{order}");
        let other = format!("/api/v1/jobs?cursor={cursor}&order=");
        let other = other + if order == "oldest" { "largest" } else { "oldest" };
        assert_eq!(vendor.get(&other).await.unwrap().status, 422);
    }
    for filter in ["tenant=surya&kind=mail", "kind=mail&peer=channex&error=HTTP_500&state=dead"] {
        assert_eq!(named(&get(&vendor, &format!("jobs?{filter}")).await), [("surya", "mail", 1)]);
    }
    for (age, count) in [("3600", 3), ("999999999", 0)] {
        let aged = get(&vendor, &format!("jobs?older_than_seconds={age}")).await;
        assert_eq!(named(&aged).len(), count, "{age}");
    }
    for filter in ["state=held", "peer=odd", "error=odd"] {
        assert!(named(&get(&vendor, &format!("jobs?{filter}")).await).is_empty(), "{filter}");
    }
    let stats = get(&vendor, "jobs/stats").await["data"].clone();
    let push = json!({ "kind": "push", "state": "dead", "count": 10, "hotels": 2,
        "oldest_at": late });
    assert_eq!((stats.as_array().unwrap().len(), &stats[1]), (2, &push));

    // A look of before, on its way for long, says nothing any more; one of after replaces all.
    report(&ground, &surya, ("2025-12-31T00:00:00Z", json!([]))).await;
    assert_eq!(named(&get(&vendor, "jobs?tenant=surya").await).len(), 2);
    report(&ground, &surya, (late, json!([heap("push", 4, late)]))).await;
    assert_eq!(named(&get(&vendor, "jobs?tenant=surya").await), [("surya", "push", 4)]);
    ground.move_provisioning(&candi, &["deleting", "deleted"]).await;
    assert_eq!(named(&get(&vendor, "jobs").await), [("surya", "push", 4)]);
}

#[tokio::test]
async fn only_workers_report_and_only_what_can_be() {
    let ground = Ground::new().await;
    let surya = ground.sign_up("surya").await;
    let time = "2026-01-01T00:00:00Z";
    let body = json!({ "tenant_id": surya, "looked_at": time, "heaps": [] });
    for site in [ground.site().clone(), ground.vendor().await] {
        assert_eq!(site.post("/upcall/v1/jobs", &body).await.unwrap().status, 401);
    }
    let none = json!([heap("push", 0, time)]);
    assert_eq!(report(&ground, &surya, (time, none)).await.error_code(), "VALIDATION_FAILED");
    assert_eq!(report(&ground, NOBODY, (time, json!([heap("push", 1, time)]))).await.status, 204);
    assert_eq!(ground.count("SELECT count(*) FROM job_reports").await, 0);

    // A clock that is ahead does not shut out those who look later.
    report(&ground, &surya, ("2999-01-01T00:00:00Z", json!([heap("push", 1, time)]))).await;
    let now = ground.database.query_one("SELECT to_jsonb(clock_timestamp()) #>> '{}'", &[]).await;
    let now: String = now.unwrap().get(0);
    report(&ground, &surya, (&now, json!([]))).await;
    assert_eq!(ground.count("SELECT count(*) FROM job_heaps").await, 0);
}

#[tokio::test]
async fn a_hotel_that_nobody_serves_is_called_unreachable() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let surya = ground.open_hotel("surya").await;
    ground.sign_up("candi").await;
    let time = "2026-01-01T00:00:00Z";
    report(&ground, &surya, (time, json!([heap("push", 3, time)]))).await;

    let refused = vendor.get("/api/v1/tenants/surya/jobs").await.unwrap();
    assert_eq!((refused.status.as_u16(), &*refused.error_code()), (503, "TENANT_UNREACHABLE"));
    assert_eq!(refused.header("retry-after"), "5");
    assert!(refused.body.contains("TENANT_UPCALL_URL"), "{}", refused.body);
    let refused = vendor.get("/api/v1/tenants/candi/jobs").await.unwrap();
    assert_eq!((refused.status.as_u16(), &*refused.error_code()), (409, "TENANT_NOT_READY"));

    let estimate = done(&vendor, "jobs/retry", &json!({ "dry_run": true })).await;
    assert_eq!((&estimate["matched"], &estimate["is_estimate"]), (&json!(3), &json!(true)));
    assert!(estimate["as_of"].is_string());
    let tried = done(&vendor, "jobs/retry", &json!({ "kind": "push", "per_minute": 60 })).await;
    assert_eq!((&tried["retried"], &tried["more"]), (&json!(0), &json!(false)));
    assert_eq!(tried["hotels"][0]["error"]["code"], "TENANT_UNREACHABLE");
    let after = json!({ "after": surya });
    assert_eq!(done(&vendor, "jobs/retry", &after).await["hotels"], json!([]));
    for (body, field) in
        [(json!({ "per_minute": 0 }), "per_minute"), (json!({ "tenant": "x" }), "tenant")]
    {
        let refused = post(&vendor, "jobs/retry", &body).await.expect_status(422).unwrap();
        assert!(refused.json().unwrap()["error"]["details"][field].is_array());
    }
}

/// A hotel's program that ends each connection when something is asked on it a second time.
async fn answer_once_on_each(listener: TcpListener, tasks: Tasks) {
    while let Ok((stream, _)) = listener.accept().await {
        // Whoever asked may be gone.
        tasks.spawn("connection", async move { drop(answer_once(stream).await) });
    }
}

async fn answer_once(mut stream: TcpStream) -> io::Result<()> {
    let mut heard = Vec::new();
    while !heard.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut heard).await? == 0 {
            return Ok(());
        }
    }
    let (head, body) = ("HTTP/1.1 200 OK\r\nContent-Length", r#"{"success":true,"data":[]}"#);
    let answer = format!("{head}: {}\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await?;
    stream.read_buf(&mut heard).await.map(drop)
}

#[tokio::test]
async fn nothing_is_asked_on_a_connection_that_the_hotel_may_be_about_to_end() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, ports::free().unwrap())).await.unwrap();
    let place = format!("http://{}", listener.local_addr().unwrap());
    let tasks = Tasks::default();
    tasks.spawn("hotel", answer_once_on_each(listener, tasks.clone()));
    let ground = Ground::with(&[("TENANT_UPCALL_URL", &place)]).await;
    ground.open_hotel("surya").await;
    let vendor = ground.vendor().await;

    get(&vendor, "tenants/surya/jobs/summary").await;
    let answered = Instant::now();
    let is_idle = async || (answered.elapsed() > USED_AGAIN).then_some(());
    eventually(SOON, "the connection to have been idle for long", is_idle).await.unwrap();
    get(&vendor, "tenants/surya/jobs/summary").await;
}

#[tokio::test]
async fn support_steers_one_hotel_and_finance_looks() {
    let ground = Ground::new().await;
    ground.open_hotel("surya").await;
    let steer =
        ["jobs/retry".to_owned(), format!("jobs/{NOBODY}/retry"), format!("jobs/{NOBODY}/cancel")];
    for (role, status) in [(Vendor::Support, 503), (Vendor::Finance, 403)] {
        let person = ground.vendor_of(role).await;
        for path in &steer {
            let path = format!("tenants/surya/{path}");
            assert_eq!(post(&person, &path, &json!({})).await.status, status, "{role:?} {path}");
        }
        let looked = person.get("/api/v1/tenants/surya/jobs/summary").await.unwrap();
        assert_eq!(looked.status, 503, "{role:?}");
        assert_eq!(post(&person, "jobs/retry", &json!({})).await.status, 403);
    }
}

/// Jobs of which there is nothing to do, once they can be read.
const MEND: &str = "UPDATE jobs SET payload = jsonb_build_object(
                      'property_id', gen_random_uuid(), 'reservation_id', gen_random_uuid())";

async fn mend(hotel: &FleetHotel) {
    hotel.session().await.unwrap().simple_query(MEND).await.unwrap();
}

async fn wait_for_heaps(vendor: &Site, wanted: &[(&str, &str, i64)]) {
    let told = async || (named(&get(vendor, "jobs").await) == wanted).then_some(());
    if let Err(late) = eventually(TICKED, "the workers' reports", told).await {
        panic!("{late:#}: {}", get(vendor, "jobs").await);
    }
}

#[tokio::test]
async fn dead_jobs_are_seen_and_replayed_in_their_hotels() {
    let stage = Stage::new(Preset::Fast).await.unwrap();
    let platform = stage.platform(1).unwrap().start().await.unwrap();
    let vendor = platform.vendor().await.unwrap().site().clone();
    let fleet = Fleet::open(&platform, 2).await.unwrap();
    let [one, two] = fleet.hotels() else { panic!("two were asked for") };
    let slugs = [one, two].map(|it| it.host().split('.').next().unwrap());
    let unreadable = NewJobs::of("reservation_confirmation", "mail");
    let kind = unreadable.kind.as_str();
    let ids = one.insert_jobs(&unreadable, 2).await.unwrap();
    two.insert_jobs(&unreadable, 1).await.unwrap();
    fleet.wait_until_ended(TICKED).await.unwrap();
    wait_for_heaps(&vendor, &[(slugs[0], kind, 2), (slugs[1], kind, 1)]).await;

    let of_one = format!("tenants/{}/jobs", slugs[0]);
    let dead = get(&vendor, &format!("{of_one}?state=dead&limit=1")).await;
    assert_eq!(dead["data"][0]["id"], json!(ids[1]), "the newest first");
    assert_eq!(dead["data"][0]["error_code"], "PAYLOAD");
    let cursor = dead["meta"]["next_cursor"].as_str().unwrap();
    let next = get(&vendor, &format!("{of_one}?state=dead&limit=1&cursor={cursor}")).await;
    assert_eq!(next["data"][0]["id"], json!(ids[0]));
    let summary = get(&vendor, &format!("{of_one}/summary")).await["data"][0].clone();
    assert_eq!((&summary["state"], &summary["count"]), (&json!("dead"), &json!(2)));
    let matched = done(&vendor, &format!("{of_one}/retry"), &json!({ "dry_run": true })).await;
    assert_eq!(matched, json!({ "matched": 2, "retried": 0 }));

    mend(one).await;
    mend(two).await;
    let job = |id, action| format!("{of_one}/{id}/{action}");
    let retried = done(&vendor, &job(ids[0], "retry"), &json!({})).await;
    assert_eq!(retried["requested_by"], "admin@hotelhub.localhost");
    let body = json!({ "kind": kind, "error": "PAYLOAD", "per_minute": 600 });
    let retried = done(&vendor, "jobs/retry", &body).await;
    assert_eq!((&retried["matched"], &retried["retried"]), (&json!(2), &json!(2)), "{retried}");
    assert_eq!((retried["hotels"].as_array().unwrap().len(), &retried["more"]), (2, &json!(false)));
    fleet.wait_until_ended(TICKED).await.unwrap();
    for (slug, count) in [(slugs[0], 2), (slugs[1], 1)] {
        let done = get(&vendor, &format!("tenants/{slug}/jobs?state=done&kind={kind}")).await;
        assert_eq!(done["data"].as_array().unwrap().len(), count, "{slug}");
    }
    wait_for_heaps(&vendor, &[]).await;

    // What the hotel refuses comes with its code, under the id of our request.
    let again = post(&vendor, &job(ids[0], "retry"), &json!({})).await;
    assert_eq!((again.status.as_u16(), &*again.error_code()), (409, "JOB_NOT_OVER"));
    let said = again.json().unwrap()["error"]["request_id"].clone();
    assert_eq!(said, again.header("x-request-id"));
    let later = NewJobs { due_in: Duration::from_secs(3600), ..unreadable.clone() };
    let later = one.insert_jobs(&later, 1).await.unwrap()[0];
    assert_eq!(done(&vendor, &job(later, "cancel"), &json!({})).await["state"], "cancelled");
    let again = post(&vendor, &job(later, "cancel"), &json!({})).await;
    assert_eq!((again.status.as_u16(), &*again.error_code()), (409, "JOB_OVER"));
    let unknown = format!("/api/v1/{}", job(one.tenant().as_uuid().into(), "cancel"));
    let unknown = Answer::of(vendor.request(Method::POST, &unknown)).await.unwrap();
    assert_eq!(unknown.status, 404);
    let odd = vendor.get(&format!("/api/v1/{of_one}?state=odd")).await.unwrap();
    assert_eq!(odd.status, 400, "{}", odd.body);
}
