//! One-time links of support: what is one, where it may be used, and who gets to read it.

use std::time::Duration;

use platform_tests::{
    client::{self, Answer, Site},
    collector::Collector,
    platform::{Role, Stage},
    postgres::Preset,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    house::{House, TestHotel, shared},
    page_visitor::PageVisitor,
    support::{actions, ask, room_type, steer, vendor},
    support_ends::{set_standing, somebody, steer_user, told},
};

const SOON: Duration = Duration::from_secs(60);
const OUTSIDE: &str = "203.0.113.9";
const INSIDE: &str = "127.0.0.1";

/// The path of a fresh link.
async fn link(vendor: &Site, it: &TestHotel, grant: &Value) -> String {
    let entry = steer(vendor, it, grant, "enter").await.expect_status(200).unwrap();
    let url = entry.data().unwrap()["url"].as_str().unwrap().to_owned();
    format!("/support/{}", url.rsplit('/').next().unwrap())
}

/// Asks for a page, or sends a form, from this address by way of a proxy; with this cookie.
async fn from(it: &TestHotel, address: &str, cookie: &str, what: (Method, &str)) -> Answer {
    let (method, path) = what;
    let request = it.site().on_host(it.site().host()).request(method.clone(), path);
    let request = request.header("accept", "text/html").header("sec-fetch-site", "same-origin");
    let request = request.header("cookie", cookie).header("x-forwarded-for", address);
    let request = match method {
        Method::GET => request,
        _ => request.form(&room_type(it, "DLX")),
    };
    Answer::of(request).await.unwrap()
}

#[tokio::test]
async fn what_is_no_link_has_no_page_and_leads_no_form_elsewhere() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let vendor = vendor(&house).await;
    let owner = PageVisitor::owner(&it).await;
    let grant = ask(&vendor, &it, 240).await;
    let allow = format!("support-access%2F{}%2Fallow", grant["id"].as_str().unwrap());
    let (up, odd) = (format!("..%2F{allow}"), format!("%2e%2e%2f{allow}"));
    let long = "a".repeat(65);

    for text in [&*up, &*odd, "..%2Flogout", "..%5clogout", "%2Fevil.example", "short", &*long] {
        let link = format!("/support/{text}");
        let shown = owner.open(&link).await.expect_status(404).unwrap();
        assert!(!shown.body.contains("<form"), "{text}: {}", shown.body);
        assert_eq!(owner.send(&link, &[]).await.status, 404, "{text}");
    }
    // Nothing is said of whether a link is good until it is used.
    let shown = owner.open(&format!("/support/{}", "a".repeat(43))).await;
    let shown = shown.expect_status(200).unwrap();
    assert!(shown.body.contains("<form method=\"post\" class=\"card\">"), "{}", shown.body);

    let still = ask(&vendor, &it, 240).await;
    assert_eq!((&still["id"], &still["state"]), (&grant["id"], &json!("requested")));
    assert_eq!(owner.open("/").await.status, 200, "nobody was logged out");
}

#[tokio::test]
async fn a_link_and_its_session_are_good_only_where_their_owner_may_come_from() {
    let house = House::with(&[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let it = house.open_hotel().await;
    let admin = vendor(&house).await;
    set_standing(&PageVisitor::owner(&it).await, "yes").await;
    let (email, ayu) = somebody(&house, &admin).await;
    let addresses = json!({ "addresses": ["127.0.0.0/8"] });
    steer_user(&admin, &email, "allowed-addresses", addresses).await;
    let grant = ask(&ayu, &it, 60).await;
    let tried = link(&ayu, &it, &grant).await;

    let refused = from(&it, OUTSIDE, "", (Method::POST, &tried)).await;
    let refused = refused.expect_status(403).unwrap();
    assert!(refused.body.contains("mintalah yang baru"), "{}", refused.body);
    let late = from(&it, INSIDE, "", (Method::POST, &tried)).await;
    assert_eq!(late.status, 404, "whoever read it outside cannot use it inside");
    let fresh = link(&ayu, &it, &grant).await;
    let entered = from(&it, INSIDE, "", (Method::POST, &fresh)).await.expect_status(303).unwrap();
    let log = actions(&it).await;
    assert_eq!(log[log.len() - 3..], ["support.enter_refused", "support.link", "support.enter"]);

    let cookie = entered.header("set-cookie").split(';').next().unwrap().to_owned();
    for path in ["/", "/reservations", "/support-access"] {
        let page = from(&it, OUTSIDE, &cookie, (Method::GET, path)).await;
        let page = page.expect_status(403).unwrap();
        assert!(page.body.contains("dari alamat jaringan ini"), "{path}: {}", page.body);
    }
    let change = (Method::POST, "/setup/room-types");
    assert_eq!(from(&it, OUTSIDE, &cookie, change.clone()).await.status, 403);
    assert!(it.sql("SELECT FROM room_types").await.is_empty(), "nothing was changed");
    // The stay goes on for whoever comes from where its owner may.
    from(&it, INSIDE, &cookie, (Method::GET, "/")).await.expect_status(200).unwrap();
    from(&it, INSIDE, &cookie, change).await.expect_status(303).unwrap();
    assert_eq!(told(&it, "support.view", "request").await, ["GET /"]);
}

#[tokio::test]
async fn the_secret_of_a_link_stands_in_no_log_and_no_span() {
    let collector = Collector::start().unwrap();
    let stage = Stage::new(Preset::Fast).await.unwrap();
    let builder = stage.platform(1).unwrap();
    let builder = builder.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url());
    let builder = builder.env("LOG_FILTER", "info,hotelhub_http=debug");
    let platform = builder.start().await.unwrap();
    let mut house = House { platform, stage };
    let it = house.open_hotel().await;
    let vendor = vendor(&house).await;
    set_standing(&PageVisitor::owner(&it).await, "yes").await;
    let link = link(&vendor, &it, &ask(&vendor, &it, 60).await).await;
    let secret = link.rsplit('/').next().unwrap();

    let stranger = client::PageVisitor::stranger(it.site());
    stranger.open(&link).await.unwrap().expect_status(200).unwrap();
    let elsewhere = stranger.send_from("cross-site", &link, &[]).await.unwrap();
    elsewhere.expect_status(403).unwrap();
    let entered = stranger.send(&link, &[]).await.unwrap().expect_status(303).unwrap();
    stranger.send(&link, &[]).await.unwrap().expect_status(404).unwrap();

    let trace = entered.header("x-request-id").replace('-', "");
    let span = collector.wait_for(&trace, "POST /support/{link}", SOON).await.unwrap();
    assert_eq!(span.attributes["url.path"], "/support/…");
    for role in [Role::ControlServe, Role::TenantServe(0)] {
        let log = house.platform.program(role).unwrap().printed();
        assert!(!log.contains(secret), "{}: {log}", role.name());
    }
    let log = house.platform.program(Role::TenantServe(0)).unwrap().printed();
    assert!(log.contains("\"http.path\":\"/support/…\""), "{log}");
    house.platform.stop().await.unwrap();
    let spans = format!("{:?}", collector.spans());
    assert!(!spans.contains(secret), "{spans}");
}
