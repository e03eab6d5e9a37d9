//! Support in a hotel: with its consent, for a time, in its sight, and out when the time is over.

use std::time::Duration;

use platform_tests::{
    client::{self, Answer, Site},
    platform::VENDOR_EMAIL,
    tampering::{keep, put_back, tamper, touches},
    waiting::eventually,
};
use serde_json::{Value, json};

use crate::{
    house::{House, TestHotel, shared},
    page_visitor::PageVisitor,
};

const SOON: Duration = Duration::from_secs(60);
const REASON: &str = "the room types of ticket 4711";

pub(crate) async fn vendor(house: &House) -> Site {
    house.platform.vendor().await.unwrap().site().clone()
}

pub(crate) fn path(it: &TestHotel) -> String {
    format!("/api/v1/tenants/{}/support-access", it.tenant)
}

pub(crate) async fn ask(vendor: &Site, it: &TestHotel, minutes: i32) -> Value {
    let body = json!({ "reason": REASON, "minutes": minutes });
    let asked = vendor.post(&path(it), &body).await.unwrap();
    asked.expect_status(200).unwrap().data().unwrap()
}

pub(crate) async fn steer(vendor: &Site, it: &TestHotel, grant: &Value, action: &str) -> Answer {
    let place = format!("{}/{}/{action}", path(it), grant["id"].as_str().unwrap());
    vendor.post(&place, &json!({})).await.unwrap()
}

/// Gets a link and comes in by it.
pub(crate) async fn enter(vendor: &Site, it: &TestHotel, grant: &Value) -> client::PageVisitor {
    let entry = steer(vendor, it, grant, "enter").await.expect_status(200).unwrap();
    let url = entry.data().unwrap()["url"].as_str().unwrap().to_owned();
    let link = format!("/support/{}", url.rsplit('/').next().unwrap());
    let stranger = client::PageVisitor::stranger(it.site());
    for _ in 0..2 {
        let shown = stranger.open(&link).await.unwrap();
        assert_eq!(shown.status, 200, "to look uses nothing up");
    }
    let entered = stranger.send(&link, &[]).await.unwrap().expect_status(303).unwrap();
    let set = entered.header("set-cookie").to_owned();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");
    let secret = set.split(';').next().unwrap().split_once('=').unwrap().1.to_owned();
    let again = stranger.send(&link, &[]).await.unwrap();
    assert_eq!(again.status, 404, "good once");
    client::PageVisitor::log_in(it.site(), "/login", &it.email, crate::house::PASSWORD)
        .await
        .unwrap()
        .with_secret(&secret)
}

pub(crate) fn room_type<'a>(it: &'a TestHotel, code: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("property", &it.property),
        ("type_name", "Deluxe"),
        ("type_code", code),
        ("type_adults", "2"),
        ("type_children", "0"),
    ]
}

