//! Who gets to a hotel's jobs: its people by their roles, the vendor with the platform's secret, and
//! nobody from another hotel.

use platform_tests::client::{Answer, Site};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    house::{TestHotel, shared, without_request_id},
    job_rows::{ask, insert, list, state_of},
    page_visitor::PageVisitor,
    versions::{forget_jobs_of_today, say_version, wait_until_behind},
};

/// What the vendor asks on a hotel's host.
const UPCALL: &str = "/upcall/v1/jobs";

#[tokio::test]
async fn roles_say_who_looks_and_who_acts() {
    let house = shared().await;
    let it = house.open_hotel().await;

    for (role, looking, acting) in [
        ("owner", 200, 200),
        ("manager", 200, 200),
        ("front_desk", 200, 403),
        ("accounting", 200, 403),
        ("read_only", 200, 403),
        ("housekeeping", 403, 403),
    ] {
        let job = insert(&it, "dead").await;
        it.sql(&format!("UPDATE user_roles SET role = '{role}'")).await;
        for path in ["", "/summary", &format!("/{job}")] {
            let answer = it.site().get(&format!("/api/v1/jobs{path}")).await.unwrap();
            assert_eq!(answer.status.as_u16(), looking, "{role} {path}: {}", answer.body);
        }
        let some = json!({ "kind": "push_stock" });
        let many = it.site().post("/api/v1/jobs/retry", &some).await.unwrap();
        assert_eq!(many.status.as_u16(), acting, "{role}: {}", many.body);
        for action in ["retry", "cancel"] {
            let one = ask(&it, &job, action).await;
            assert_eq!(one.status.as_u16(), acting, "{role} {action}: {}", one.body);
        }
        let stands = if acting == 200 { "cancelled" } else { "dead" };
        assert_eq!(state_of(&it, &job).await, stands, "{role}");
    }
}

#[tokio::test]
async fn another_hotels_job_is_as_unknown_as_one_that_never_was() {
    let house = shared().await;
    let (ours, theirs) = (house.open_hotel().await, house.open_hotel().await);
    let (job, held) = (insert(&theirs, "dead").await, insert(&theirs, "held").await);
    let never = uuid::Uuid::new_v4().to_string();

    for (action, foreign) in [("retry", &job), ("cancel", &held)] {
        let (one, other) = (ask(&ours, foreign, action).await, ask(&ours, &never, action).await);
        assert_eq!((one.status.as_u16(), other.status.as_u16()), (404, 404), "{action}");
        let bodies = [one, other].map(|it| without_request_id(&it.json().unwrap()));
        assert_eq!(bodies[0], bodies[1], "{action}");
    }
    let show = async |id: &str| ours.site().get(&format!("/api/v1/jobs/{id}")).await.unwrap();
    let bodies = [show(&job).await, show(&never).await].map(|it| {
        assert_eq!(it.status, 404);
        without_request_id(&it.json().unwrap())
    });
    assert_eq!(bodies[0], bodies[1]);
    let all = ours.site().post("/api/v1/jobs/retry", &json!({})).await.unwrap().data().unwrap();
    assert_eq!(all, json!({ "matched": 0, "retried": 0 }));
    assert_eq!(list(&ours, "kind=push_rates").await.len(), 0);
    assert_eq!(state_of(&theirs, &job).await, "dead");
    assert_eq!(state_of(&theirs, &held).await, "held");
}

/// What the vendor gets on the hotel's host with this token.
async fn call(site: &Site, token: &str, method: Method, path: &str, body: &Value) -> Answer {
    let request = site.on_host(site.host()).with_token(token).request(method, path);
    Answer::of(request.header("x-actor", "vendor user Dewi").json(body)).await.unwrap()
}

