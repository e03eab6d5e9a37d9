//! What a hotel may do, cell by cell: each access with each kind of request, on API, pages and login.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use platform_tests::{
    client::{Answer, Site, stay},
    platform::Role,
    waiting::eventually,
};
use serde_json::json;

use crate::{
    house::{House, PASSWORD, TestHotel, shared},
    page_visitor::PageVisitor,
};

/// A push takes milliseconds; a busy machine gets time. Without one a replica would find out half a
/// minute after the last change.
const PUSHED: Duration = Duration::from_secs(15);
const SOON: Duration = Duration::from_secs(60);

async fn log_in(site: &Site, email: &str) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD });
    site.on_host(site.host()).post("/api/v1/auth/login", &body).await.unwrap()
}

async fn read(it: &TestHotel) -> Answer {
    let (arrival, departure) = stay(3, 1);
    let search = format!("availability?arrival={arrival}&departure={departure}&adults=2");
    it.site().get(&it.path(&search)).await.unwrap()
}

async fn serve_a_guest(it: &TestHotel) -> Answer {
    it.site().post("/api/v1/guests", &json!({ "full_name": "Made Adi" })).await.unwrap()
}

/// Books the next of many nights: however often a test asks whether it may, rooms are left.
async fn book(it: &TestHotel, room_type: &str) -> Answer {
    static NIGHTS: AtomicU64 = AtomicU64::new(0);
    let days = 3 + NIGHTS.fetch_add(1, Ordering::Relaxed) % 50;
    let body = TestHotel::booking(room_type, days, 1, "");
    it.site().post(&it.path("reservations"), &body).await.unwrap()
}

/// The page that books a room.
fn booking_page(it: &TestHotel, room_type: &str) -> String {
    let (arrival, departure) = stay(3, 1);
    format!(
        "/book?property={}&room_type={room_type}&arrival={arrival}&departure={departure}\
         &adults=2&children=0",
        it.property
    )
}

/// One line of the table: the status of each kind of request.
struct Line {
    access: &'static str,
    billing_state: &'static str,
    /// API: read, service, new business.
    api: [u16; 3],
    /// `/api/v1/me` and login: as owner, as somebody else.
    me: [u16; 2],
    login: [u16; 2],
    /// Pages: front desk as owner, as somebody else, reservations, a form of new business.
    pages: [u16; 4],
}

const TABLE: &[Line] = &[
    Line {
        access: "full",
        billing_state: "",
        api: [200, 201, 201],
        me: [200, 200],
        login: [200, 200],
        pages: [200, 200, 200, 422],
    },
    Line {
        access: "grace",
        billing_state: "past_due",
        api: [200, 201, 201],
        me: [200, 200],
        login: [200, 200],
        pages: [200, 200, 200, 422],
    },
    Line {
        access: "essential",
        billing_state: "suspended",
        api: [200, 201, 402],
        me: [200, 200],
        login: [200, 200],
        pages: [200, 200, 200, 402],
    },
    Line {
        access: "read_only",
        billing_state: "",
        api: [200, 503, 503],
        me: [200, 200],
        login: [503, 503],
        pages: [200, 200, 200, 503],
    },
    Line {
        access: "stopped",
        billing_state: "stopped",
        api: [402, 402, 402],
        me: [200, 402],
        login: [200, 402],
        pages: [200, 402, 402, 402],
    },
];

