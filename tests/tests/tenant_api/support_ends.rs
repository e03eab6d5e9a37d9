//! How support is sent away before its time, and what the hotel's log says of what it saw.

use std::time::Duration;

use platform_tests::{
    client::{self, Site},
    platform::Role,
    secrets,
    waiting::eventually,
};
use serde_json::{Value, json};

use crate::{
    house::{House, TestHotel, shared},
    page_visitor::PageVisitor,
    support::{actions, ask, enter, room_type, steer, vendor},
};

/// Whoever takes the telling over from a program that died waits for twenty seconds first.
const SOON: Duration = Duration::from_secs(180);
const PASSWORD: &str = "kopi-tubruk-di-teras-villa";

/// Somebody of the vendor's support: the e-mail address, and the site with a login.
pub(crate) async fn somebody(house: &House, admin: &Site) -> (String, Site) {
    let email = format!("ayu-{}@hotelhub.localhost", secrets::tag());
    let body = json!({ "email": email, "name": "Ayu Lestari", "role": "support" });
    let made = admin.post("/api/v1/users", &body).await.unwrap().expect_status(201).unwrap();
    let password = made.data().unwrap()["one_time_password"].as_str().unwrap().to_owned();
    let control = house.platform.control().unwrap();
    let site = control.site().log_in(&email, &password).await.unwrap();
    let change = json!({ "current_password": password, "password": PASSWORD });
    let changed = site.post("/api/v1/account/password", &change).await.unwrap();
    changed.expect_status(204).unwrap();
    (email, site)
}

pub(crate) async fn steer_user(admin: &Site, email: &str, action: &str, body: Value) {
    let path = format!("/api/v1/users/{email}/{action}");
    admin.post(&path, &body).await.unwrap().expect_status(200).unwrap();
}

pub(crate) async fn set_standing(owner: &PageVisitor, standing: &str) {
    let sent = owner.send("/support-access/standing", &[("standing", standing)]).await;
    sent.expect_status(303).unwrap();
}

async fn is_inside(support: &client::PageVisitor) -> bool {
    support.open("/").await.unwrap().header("location") != "/login"
}

async fn expect_gone(support: &client::PageVisitor, why: &str) {
    let gone = async || (!is_inside(support).await).then_some(());
    eventually(SOON, why, gone).await.unwrap();
}

/// Waits until so many sessions of the hotel wait for locks.
async fn wait_for_waiting(it: &TestHotel, wanted: i64) {
    let enough = async || {
        let sql = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let found: i64 = it.sql(sql).await[0].get(0);
        (found >= wanted).then_some(())
    };
    eventually(SOON, "those who wait for a lock", enough).await.unwrap();
}