#[tokio::test]
async fn the_vendor_reaches_the_jobs_of_the_hosts_hotel_and_only_with_the_platforms_secret() {
    let house = shared().await;
    let (ours, theirs) = (house.open_hotel().await, house.open_hotel().await);
    let (job, held) = (insert(&ours, "dead").await, insert(&ours, "held").await);
    let foreign = insert(&theirs, "dead").await;
    let secret = house.platform.setup().route_feed_token().to_owned();
    let calls = [
        (Method::GET, UPCALL.to_owned()),
        (Method::GET, format!("{UPCALL}/summary")),
        (Method::POST, format!("{UPCALL}/retry")),
        (Method::POST, format!("{UPCALL}/{job}/retry")),
        (Method::POST, format!("{UPCALL}/{held}/cancel")),
    ];

    let owner = ours.site().token().unwrap();
    for (method, path) in &calls {
        for token in ["", "odd", &secret[1..], owner] {
            let refused = call(ours.site(), token, method.clone(), path, &json!({})).await;
            assert_eq!(refused.status, 401, "{path}: {}", refused.body);
        }
    }
    assert_eq!(state_of(&ours, &job).await, "dead");

    let get = async |path: &str| {
        let answer = call(ours.site(), &secret, Method::GET, path, &json!({})).await;
        answer.expect_status(200).unwrap().data().unwrap()
    };
    let post = async |path: &str, body: Value| {
        call(ours.site(), &secret, Method::POST, &format!("{UPCALL}/{path}"), &body).await
    };
    let ids: Vec<Value> = get(&format!("{UPCALL}?kind=push_rates"))
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].clone())
        .collect();
    assert!(ids.len() == 2 && ids.contains(&json!(job)) && ids.contains(&json!(held)), "{ids:?}");
    assert_eq!(get(&format!("{UPCALL}/summary")).await.as_array().unwrap().len(), 2);
    let dry = post("retry", json!({ "dry_run": true })).await.data().unwrap();
    assert_eq!(dry, json!({ "matched": 1, "retried": 0 }));
    for action in ["retry", "cancel"] {
        let unknown = post(&format!("{foreign}/{action}"), json!({})).await;
        assert_eq!(unknown.status, 404, "{action} of another hotel's job: {}", unknown.body);
    }
    let retried = post(&format!("{job}/retry"), json!({})).await.expect_status(200).unwrap();
    assert_eq!(retried.data().unwrap()["requested_by"], "vendor user Dewi");
    let twice = post(&format!("{job}/retry"), json!({})).await;
    assert_eq!((twice.status.as_u16(), &*twice.error_code()), (409, "JOB_NOT_OVER"));
    post(&format!("{held}/cancel"), json!({})).await.expect_status(200).unwrap();
    let again = post("retry", json!({ "state": "cancelled" })).await.data().unwrap();
    assert_eq!(again, json!({ "matched": 1, "retried": 1 }));
    assert_eq!(state_of(&theirs, &foreign).await, "dead");

    let nowhere = ours.site().on_host("nobody.hotelhub.localhost");
    assert_eq!(call(&nowhere, &secret, Method::GET, UPCALL, &json!({})).await.status, 404);
    let control = house.platform.control().unwrap();
    let summary = &calls[1].1;
    assert_eq!(call(control.site(), &secret, Method::GET, summary, &json!({})).await.status, 404);
}

#[tokio::test]
async fn a_hotel_on_the_schema_before_has_all_but_its_jobs() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    forget_jobs_of_today(&it).await;
    say_version(&house, &it, 5).await;
    let refused = wait_until_behind(&it).await;
    assert_eq!(refused.error_code(), "TENANT_UPDATING");
    assert_ne!(refused.header("retry-after"), "");

    let never = uuid::Uuid::new_v4();
    for path in ["/api/v1/jobs/summary".to_owned(), format!("/api/v1/jobs/{never}")] {
        assert_eq!(it.site().get(&path).await.unwrap().error_code(), "TENANT_UPDATING", "{path}");
    }
    for path in ["retry".to_owned(), format!("{never}/retry"), format!("{never}/cancel")] {
        let answer = it.site().post(&format!("/api/v1/jobs/{path}"), &json!({})).await.unwrap();
        assert_eq!(answer.error_code(), "TENANT_UPDATING", "{path}");
    }
    let secret = house.platform.setup().route_feed_token();
    let vendor = call(it.site(), secret, Method::GET, UPCALL, &json!({})).await;
    assert_eq!(vendor.error_code(), "TENANT_UPDATING");
    let visitor = PageVisitor::owner(&it).await;
    let page = visitor.open("/jobs?lang=en").await.expect_status(503).unwrap();
    assert!(page.body.contains("being updated"), "{}", page.body);
    let desk = visitor.open("/?lang=en").await.expect_status(200).unwrap();
    assert!(!desk.body.contains("href=\"/jobs\""), "nothing leads there yet");
    let booking = TestHotel::booking(&room_type, 3, 1, "");
    let booked = it.site().post(&it.path("reservations"), &booking).await.unwrap();
    booked.expect_status(201).unwrap();
}