#[tokio::test]
async fn each_access_allows_what_the_table_says() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(5).await;
    let colleague = it.add_person("front_desk").await;
    let token = log_in(it.site(), &colleague).await.data().unwrap();
    let theirs = it.site().with_token(token["access_token"].as_str().unwrap());
    let owner = PageVisitor::owner(&it).await;
    let other = PageVisitor::person(&it, &colleague).await;
    let setup = [("property", it.property.as_str()), ("type_name", ""), ("type_code", "!")];
    let valid = [
        ("property", &*it.property),
        ("type_name", "Suite"),
        ("type_code", "SUI"),
        ("type_adults", "2"),
        ("type_children", "0"),
    ];

    for line in TABLE {
        it.set_row(line.access).await;
        let form: &[(&str, &str)] = if line.pages[3] == 422 { &setup } else { &valid };
        // No more at once than the hotel has connections: a crowd may be told to come again.
        let api = tokio::join!(read(&it), serve_a_guest(&it), book(&it, &room_type));
        let me = tokio::join!(it.site().get("/api/v1/me"), theirs.get("/api/v1/me"));
        let login = tokio::join!(log_in(it.site(), &it.email), log_in(it.site(), &colleague));
        let pages = tokio::join!(
            owner.open("/"),
            other.open("/"),
            owner.open("/reservations"),
            owner.send("/setup/room-types", form)
        );
        let (me, me_other) = (me.0.unwrap(), me.1.unwrap());
        let answers = [
            ("read", &api.0, line.api[0]),
            ("service", &api.1, line.api[1]),
            ("new business", &api.2, line.api[2]),
            ("me", &me, line.me[0]),
            ("me of another", &me_other, line.me[1]),
            ("login", &login.0, line.login[0]),
            ("login of another", &login.1, line.login[1]),
            ("front desk", &pages.0, line.pages[0]),
            ("front desk of another", &pages.1, line.pages[1]),
            ("reservations", &pages.2, line.pages[2]),
            ("a form", &pages.3, line.pages[3]),
        ];
        for (what, answer, status) in answers {
            let access = line.access;
            assert_eq!(answer.status.as_u16(), status, "{access}, {what}: {}", answer.body);
            assert_eq!(answer.header("x-billing-state"), line.billing_state, "{access}, {what}");
            let code = answer.error_code();
            match status {
                402 if !code.is_empty() => {
                    assert_eq!(code, "TENANT_SUSPENDED");
                    let body = answer.json().unwrap();
                    let settle = body["error"]["details"]["billing_url"][0].as_str().unwrap();
                    assert!(settle.starts_with(&house.platform.setup().control_public_url()));
                }
                402 => assert!(answer.body.contains(&house.platform.setup().control_public_url())),
                503 => {
                    assert!(code.is_empty() || code == "TENANT_READ_ONLY", "{code}");
                    assert_ne!(answer.header("retry-after"), "", "{access}, {what}");
                }
                _ => {}
            }
        }
        // What needs no session is there whatever the hotel may do.
        for path in ["/login", "/livez", "/health", "/openapi.json"] {
            let answer = it.site().on_host(it.site().host()).get(path).await.unwrap();
            assert_eq!(answer.status, 200, "{}, {path}", line.access);
        }
    }
}

#[tokio::test]
async fn pages_say_what_is_still_possible_and_how_to_go_on() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    let visitor = PageVisitor::owner(&it).await;
    let settle = house.platform.setup().control_public_url();
    let page = async |path: &str| visitor.open(path).await.expect_status(200).unwrap().body;
    let booking = booking_page(&it, &room_type);

    assert!(!page("/?lang=en").await.contains("class=\"notice warn\""));
    it.set_row("grace").await;
    assert!(page("/?lang=en").await.contains("The subscription payment is overdue"));
    assert!(page("/?lang=id").await.contains("Pembayaran langganan sudah lewat jatuh tempo"));
    assert!(!page(&booking).await.contains(" disabled"));

    it.set_row("essential").await;
    let desk = page("/?lang=en&setup=1").await;
    assert!(desk.contains("The subscription is suspended"), "{desk}");
    assert!(desk.contains("<fieldset class=\"plain\" disabled"), "{desk}");
    assert!(!desk.contains("href=\"/book"), "no room is offered: {desk}");
    assert!(desk.contains("Waits for the subscription"), "{desk}");
    let form = page(&booking).await;
    assert!(form.contains("<fieldset class=\"plain\" disabled"), "{form}");

    it.set_row("stopped").await;
    let stopped = page("/?lang=en").await;
    assert!(stopped.contains("This hotel is stopped") && stopped.contains(&settle), "{stopped}");
    assert!(!stopped.contains("href=\"/reservations\""), "{stopped}");
    let elsewhere = visitor.open("/reservations?lang=en").await.expect_status(402).unwrap();
    assert!(elsewhere.body.contains(&settle), "{}", elsewhere.body);
    visitor.send("/logout", &[]).await.expect_status(303).unwrap();
}