pub(crate) async fn actions(it: &TestHotel) -> Vec<String> {
    let rows = it.sql("SELECT action FROM audit_log ORDER BY seq").await;
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn support_comes_in_with_consent_works_in_sight_and_is_sent_away() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let vendor = vendor(&house).await;
    for (reason, minutes) in [("short", 60), (REASON, 4), (REASON, 241)] {
        let body = json!({ "reason": reason, "minutes": minutes });
        let odd = vendor.post(&path(&it), &body).await.unwrap();
        assert_eq!(odd.error_code(), "VALIDATION_FAILED");
    }
    let grant = ask(&vendor, &it, 30).await;
    assert_eq!(
        (&grant["state"], &grant["vendor_email"]),
        (&json!("requested"), &json!(VENDOR_EMAIL))
    );
    assert_eq!(ask(&vendor, &it, 60).await["id"], grant["id"], "one at a time");
    let early = steer(&vendor, &it, &grant, "enter").await;
    assert_eq!((early.status.as_u16(), &*early.error_code()), (409, "SUPPORT_ACCESS_OVER"));

    let owner = PageVisitor::owner(&it).await;
    let page = owner.open("/support-access").await.expect_status(200).unwrap();
    assert!(page.body.contains(REASON) && page.body.contains(VENDOR_EMAIL), "{}", page.body);
    let clerk = PageVisitor::person(&it, &it.add_person("front_desk").await).await;
    let id = grant["id"].as_str().unwrap();
    let allow = format!("/support-access/{id}/allow");
    assert_eq!(clerk.send(&allow, &[]).await.status, 403);
    assert_eq!(clerk.open("/support-access").await.status, 403);
    let allowed = owner.send(&allow, &[]).await.expect_status(303).unwrap();
    assert_eq!(allowed.header("location"), "/support-access?done=allowed");
    assert_eq!(owner.send(&allow, &[]).await.status, 409, "answered already");

    let support = enter(&vendor, &it, &grant).await;
    let desk = support.open("/").await.unwrap().expect_status(200).unwrap();
    assert!(desk.body.contains("Anda masuk sebagai dukungan") && desk.body.contains(REASON));
    for visitor in [&owner, &clerk] {
        let desk = visitor.open("/").await.expect_status(200).unwrap();
        assert!(desk.body.contains("Dukungan sedang di dalam"), "{}", desk.body);
    }
    let made = support.send("/setup/room-types", &room_type(&it, "DLX")).await.unwrap();
    made.expect_status(303).unwrap();
    // No money, no guests, no consent of its own.
    let cancel = "/reservations/01890a5d-ac96-774b-bcce-b302099a8057/cancel";
    let seen = [("property", &*it.property), ("version", "1")];
    assert_eq!(support.send(cancel, &seen).await.unwrap().status, 403);
    let own = support.send("/support-access/standing", &[("standing", "yes")]).await.unwrap();
    assert_eq!(own.status, 403);
    let by_api = it.site().with_token("x").get("/api/v1/audit").await.unwrap();
    assert_eq!(by_api.status, 401);

    let log = it.site().get("/api/v1/audit").await.unwrap().expect_status(200).unwrap();
    let log = log.data().unwrap();
    let change =
        log.as_array().unwrap().iter().find(|it| it["action"] == "support.change").unwrap();
    assert_eq!(
        (&change["actor_kind"], &change["actor_name"]),
        (&json!("support"), &json!(VENDOR_EMAIL))
    );
    assert!(change["on_behalf_of"].is_string(), "{change}");
    assert!(change["details"].as_str().unwrap().contains("POST /setup/room-types"), "{change}");
    let shown = owner.open("/audit?verify=yes").await.expect_status(200).unwrap();
    assert!(shown.body.contains("support.change") && shown.body.contains("Rantai utuh"));

    let ended = owner.send(&format!("/support-access/{id}/end"), &[]).await;
    ended.expect_status(303).unwrap();
    assert_eq!(support.open("/").await.unwrap().header("location"), "/login");
    let late = steer(&vendor, &it, &grant, "enter").await;
    assert_eq!(late.error_code(), "SUPPORT_ACCESS_OVER");
    assert!(!owner.open("/").await.body.contains("Dukungan sedang di dalam"));
    assert_eq!(
        actions(&it).await,
        [
            "support.request",
            "support.allow",
            "support.link",
            "support.enter",
            "support.view",
            "support.change",
            "support.end"
        ]
    );
    let ours = format!("/api/v1/audit?tenant={}&action=support_access", it.tenant);
    let ours = vendor.get(&ours).await.unwrap().data().unwrap();
    assert!(ours.as_array().unwrap().len() >= 3, "{ours}");
}

#[tokio::test]
async fn a_refused_request_opens_nothing_and_a_standing_consent_asks_nobody() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let vendor = vendor(&house).await;
    let owner = PageVisitor::owner(&it).await;
    let grant = ask(&vendor, &it, 30).await;
    let refuse = format!("/support-access/{}/refuse", grant["id"].as_str().unwrap());
    owner.send(&refuse, &[]).await.expect_status(303).unwrap();
    assert_eq!(steer(&vendor, &it, &grant, "enter").await.status, 409);

    owner
        .send("/support-access/standing", &[("standing", "yes")])
        .await
        .expect_status(303)
        .unwrap();
    let grant = ask(&vendor, &it, 30).await;
    assert_eq!(grant["state"], "allowed");
    let support = enter(&vendor, &it, &grant).await;
    let left = support.send("/support-access/leave", &[]).await.unwrap();
    assert_eq!(left.header("location"), "/login");
    assert_eq!(support.open("/").await.unwrap().header("location"), "/login");
    let listed = vendor.get(&path(&it)).await.unwrap().data().unwrap();
    assert_eq!((&listed[0]["state"], &listed[1]["state"]), (&json!("ended"), &json!("refused")));
    let staff = owner.send("/support-access/leave", &[]).await;
    assert_eq!(staff.status, 403);
    assert_eq!(actions(&it).await.last().unwrap(), "support.leave");
}

