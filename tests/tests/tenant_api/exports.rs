//! The hotel's owner takes everything along: alone, on record, and nobody else's.

use std::time::Duration;

use hotelhub_core::{audit, keys::sha256};
use platform_tests::{
    client::{Answer, Site},
    platform::Role,
    waiting::eventually,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    house::{House, PASSWORD, TestHotel, shared},
    page_visitor::{PageVisitor, hidden},
};

const PATH: &str = "/api/v1/exports";
/// An export takes a second on an idle machine.
const SOON: Duration = Duration::from_secs(180);

async fn ask(site: &Site) -> Answer {
    site.post(PATH, &json!({})).await.unwrap()
}

async fn ready(site: &Site, id: &str) -> Value {
    let path = format!("{PATH}/{id}");
    let look = async || {
        let found = site.get(&path).await.unwrap().expect_status(200).unwrap().data().unwrap();
        assert_ne!(found["state"], "failed", "{found}");
        (found["state"] == "ready").then_some(found)
    };
    eventually(SOON, "the export", look).await.unwrap()
}

/// Asks until nothing else happens to the hotel, and waits for the end.
async fn exported(site: &Site) -> Value {
    let asked = async || {
        let answer = ask(site).await;
        (answer.status != 409).then_some(answer)
    };
    let asked = eventually(SOON, "a turn", asked).await.unwrap().expect_status(202).unwrap();
    ready(site, asked.data().unwrap()["id"].as_str().unwrap()).await
}

async fn download(site: &Site, id: &str) -> (u16, Vec<u8>) {
    let request = site.request(Method::GET, &format!("{PATH}/{id}/bundle"));
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
}