/// The two replicas' views of one hotel.
fn replicas(house: &House, it: &TestHotel) -> Vec<TestHotel> {
    house.platform.setup().tenant_ports.iter().map(|port| it.on_port(*port)).collect()
}

#[tokio::test]
async fn a_suspension_reaches_every_replica_before_the_row_and_a_resume_too() {
    let mut house = House::with_replicas(2).await;
    let it = house.open_hotel().await;
    let room_type = it.sells(9).await;
    // Nobody carries the access into the row.
    house.platform.stop_role(Role::Provisioner).await.unwrap();
    let replicas = replicas(&house, &it);
    for replica in &replicas {
        assert_eq!(book(replica, &room_type).await.status, 201);
    }

    for (access, business, reading) in
        [("essential", 402, 200), ("full", 201, 200), ("stopped", 402, 402), ("full", 201, 200)]
    {
        let tenant = &it.tenant;
        house
            .control_sql(&format!("UPDATE tenants SET access = '{access}' WHERE id = '{tenant}'"))
            .await;
        for replica in &replicas {
            let felt = async || {
                let status = read(replica).await.status.as_u16();
                let booked = book(replica, &room_type).await.status.as_u16();
                ((status, booked) == (reading, business)).then_some(())
            };
            eventually(PUSHED, access, felt).await.unwrap();
        }
    }
    // The stricter of the two counts.
    it.set_row("essential").await;
    for replica in &replicas {
        assert_eq!(book(replica, &room_type).await.status, 402);
    }
}

#[tokio::test]
async fn with_the_feed_cut_the_row_counts_at_the_very_next_request() {
    let mut house = House::with_replicas(2).await;
    let it = house.open_hotel().await;
    let room_type = it.sells(9).await;
    let replicas = replicas(&house, &it);
    let visitor = PageVisitor::owner(&it).await;
    let tenant = &it.tenant;
    // The last word of the routes is that the hotel is suspended, and not so in the row.
    for role in [Role::Provisioner, Role::ControlWork] {
        house.platform.stop_role(role).await.unwrap();
    }
    house
        .control_sql(&format!("UPDATE tenants SET access = 'essential' WHERE id = '{tenant}'"))
        .await;
    for replica in &replicas {
        let felt = async || (book(replica, &room_type).await.status == 402).then_some(());
        eventually(PUSHED, "the suspension", felt).await.unwrap();
    }
    house.platform.kill_role(Role::ControlServe).await.unwrap();
    for replica in &replicas {
        let cut = async || {
            let checks = replica.site().get("/readyz").await.unwrap().json().unwrap();
            (checks["checks"]["route_feed"] == "cut").then_some(())
        };
        eventually(SOON, "the feed to be cut", cut).await.unwrap();
    }

    for (row, reading, business, page) in [
        ("full", 200, 201, 200),
        ("essential", 200, 402, 200),
        ("stopped", 402, 402, 402),
        ("grace", 200, 201, 200),
    ] {
        it.set_row(row).await;
        for replica in &replicas {
            let booked = book(replica, &room_type).await;
            assert_eq!(booked.status.as_u16(), business, "{row}: {}", booked.body);
            assert_eq!(read(replica).await.status.as_u16(), reading, "{row}");
        }
        let opened = visitor.open("/reservations").await;
        assert_eq!(opened.status.as_u16(), page, "{row}: a live session's page");
    }
    assert_eq!(read(&it).await.header("x-billing-state"), "past_due");
}

/// Sessions of a program in the hotel's database.
async fn sessions(it: &TestHotel, program: &str) -> i64 {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'tenant-api {program}'"
    );
    it.sql(&sql).await[0].get(0)
}

