//! Hotels whose data moves while they work, and databases that are not what a route says.

use std::time::Duration;

use platform_tests::{client::Answer, platform::Role, postgres::connect, waiting::eventually};
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::house::{House, PASSWORD, TestHotel, run_script};

const SERVE: Role = Role::TenantServe(0);
const SOON: Duration = Duration::from_secs(120);

fn add_guest(begun: &mut JoinSet<Answer>, it: &TestHotel, name: &str) {
    let (site, body) = (it.site().clone(), json!({ "full_name": name }));
    begun.spawn(async move { site.post("/api/v1/guests", &body).await.unwrap() });
}

#[tokio::test]
async fn a_write_that_meets_the_pause_of_a_move_is_done_once_at_the_new_place() {
    let mut house = House::with(&[]).await;
    let it = house.open_hotel().await;
    house.platform.stop_role(Role::Provisioner).await.unwrap();
    it.pause_writers().await;

    let meet_the_pause = async |writes: f64| {
        let awaited = async || {
            let awaited = house.figure(SERVE, "tenant_moves_awaited_total").await;
            (awaited >= writes).then_some(())
        };
        eventually(SOON, "the writes to meet the pause", awaited).await.unwrap();
    };
    // Whoever meets it waits for a few seconds. To look at a password takes a while before that.
    let mut login = JoinSet::new();
    let (site, body) = (it.site().clone(), json!({ "email": it.email, "password": PASSWORD }));
    login.spawn(async move { site.post("/api/v1/auth/login", &body).await.unwrap() });
    meet_the_pause(1.0).await;
    let mut begun = JoinSet::new();
    for number in 0..4 {
        add_guest(&mut begun, &it, &format!("Tamu {number}"));
    }
    meet_the_pause(5.0).await;
    house.move_in_place(&it).await;

    for answer in login.join_all().await {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    for answer in begun.join_all().await {
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    let guests: i64 = it.sql("SELECT count(*) FROM guests").await[0].get(0);
    assert_eq!(guests, 4, "each was added once");
    assert!(house.figure(SERVE, "tenant_pools_closed_total").await >= 1.0);
}

#[tokio::test]
async fn a_write_that_no_move_ends_is_told_when_to_come_back() {
    let house = House::with(&[]).await;
    let it = house.open_hotel().await;
    it.pause_writers().await;

    let answer = it.site().post("/api/v1/guests", &json!({ "full_name": "Tamu" })).await.unwrap();
    let reading = it.site().get("/api/v1/guests").await.unwrap();

    assert_eq!((answer.status.as_u16(), &*answer.error_code()), (503, "TENANT_READ_ONLY"));
    assert_ne!(answer.header("retry-after"), "");
    assert_eq!(reading.status, 200);
    assert_eq!(reading.data().unwrap(), json!([]));
}

#[tokio::test]
async fn a_request_that_the_old_place_turns_away_waits_for_the_new_one() {
    let mut house = House::with(&[]).await;
    let it = house.open_hotel().await;
    house.platform.stop_role(Role::Provisioner).await.unwrap();
    for _ in 0..5 {
        // The old place is closed before the new one is known: nobody is told.
        let mut moving = std::pin::pin!(house.move_in_place(&it));
        let mut moved = false;
        while !moved {
            let ask = async { it.site().get("/api/v1/properties").await.unwrap() };
            let mut asked = std::pin::pin!(ask);
            let answer = tokio::select! {
                answer = &mut asked => answer,
                () = &mut moving => {
                    moved = true;
                    asked.await
                }
            };
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    }
    assert!(house.figure(SERVE, "tenant_moves_awaited_total").await >= 1.0);
    assert_eq!(house.figure(SERVE, "tenant_identity_mismatches_total").await, 0.0);

    let role = it.database().await;
    let session = it.session().await;
    run_script(&session, &format!("ALTER ROLE {role} NOLOGIN")).await;
    run_script(
        &session,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .await;
    let refused = it.site().get("/api/v1/me").await.unwrap();
    assert_eq!((refused.status.as_u16(), &*refused.error_code()), (503, "DATABASE_UNAVAILABLE"));
    assert_ne!(refused.header("retry-after"), "");
    run_script(&session, &format!("ALTER ROLE {role} LOGIN")).await;
    assert_eq!(it.site().get("/api/v1/me").await.unwrap().status, 200);
}

/// Gives each of two databases the other's name, and lets the roles in as before.
async fn swap(house: &House, one: &str, other: &str) {
    let superuser = connect(&house.stage.postgres.urls().unwrap().superuser).await.unwrap();
    let run = async |sql: String| run_script(&superuser, &sql).await;
    for name in [one, other] {
        run(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
        let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1";
        superuser.query(end, &[&name]).await.unwrap();
    }
    run(format!("ALTER DATABASE {one} RENAME TO between")).await;
    run(format!("ALTER DATABASE {other} RENAME TO {one}")).await;
    run(format!("ALTER DATABASE between RENAME TO {other}")).await;
    for name in [one, other] {
        run(format!("GRANT CONNECT ON DATABASE {name} TO {name}")).await;
        run(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
    }
}

/// Asks one hotel again and again, until it has been served at least once; counts the answers that came
/// from its own data and those that did not come at all. An answer with anybody else's data ends the
/// test.
async fn ask_until(stop: CancellationToken, it: TestHotel) -> (u64, u64) {
    let (mut own, mut none) = (0, 0);
    while own == 0 || !stop.is_cancelled() {
        let me = it.site().get("/api/v1/me").await.unwrap();
        let properties = it.site().get("/api/v1/properties").await.unwrap();
        for (answer, expected) in [
            (me, ("/user/email", it.email.as_str())),
            (properties, ("/0/id", it.property.as_str())),
        ] {
            match answer.status.as_u16() {
                200 => {
                    let data = answer.data().unwrap();
                    let (pointer, text) = expected;
                    assert_eq!(data.pointer(pointer).unwrap(), text, "foreign: {data}");
                    own += 1;
                }
                // A session that is not in the other database is 401 there: never reached.
                503 => none += 1,
                other => panic!("{other}: {}", answer.body),
            }
        }
    }
    (own, none)
}

#[tokio::test]
async fn two_databases_that_were_swapped_under_load_serve_nobody_and_heal() {
    let mut house = House::with(&[]).await;
    let (one, other) = (house.open_hotel().await, house.open_hotel().await);
    for role in [Role::Provisioner, Role::TenantWork, Role::TenantSchedule] {
        house.platform.stop_role(role).await.unwrap();
    }
    let names = (one.database().await, other.database().await);
    let port = one.site().port();
    let stop = CancellationToken::new();
    let mut asking = JoinSet::new();
    for _ in 0..4 {
        for it in [&one, &other] {
            asking.spawn(ask_until(stop.clone(), it.on_port(port)));
        }
    }
    let mismatches = async || house.figure(SERVE, "tenant_identity_mismatches_total").await;

    swap(&house, &names.0, &names.1).await;
    let alarmed = async || (mismatches().await >= 1000.0).then_some(());
    eventually(SOON, "a thousand refusals", alarmed).await.unwrap();
    swap(&house, &names.0, &names.1).await;
    for it in [&one, &other] {
        let healed = async || {
            let answer = it.site().get("/api/v1/properties").await.unwrap();
            (answer.status == 200).then_some(())
        };
        eventually(SOON, "the hotel again", healed).await.unwrap();
    }
    stop.cancel();

    let (mut own, mut none) = (0, 0);
    for (served, refused) in asking.join_all().await {
        own += served;
        none += refused;
    }
    assert!(own >= 8 && none >= 1000, "{own} of its own, {none} refused");
    let printed = house.platform.program(SERVE).unwrap().printed();
    assert!(printed.contains("ALARM: the database belongs to another tenant"));
}
