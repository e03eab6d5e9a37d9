//! What breaks around a hotel, and what its guests and staff notice of it.

use std::time::Duration;

use nix::sys::signal::Signal;
use platform_tests::{
    client::{Answer, Site},
    mail::Fault,
    platform::Role,
    ports::RememberedPorts,
    postgres::connect,
    process::is_clean,
    waiting::eventually,
};
use serde_json::json;
use tokio::{task::JoinSet, time::Instant};
use tokio_postgres::{Client, Transaction};

use crate::{
    house::{House, PASSWORD, TestHotel},
    page_visitor::PageVisitor,
    pages::assert_page,
};

const GUEST: &str = "tamu@example.com";
const SERVE: Role = Role::TenantServe(0);
const SOON: Duration = Duration::from_secs(60);
/// A mail may have to wait for a tick.
const DELIVERY: Duration = Duration::from_secs(240);
/// What a request may take while the broker stalls: half of what the broker is waited for, and
/// milliseconds in truth.
const QUICK: Duration = Duration::from_millis(2_500);
/// A request that its database holds up is given up after ten seconds, and some on a slow machine.
const GIVEN_UP: Duration = Duration::from_secs(20);
const END_SESSIONS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
     WHERE datname = current_database() AND pid <> pg_backend_pid()";
/// Requests of the hotel that wait for a table.
const WAITING: &str = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
     WHERE a.datname = current_database() AND a.application_name = 'tenant-api serve' \
       AND NOT l.granted AND l.locktype = 'relation'";

/// Asks for the hotel's properties, beside the test.
fn begin_request(begun: &mut JoinSet<Answer>, it: &TestHotel) {
    let site = it.site().clone();
    begun.spawn(async move { site.get("/api/v1/properties").await.unwrap() });
}