/// What the log says in its details, of one action.
pub(crate) async fn told(it: &TestHotel, action: &str, field: &str) -> Vec<String> {
    let sql = format!(
        "SELECT details::jsonb ->> '{field}' FROM audit_log WHERE action = '{action}' ORDER BY seq"
    );
    it.sql(&sql).await.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn whoever_is_shut_out_is_in_no_hotel_any_more_though_the_hotel_was_away() {
    let mut house = House::own().await;
    let it = house.open_hotel().await;
    let admin = vendor(&house).await;
    let owner = PageVisitor::owner(&it).await;
    set_standing(&owner, "yes").await;
    let (email, ayu) = somebody(&house, &admin).await;

    let support = enter(&ayu, &it, &ask(&ayu, &it, 60).await).await;
    steer_user(&admin, &email, "role", json!({ "role": "finance" })).await;
    expect_gone(&support, "an end after the role was taken away").await;
    steer_user(&admin, &email, "role", json!({ "role": "support" })).await;
    let support = enter(&ayu, &it, &ask(&ayu, &it, 60).await).await;
    steer_user(&admin, &email, "reset-totp", json!({})).await;
    expect_gone(&support, "an end after the second factor was reset").await;

    let control = house.platform.control().unwrap();
    let ayu = control.site().log_in(&email, PASSWORD).await.unwrap();
    let support = enter(&ayu, &it, &ask(&ayu, &it, 60).await).await;
    house.platform.kill_role(Role::TenantServe(0)).await.unwrap();
    steer_user(&admin, &email, "disable", json!({})).await;
    house.platform.kill_role(Role::ControlServe).await.unwrap();
    house.platform.start_role(Role::TenantServe(0)).await.unwrap();
    assert!(is_inside(&support).await, "nobody has told the hotel");
    house.platform.start_role(Role::ControlServe).await.unwrap();
    expect_gone(&support, "an end though hotel and control plane were away").await;

    assert_eq!(
        told(&it, "support.end", "because").await,
        [
            "the role includes no support access any more",
            "the second factor was reset",
            "the login was disabled"
        ]
    );
    let noted = async || {
        let path = format!("/api/v1/audit?action=support_access.ended&tenant={}", it.tenant);
        let found = admin.get(&path).await.unwrap().data().unwrap();
        (found.as_array().unwrap().len() == 3).then_some(())
    };
    eventually(SOON, "the ends in the vendor's own log", noted).await.unwrap();
}

#[tokio::test]
async fn a_standing_consent_that_is_withdrawn_ends_the_stays_that_relied_on_it() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let admin = vendor(&house).await;
    let owner = PageVisitor::owner(&it).await;
    let (_, ayu) = somebody(&house, &admin).await;
    let asked = ask(&ayu, &it, 60).await;
    let allow = format!("/support-access/{}/allow", asked["id"].as_str().unwrap());
    owner.send(&allow, &[]).await.expect_status(303).unwrap();
    let allowed = enter(&ayu, &it, &asked).await;
    set_standing(&owner, "yes").await;
    let unasked = enter(&admin, &it, &ask(&admin, &it, 60).await).await;

    set_standing(&owner, "no").await;

    assert!(!is_inside(&unasked).await, "it relied on the consent");
    assert!(is_inside(&allowed).await, "somebody of the hotel allowed it");
    let written = "SELECT action, xmin::text FROM audit_log ORDER BY seq DESC LIMIT 3";
    let rows: Vec<(String, String)> =
        it.sql(written).await.iter().map(|row| (row.get(0), row.get(1))).collect();
    let (end, word) = match &rows[..] {
        // The other stay has just looked at the front desk.
        [(view, _), rest @ ..] if view == "support.view" => (&rest[0], &rest[1]),
        rest => (&rest[0], &rest[1]),
    };
    assert_eq!((&*end.0, &*word.0), ("support.end", "support.standing_consent"), "{rows:?}");
    assert_eq!(end.1, word.1, "one transaction");
    assert_eq!(ask(&admin, &it, 60).await["state"], "requested");
}

#[tokio::test]
async fn a_change_of_support_and_the_end_of_its_stay_at_once_wait_for_each_other() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let admin = vendor(&house).await;
    let owner = PageVisitor::owner(&it).await;
    set_standing(&owner, "yes").await;
    let grant = ask(&admin, &it, 60).await;
    let support = enter(&admin, &it, &grant).await;
    let end = format!("/support-access/{}/end", grant["id"].as_str().unwrap());
    it.wait_for_ever().await;

    let mut session = it.session().await;
    let held = session.transaction().await.unwrap();
    held.execute("SELECT FROM audit_head FOR UPDATE", &[]).await.unwrap();
    let form = room_type(&it, "DLX");
    let (sent, ended, ()) = tokio::join!(
        support.send("/setup/room-types", &form),
        async {
            wait_for_waiting(&it, 1).await;
            owner.send(&end, &[]).await
        },
        async {
            wait_for_waiting(&it, 2).await;
            held.commit().await.unwrap();
        },
    );
    sent.unwrap().expect_status(303).unwrap();
    ended.expect_status(303).unwrap();
    assert_eq!(it.sql("SELECT FROM room_types").await.len(), 1);
    let log = actions(&it).await;
    assert_eq!(log[log.len() - 2..], ["support.change", "support.end"]);
}