async fn actions(it: &TestHotel) -> Vec<String> {
    let rows = it.sql("SELECT action FROM audit_log ORDER BY seq").await;
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn an_owner_takes_everything_along_and_no_one_elses() {
    let house = shared().await;
    let (it, other) = (house.open_hotel().await, house.open_hotel().await);
    let keyed = || it.site().request(Method::POST, PATH).header("idempotency-key", "once");
    let asked = Answer::of(keyed()).await.unwrap().expect_status(202).unwrap().data().unwrap();
    let again = Answer::of(keyed()).await.unwrap().expect_status(202).unwrap().data().unwrap();
    assert_eq!(asked["id"], again["id"]);
    let id = asked["id"].as_str().unwrap();
    let export = ready(it.site(), id).await;

    let (status, bundle) = download(it.site(), id).await;
    assert_eq!(status, 200);
    assert!(bundle.starts_with(b"PK\x03\x04"));
    assert_eq!(export["bytes"], bundle.len());
    assert_eq!(export["sha256"], audit::hex(&sha256(&bundle)));
    assert!(export["rows"].as_i64().unwrap() > 10, "{export}");
    let listed = it.site().get(PATH).await.unwrap().data().unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(actions(&it).await, ["export.request", "export.download"]);

    // Another hotel's is one that never was, and so is what the vendor's people asked for.
    let vendor = house.platform.vendor().await.unwrap();
    let path = format!("/api/v1/tenants/{}/export", it.tenant);
    let asked = async || {
        // The owner's is there a moment before it is over.
        let answer = vendor.site().post(&path, &json!({})).await.unwrap();
        (answer.status != 409).then_some(answer)
    };
    let of_vendor = eventually(SOON, "a turn", asked).await.unwrap();
    let of_vendor = of_vendor.expect_status(202).unwrap().data().unwrap();
    for (site, id) in [(other.site(), id), (it.site(), of_vendor["id"].as_str().unwrap())] {
        assert_eq!(site.get(&format!("{PATH}/{id}")).await.unwrap().status, 404);
        assert_eq!(download(site, id).await.0, 404);
    }
    assert_eq!(other.site().get(PATH).await.unwrap().data().unwrap(), json!([]));
    let seen = vendor.site().get(&format!("/api/v1/audit?tenant={}", it.tenant)).await.unwrap();
    let seen = seen.data().unwrap();
    let by_owner = seen.as_array().unwrap().iter().filter(|it| it["actor_kind"] == "system");
    let done: Vec<&str> = by_owner.map(|it| it["action"].as_str().unwrap()).collect();
    assert!(done.contains(&"tenant.export") && done.contains(&"tenant.take_along"), "{seen}");
}

#[tokio::test]
async fn only_the_owner_may_also_when_the_hotel_is_stopped() {
    let house = shared().await;
    for role in ["manager", "support"] {
        let it = house.open_hotel().await;
        let person = it.add_person(role).await;
        let site = it.site().on_host(it.site().host()).log_in(&person, PASSWORD).await.unwrap();
        assert_eq!(ask(&site).await.error_code(), "FORBIDDEN", "{role}");
        assert_eq!(site.get(PATH).await.unwrap().error_code(), "FORBIDDEN", "{role}");
        let visitor = PageVisitor::person(&it, &person).await;
        assert_eq!(visitor.open("/exports").await.status, 403, "{role}");
        assert!(!visitor.open("/").await.body.contains("href=\"/exports\""), "{role}");
    }
    let it = house.open_hotel().await;
    it.set_row("stopped").await;
    assert_eq!(it.site().get("/api/v1/properties").await.unwrap().status, 402);
    let owner = PageVisitor::owner(&it).await;
    let stopped = owner.open("/?lang=en").await;
    assert!(stopped.body.contains("href=\"/exports\""), "{}", stopped.body);
    let export = exported(it.site()).await;
    assert_eq!(download(it.site(), export["id"].as_str().unwrap()).await.0, 200);
    let page = owner.open("/exports?lang=en").await.expect_status(200).unwrap();
    let file = format!("href=\"/exports/{}/bundle\"", export["id"].as_str().unwrap());
    assert!(page.body.contains(&file), "{}", page.body);
    it.set_row("read_only").await;
    assert_eq!(ask(it.site()).await.error_code(), "TENANT_READ_ONLY");
}

#[tokio::test]
async fn one_is_made_at_a_time_three_a_day_and_none_while_the_platform_is_away() {
    let mut house = House::with(&[]).await;
    let it = house.open_hotel().await;
    house.platform.stop_role(Role::Provisioner).await.unwrap();
    let owner = PageVisitor::owner(&it).await;
    let page = owner.open("/exports?lang=en").await.expect_status(200).unwrap();
    let key = hidden(&page, "/exports", "form_key");
    for _ in 0..2 {
        let sent = owner.send("/exports", &[("form_key", &*key)]).await.expect_status(303).unwrap();
        assert_eq!(sent.header("location"), "/exports?done=asked");
    }
    let shown = owner.open("/exports?lang=en&done=asked").await.expect_status(200).unwrap();
    assert!(shown.body.contains("Waiting for its turn"), "{}", shown.body);
    assert!(!shown.body.contains("name=\"form_key\""), "no second one: {}", shown.body);
    let refused = owner.send("/exports", &[("form_key", "another")]).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(ask(it.site()).await.error_code(), "EXPORT_IN_PROGRESS");

    house.platform.start_role(Role::Provisioner).await.unwrap();
    for _ in 0..2 {
        exported(it.site()).await;
    }
    let limit = async || {
        let answer = ask(it.site()).await;
        (answer.status != 409).then_some(answer)
    };
    let refused = eventually(SOON, "the limit", limit).await.unwrap();
    assert_eq!(refused.error_code(), "EXPORT_LIMIT", "{}", refused.body);
    let seconds: u32 = refused.header("retry-after").parse().unwrap();
    assert!((80_000..=86_400).contains(&seconds), "{seconds}");
    house.control_sql("UPDATE operations SET requested_at = requested_at - interval '1 day'").await;
    exported(it.site()).await;

    // Nobody without the secret of the replicas, and nobody for a tenant that is none.
    let control = house.platform.control().unwrap().site().clone();
    let of = |tenant: &str| format!("/upcall/v1/tenants/{tenant}/exports");
    assert_eq!(control.get(&of(&it.tenant)).await.unwrap().status, 401);
    let replica = control.with_token(house.platform.setup().route_feed_token());
    let nobody = uuid::Uuid::new_v4().to_string();
    let body = json!({ "hotel_user_id": nobody });
    let put = replica.put(&format!("{}/{nobody}", of(&nobody)), &body).await.unwrap();
    assert_eq!(put.status, 404, "{}", put.body);

    house.platform.kill_role(Role::ControlServe).await.unwrap();
    let away = owner.open("/exports?lang=id").await;
    assert_eq!(away.status, 503, "{}", away.body);
    assert!(away.body.contains("Ekspor sedang tidak dapat dijangkau"), "{}", away.body);
    assert_eq!(ask(it.site()).await.error_code(), "EXPORTS_UNAVAILABLE");
}