/// What was begun is answered with 200.
async fn expect_answers(begun: JoinSet<Answer>) {
    for answer in begun.join_all().await {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

/// Makes every request for properties wait until this transaction ends.
async fn hold_properties(session: &mut Client) -> Transaction<'_> {
    let lock = session.transaction().await.unwrap();
    lock.execute("LOCK TABLE properties IN ACCESS EXCLUSIVE MODE", &[]).await.unwrap();
    lock
}

async fn wait_for_waiting(lock: &Transaction<'_>, wanted: i64) {
    let waiting = async || {
        // Within a transaction the server shows the sessions that it showed first.
        lock.execute("SELECT pg_stat_clear_snapshot()", &[]).await.unwrap();
        let count: i64 = lock.query_one(WAITING, &[]).await.unwrap().get(0);
        (count == wanted).then_some(())
    };
    eventually(SOON, "requests to wait for the table", waiting).await.unwrap();
}

/// A counter of `tenant-api serve`.
async fn counter(house: &House, name: &str) -> u64 {
    let port = RememberedPorts::load(&house.platform.setup().folder)
        .unwrap()
        .port(&format!("{}-metrics", SERVE.name()))
        .unwrap();
    let page = Site::new(port, "localhost").unwrap().get("/metrics").await.unwrap().body;
    let line = page.lines().find_map(|it| it.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0, |it| it.trim().parse().unwrap())
}

async fn book(it: &TestHotel, room_type: &str, email: &str) -> Answer {
    let body = TestHotel::booking(room_type, 3, 1, email);
    it.site().post(&it.path("reservations"), &body).await.unwrap()
}

#[tokio::test]
async fn a_database_that_says_it_is_anothers_serves_nobody() {
    let mut house = House::with(&[]).await;
    let it = house.open_hotel().await;
    it.sql("UPDATE tenant_identity SET tenant_id = gen_random_uuid()").await;
    it.sql(END_SESSIONS).await;

    for path in ["/api/v1/me", "/api/v1/properties", "/api/v1/guests"] {
        let answer = it.site().get(path).await.unwrap();
        assert_eq!((answer.status.as_u16(), &*answer.error_code()), (503, "DATABASE_UNAVAILABLE"));
    }
    let login = json!({ "email": it.email, "password": PASSWORD });
    let login = it.site().post("/api/v1/auth/login", &login).await.unwrap();
    assert_eq!(login.status, 503, "{}", login.body);

    let printed = house.platform.program(SERVE).unwrap().printed();
    assert!(printed.contains("ALARM: the database belongs to another tenant"), "{printed}");
    assert!(counter(&house, "tenant_identity_mismatches_total").await >= 4);
}

#[tokio::test]
async fn known_hotels_are_served_without_the_control_plane_and_after_a_restart_too() {
    let mut house = House::with(&[]).await;
    let it = house.open_hotel().await;
    let room_type = it.sells(2).await;
    let copy = house.platform.setup().folder.join(format!("{}-routes.json", SERVE.name()));
    let is_copied = async || {
        // The hotel is in it with its database once it is served from there.
        let text = std::fs::read_to_string(&copy).unwrap_or_default();
        (text.contains(&it.tenant) && text.contains("database_id")).then_some(())
    };
    eventually(SOON, "the copy of the routes", is_copied).await.unwrap();

    for role in [Role::Provisioner, Role::ControlWork, Role::ControlServe] {
        house.platform.kill_role(role).await.unwrap();
    }
    let urls = house.stage.postgres.urls().unwrap();
    let superuser = connect(&urls.superuser).await.unwrap();
    superuser
        .execute("ALTER DATABASE hotelhub_control ALLOW_CONNECTIONS false", &[])
        .await
        .unwrap();
    assert!(connect(&urls.control).await.is_err(), "the control database is away");
    assert_eq!(book(&it, &room_type, "").await.status, 201);

    house.platform.kill_role(SERVE).await.unwrap();
    house.platform.start_role(SERVE).await.unwrap();

    let again = it.hotel.log_in(&it.email, PASSWORD).await.unwrap();
    assert_eq!(again.first_property().await.unwrap(), it.property);
    assert_eq!(book(&it, &room_type, "").await.status, 201);
    let printed = house.platform.program(SERVE).unwrap().printed();
    assert!(printed.contains("started from the copy on disk"), "{printed}");
}

#[tokio::test]
async fn a_request_that_waits_gets_the_connection_that_another_hotel_lets_go() {
    let house = House::with(&[("DB_CONNECTIONS_PER_HOST", "2")]).await;
    let (busy, other) = (house.open_hotel().await, house.open_hotel().await);
    busy.wait_for_ever().await;
    let mut session = busy.session().await;
    let lock = hold_properties(&mut session).await;
    let mut begun = JoinSet::new();
    begin_request(&mut begun, &busy);
    begin_request(&mut begun, &busy);
    wait_for_waiting(&lock, 2).await;
    let waits = counter(&house, "tenant_connection_waits_total").await;

    begin_request(&mut begun, &other);
    let waits_too =
        async || (counter(&house, "tenant_connection_waits_total").await > waits).then_some(());
    eventually(SOON, "the other hotel to wait", waits_too).await.unwrap();
    lock.commit().await.unwrap();

    expect_answers(begun).await;
}

#[tokio::test]
async fn whatever_waits_for_the_database_too_long_is_given_up_with_its_connection() {
    let house = House::with(&[]).await;
    let it = house.open_hotel().await;
    let owner = PageVisitor::owner(&it).await;
    it.wait_for_ever().await;
    let mut session = it.session().await;
    let lock = session.transaction().await.unwrap();
    lock.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE", &[]).await.unwrap();
    let closed = counter(&house, "tenant_connections_discarded_total").await;
    let link = format!("/support/{}", "a".repeat(43));

    // As many at once as a hotel has connections.
    let (page, logged_out, left, entered) = tokio::join!(
        owner.open("/"),
        owner.send("/logout", &[]),
        owner.send("/support-access/leave", &[]),
        owner.send(&link, &[]),
    );

    for answer in [page, logged_out, left, entered] {
        assert_eq!(answer.status, 503, "{}", answer.body);
    }
    wait_for_waiting(&lock, 0).await;
    let now_closed = counter(&house, "tenant_connections_discarded_total").await;
    assert!(now_closed >= closed + 4, "{now_closed} after {closed}");
    lock.commit().await.unwrap();
    assert_eq!(owner.open("/").await.status, 200, "nothing was done of what was given up");
}

/// What the hotel knows of its logins.
async fn logins(it: &TestHotel) -> String {
    let sessions = "SELECT string_agg(it::text, ' ' ORDER BY id) FROM sessions it";
    it.sql(sessions).await[0].get(0)
}

/// Logs in and refreshes while this table, which both need, is held.
async fn log_in_without(table: &str, it: &TestHotel) {
    let login = json!({ "email": it.email, "password": PASSWORD });
    let log_in = async || it.site().post("/api/v1/auth/login", &login).await.unwrap();
    let tokens = log_in().await.data().unwrap();
    let token = json!({ "refresh_token": tokens["refresh_token"] });
    let refresh = async || it.site().post("/api/v1/auth/refresh", &token).await.unwrap();
    let (fields, stranger) =
        ([("email", it.email.as_str()), ("password", PASSWORD)], PageVisitor::stranger(it));
    it.wait_for_ever().await;
    let before = logins(it).await;
    let mut session = it.session().await;
    let lock = session.transaction().await.unwrap();
    let hold = format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
    lock.execute(&hold, &[]).await.unwrap();

    let begun = Instant::now();
    let (logged_in, refreshed, page) =
        tokio::join!(log_in(), refresh(), stranger.send("/login", &fields));

    assert!(begun.elapsed() < GIVEN_UP, "{table}: {:?}", begun.elapsed());
    for answer in [logged_in, refreshed] {
        assert_eq!(answer.status, 503, "{table}: {}", answer.body);
        assert_eq!(answer.error_code(), "DEADLINE_EXCEEDED", "{table}");
        assert_ne!(answer.header("retry-after"), "", "{table}");
    }
    assert_eq!((page.status.as_u16(), page.header("set-cookie")), (503, ""), "{table}");
    assert_page(&page);
    wait_for_waiting(&lock, 0).await;
    lock.commit().await.unwrap();
    assert_eq!(logins(it).await, before, "{table}: nothing was done of what was given up");
    for answer in [refresh().await, log_in().await] {
        assert_eq!(answer.status, 200, "{table}: {}", answer.body);
    }
    PageVisitor::owner(it).await;
}

#[tokio::test]
async fn a_login_that_waits_for_the_database_too_long_is_given_up_with_its_connection() {
    let house = House::with(&[]).await;
    let (one, other) = (house.open_hotel().await, house.open_hotel().await);

    tokio::join!(log_in_without("users", &one), log_in_without("sessions", &other));
}

#[tokio::test]
async fn a_broker_that_stalls_holds_up_no_request() {
    let house = House::own().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(8).await;
    house.stage.rabbit.as_ref().unwrap().pause().unwrap();

    let mut slow = Vec::new();
    for _ in 0..8 {
        for (path, status) in [("reservations", 201), ("rooms", 200)] {
            let begun = Instant::now();
            let answer = match path {
                "reservations" => book(&it, &room_type, GUEST).await,
                _ => it.site().get(&it.path(path)).await.unwrap(),
            };
            assert_eq!(answer.status, status, "{path}: {}", answer.body);
            slow.extend(Some((path, begun.elapsed())).filter(|(_, took)| *took > QUICK));
        }
    }
    // A machine that stands still for a moment is met by one or two; a broker that is waited for by most.
    assert!(slow.len() <= 2, "{slow:?}");

    house.stage.rabbit.as_ref().unwrap().resume().unwrap();
    house.stage.mail.wait_for_mail_to(GUEST, DELIVERY).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_asked_to_stop_answers_what_has_begun() {
    let mut house = House::with(&[]).await;
    let it = house.open_hotel().await;
    it.wait_for_ever().await;
    let mut session = it.session().await;
    let lock = hold_properties(&mut session).await;
    let mut begun = JoinSet::new();
    for _ in 0..3 {
        begin_request(&mut begun, &it);
    }
    wait_for_waiting(&lock, 3).await;
    let port = it.site().port();

    let serve = house.platform.program(SERVE).unwrap();
    serve.signal(Signal::SIGTERM).unwrap();
    let refuses =
        async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err().then_some(());
    eventually(SOON, "no new connections", refuses).await.unwrap();
    lock.commit().await.unwrap();

    expect_answers(begun).await;
    let status = serve.wait(SOON).await.unwrap();
    assert!(is_clean(status), "{status}");
}

#[tokio::test]
async fn a_worker_that_is_asked_to_stop_ends_the_mail_it_is_at() {
    let mut house = House::with(&[]).await;
    let it = house.open_hotel().await;
    let room_type = it.sells(1).await;
    house.stage.mail.set_fault(Fault::Hold).await;
    assert_eq!(book(&it, &room_type, GUEST).await.status, 201);
    house.stage.mail.wait_for_hanging_client(DELIVERY).await.unwrap();

    let work = house.platform.program(Role::TenantWork).unwrap();
    work.signal(Signal::SIGTERM).unwrap();
    let drains = async || work.printed().contains("SIGTERM: draining").then_some(());
    eventually(SOON, "the worker to drain", drains).await.unwrap();
    house.stage.mail.set_fault(Fault::None).await;

    let status = work.wait(SOON).await.unwrap();
    assert!(is_clean(status), "{status}");
    let sql = "SELECT state, attempt, priority FROM jobs WHERE kind = 'reservation_confirmation'";
    let job = it.sql(sql).await;
    assert_eq!((job[0].get(0), job[0].get(1), job[0].get(2)), ("done", 1, 10));
    let mails = house.stage.mail.store().list();
    assert_eq!(mails.iter().filter(|it| it.is_to(GUEST)).count(), 1);
}