#[tokio::test]
async fn a_support_session_that_expires_in_the_middle_of_a_request_changes_nothing() {
    let house = House::own().await;
    let it = house.open_hotel().await;
    let vendor = vendor(&house).await;
    let owner = PageVisitor::owner(&it).await;
    owner
        .send("/support-access/standing", &[("standing", "yes")])
        .await
        .expect_status(303)
        .unwrap();
    let grant = ask(&vendor, &it, 5).await;
    let support = enter(&vendor, &it, &grant).await;
    it.wait_for_ever().await;

    let mut session = it.session().await;
    let held = session.transaction().await.unwrap();
    held.execute("LOCK TABLE room_types IN EXCLUSIVE MODE", &[]).await.unwrap();
    let form = room_type(&it, "DLX");
    let (sent, ()) = tokio::join!(support.send("/setup/room-types", &form), async {
        let waits = async || {
            let sql = "SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation \
                       WHERE c.relname = 'room_types' AND NOT l.granted";
            (!it.sql(sql).await.is_empty()).then_some(())
        };
        eventually(SOON, "the change that waits", waits).await.unwrap();
        house.platform.move_clock(6 * 60).unwrap();
        held.commit().await.unwrap();
    });
    assert_eq!(sent.unwrap().header("location"), "/login");
    assert!(it.sql("SELECT FROM room_types").await.is_empty(), "nothing was changed");
    assert!(!actions(&it).await.contains(&"support.change".to_owned()));
    assert_eq!(support.open("/").await.unwrap().header("location"), "/login");
    let listed = vendor.get(&path(&it)).await.unwrap();
    assert_eq!(listed.data().unwrap()[0]["state"], "expired", "{}", listed.body);
}

#[tokio::test]
async fn the_hotels_own_program_cannot_change_the_log_and_whoever_can_is_found_out() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let vendor = vendor(&house).await;
    for _ in 0..2 {
        let grant = ask(&vendor, &it, 30).await;
        steer(&vendor, &it, &grant, "end").await.expect_status(200).unwrap();
    }
    let may = "SELECT has_table_privilege('hotel_app', 'audit_log', p) FROM \
               unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p";
    let may: Vec<bool> = it.sql(may).await.iter().map(|row| row.get(0)).collect();
    assert_eq!(may, [true, true, false, false, false]);
    let verified = async || {
        let answer = it.site().get("/api/v1/audit/verify").await.unwrap();
        answer.expect_status(200).unwrap().data().unwrap()
    };
    assert_eq!(verified().await["is_whole"], true);
    let export = it.site().get("/api/v1/audit/export").await.unwrap().expect_status(200).unwrap();
    assert_eq!(export.body.lines().count(), 4);
    let session = it.session().await;
    keep(&session).await.unwrap();
    for touch in touches(&session, 2).await.unwrap() {
        tamper(&session, &touch.sql).await.unwrap();
        let found = verified().await;
        let told = (found["broken_seq"].as_i64(), found["broken"].as_str());
        assert_eq!(told, (Some(touch.seq), Some(touch.kind)), "{touch:?}");
        put_back(&session).await.unwrap();
    }
    assert_eq!(verified().await["is_whole"], true);
}

#[tokio::test]
async fn a_long_log_is_taken_along_whole_and_its_file_says_which_rows_it_has() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let owner = PageVisitor::owner(&it).await;
    let empty = owner.open("/audit/export").await.expect_status(200).unwrap();
    assert!(empty.header("content-disposition").contains("-none.jsonl") && empty.body.is_empty());
    let long = "INSERT INTO audit_log (seq, at, actor_kind, actor_name, action, details, hash) \
                  SELECT n, now(), 'staff', 'Ayu', 'support.view', '{}', \
                    decode(repeat('00', 32), 'hex') FROM generate_series(1, 12500) AS n; \
                UPDATE audit_head SET seq = 12500";
    it.session().await.simple_query(long).await.unwrap();
    let numbers = |answer: &Answer| -> Vec<i64> {
        let row = |it: &str| serde_json::from_str::<Value>(it).unwrap()["seq"].as_i64().unwrap();
        answer.body.lines().map(row).collect()
    };

    let whole = owner.open("/audit/export").await.expect_status(200).unwrap();
    assert!(whole.header("content-disposition").ends_with("-1-12500.jsonl\""));
    assert_eq!(numbers(&whole), (1..=12_500).collect::<Vec<_>>());
    let rest = it.site().get("/api/v1/audit/export?after=10000").await.unwrap();
    let rest = rest.expect_status(200).unwrap();
    assert!(rest.header("content-disposition").ends_with("-10001-12500.jsonl\""));
    assert_eq!(numbers(&rest), (10_001..=12_500).collect::<Vec<_>>());
}