#[tokio::test]
async fn support_that_leaves_while_the_hotel_ends_its_stay_changes_nothing_of_that_end() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let admin = vendor(&house).await;
    let owner = PageVisitor::owner(&it).await;
    set_standing(&owner, "yes").await;
    let grant = ask(&admin, &it, 60).await;
    let support = enter(&admin, &it, &grant).await;
    let end = format!("/support-access/{}/end", grant["id"].as_str().unwrap());
    it.wait_for_ever().await;

    let mut session = it.session().await;
    let held = session.transaction().await.unwrap();
    held.execute("SELECT FROM audit_head FOR UPDATE", &[]).await.unwrap();
    let (ended, left, ()) = tokio::join!(
        owner.send(&end, &[]),
        async {
            wait_for_waiting(&it, 1).await;
            support.send("/support-access/leave", &[]).await
        },
        async {
            wait_for_waiting(&it, 2).await;
            held.commit().await.unwrap();
        },
    );

    ended.expect_status(303).unwrap();
    let left = left.unwrap().expect_status(303).unwrap();
    assert_eq!(left.header("location"), "/login", "out is what it wanted to be");
    let log = actions(&it).await;
    assert_eq!(log.last().unwrap(), "support.end");
    assert!(!log.contains(&"support.leave".to_owned()), "{log:?}");
    let by = "SELECT g.ended_by = u.name FROM support_grants g, users u WHERE u.email = ";
    let rows = it.sql(&format!("{by}'{}'", it.email)).await;
    assert!(rows[0].get::<_, bool>(0), "the hotel ended it");
}

#[tokio::test]
async fn what_support_looks_at_is_noted_once_in_each_stay() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let admin = vendor(&house).await;
    let owner = PageVisitor::owner(&it).await;
    set_standing(&owner, "yes").await;
    let room = it.sells(1).await;
    let booking = TestHotel::booking(&room, 3, 1, "sari@example.com");
    let booked = it.site().post(&it.path("reservations"), &booking).await.unwrap();
    let booked = booked.expect_status(201).unwrap().data().unwrap();
    let record = format!("/reservations/{}", booked["id"].as_str().unwrap());
    let grant = ask(&admin, &it, 60).await;
    let support = enter(&admin, &it, &grant).await;

    for path in ["/", "/reservations", &*record, "/", "/reservations?q=sari", &*record] {
        support.open(path).await.unwrap().expect_status(200).unwrap();
    }
    let none = "/reservations/01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(support.open(none).await.unwrap().status, 404);
    owner.open("/reservations").await.expect_status(200).unwrap();
    let again = enter(&admin, &it, &grant).await;
    again.open(&record).await.unwrap().expect_status(200).unwrap();

    let seen = ["GET /".to_owned(), "GET /reservations".to_owned(), format!("GET {record}")];
    assert_eq!(told(&it, "support.view", "request").await, seen);
    let of = "SELECT DISTINCT subject_id, actor_kind FROM audit_log WHERE action = 'support.view'";
    let of: Vec<(String, String)> =
        it.sql(of).await.iter().map(|row| (row.get(0), row.get(1))).collect();
    let stay = grant["id"].as_str().unwrap().to_owned();
    assert_eq!(of, [(stay, "support".to_owned())]);

    // Another stay is another matter.
    steer(&admin, &it, &grant, "end").await.expect_status(200).unwrap();
    let support = enter(&admin, &it, &ask(&admin, &it, 60).await).await;
    support.open("/reservations").await.unwrap().expect_status(200).unwrap();
    assert_eq!(told(&it, "support.view", "request").await.len(), 4);
}