#[tokio::test]
async fn the_connections_of_a_stopped_hotel_are_closed_at_once() {
    let mut house = House::with_replicas(2).await;
    let it = house.open_hotel().await;
    house.platform.stop_role(Role::Provisioner).await.unwrap();
    for replica in replicas(&house, &it) {
        assert_eq!(read(&replica).await.status, 200);
    }
    assert!(sessions(&it, "serve").await >= 2);

    let tenant = &it.tenant;
    house
        .control_sql(&format!("UPDATE tenants SET access = 'stopped' WHERE id = '{tenant}'"))
        .await;

    let closed = async || (sessions(&it, "serve").await == 0).then_some(());
    eventually(PUSHED, "the connections to be closed", closed).await.unwrap();
    for replica in replicas(&house, &it) {
        assert_eq!(read(&replica).await.status, 402);
        assert_eq!(replica.site().get("/health").await.unwrap().status, 200);
    }
    assert_eq!(sessions(&it, "serve").await, 0, "a refusal opens no connection");
    assert!(house.figure(Role::TenantServe(0), "tenant_pools_closed_total").await >= 1.0);
    assert_eq!(log_in(it.site(), &it.email).await.status, 200, "the owner still comes in");
}

#[tokio::test]
async fn what_exists_of_a_hotel_comes_before_what_it_may_do() {
    let mut house = House::with(&[]).await;
    let it = house.open_hotel().await;
    house.platform.stop_role(Role::Provisioner).await.unwrap();
    let visitor = PageVisitor::owner(&it).await;
    let tenant = &it.tenant;
    let signup = house.platform.setup().control_public_url();

    for (state, status, code) in [
        ("provisioning", 503, "TENANT_PROVISIONING"),
        ("pending", 503, "TENANT_PROVISIONING"),
        ("deleting", 404, "TENANT_UNKNOWN"),
        ("deleted", 404, "TENANT_UNKNOWN"),
        ("failed", 404, "TENANT_UNKNOWN"),
    ] {
        house
            .control_sql(&format!(
                "UPDATE tenants SET provisioning = '{state}' WHERE id = '{tenant}'"
            ))
            .await;
        let felt = async || {
            let answer = it.site().get("/api/v1/me").await.unwrap();
            (answer.error_code() == code).then_some(answer)
        };
        let answer = eventually(PUSHED, state, felt).await.unwrap();
        assert_eq!(answer.status.as_u16(), status, "{state}");
        for path in ["/", "/login"] {
            let page = visitor.open(path).await.expect_status(status).unwrap();
            let reloads = !page.header("refresh").is_empty();
            assert_eq!(reloads, status == 503, "{state}, {path}: {}", page.body);
            assert_eq!(page.body.contains(&signup), status == 404, "{state}, {path}");
            assert_eq!(page.header("retry-after").is_empty(), status == 404, "{state}, {path}");
        }
    }
    let closed = async || (sessions(&it, "serve").await == 0).then_some(());
    eventually(PUSHED, "the connections to be closed", closed).await.unwrap();
}

#[tokio::test]
async fn a_session_is_prolonged_and_ended_as_the_table_says() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let colleague = it.add_person("manager").await;
    let refresh_of = async |email: &str| {
        let tokens = log_in(it.site(), email).await.data().unwrap();
        json!({ "refresh_token": tokens["refresh_token"] })
    };
    for (access, as_owner, as_other) in
        [("essential", 200, 200), ("stopped", 200, 402), ("read_only", 503, 503)]
    {
        it.set_row("full").await;
        let (owner, other) = (refresh_of(&it.email).await, refresh_of(&colleague).await);
        it.set_row(access).await;
        let site = it.site().on_host(it.site().host());
        let (owner, other) = tokio::join!(
            site.post("/api/v1/auth/refresh", &owner),
            site.post("/api/v1/auth/refresh", &other)
        );
        assert_eq!(owner.unwrap().status.as_u16(), as_owner, "{access}");
        assert_eq!(other.unwrap().status.as_u16(), as_other, "{access}");
    }
    it.set_row("stopped").await;
    let logout = it.site().post("/api/v1/auth/logout", &json!({})).await.unwrap();
    assert_eq!(logout.status, 204, "{}", logout.body);
}
