//! Databases that are away: one hotel's, the control plane's, a whole server's; and workers whose clocks
//! differ from the server's.

use platform_tests::{
    fleet::{FleetHotel, NewJobs},
    platform::Role,
    postgres::connect,
    waiting::eventually,
};
use serde_json::json;
use tokio_postgres::Client;

use crate::{
    END, SOON,
    ground::{Ground, ask, calls, inserts, worker},
};

const JOBS: usize = 60;
/// What a worker has at a time in the class `default`.
const CONCURRENT: i64 = 6;

async fn superuser(ground: &Ground) -> Client {
    connect(&ground.stage.postgres.urls().unwrap().superuser).await.unwrap()
}

/// The name of a hotel's database and of its login.
async fn name_of(hotel: &FleetHotel) -> String {
    ask(hotel, "SELECT current_database()::text").await[0].get(0)
}

/// Turns out who is connected to this database.
async fn turn_out(superuser: &Client, database: &str) {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
    superuser.query(sql, &[&database]).await.unwrap();
}

#[tokio::test]
async fn a_hotel_whose_database_is_away_costs_the_others_nothing_and_loses_no_try() {
    let mut ground = Ground::new(6).await;
    ground.start_workers(2).await;
    ground.fleet.insert_jobs(&calls(), JOBS / 4).await.unwrap();
    ground.add_jobs(&inserts(400), JOBS).await;
    let superuser = superuser(&ground).await;
    let begun = async || (ground.done().await > JOBS / 2).then_some(());
    eventually(SOON, "some work to be done", begun).await.unwrap();

    // One refuses the login, the other everybody.
    let away = [name_of(&ground.hotels()[0]).await, name_of(&ground.hotels()[1]).await];
    let refuse = [
        format!("ALTER ROLE {} NOLOGIN", away[0]),
        format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", away[1]),
    ];
    for (sql, name) in refuse.iter().zip(&away) {
        superuser.execute(sql, &[]).await.unwrap();
        turn_out(&superuser, name).await;
    }
    // Should it have nothing left to do by then.
    ground.hotels()[0].insert_jobs(&inserts(0), 1).await.unwrap();
    let others = async || {
        let open = "SELECT id FROM jobs WHERE state <> 'done' LIMIT 1";
        for hotel in &ground.hotels()[2..] {
            if !ask(hotel, open).await.is_empty() {
                return None;
            }
        }
        Some(())
    };
    eventually(END, "the other hotels' jobs", others).await.unwrap();
    let left = ask(&ground.hotels()[0], "SELECT count(*) FROM jobs WHERE state <> 'done'").await;
    assert!(left[0].get::<_, i64>(0) > 0, "its jobs were not done meanwhile");
    superuser.execute(&format!("ALTER ROLE {} LOGIN", away[0]), &[]).await.unwrap();
    let allow = format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", away[1]);
    superuser.execute(&allow, &[]).await.unwrap();

    ground.fleet.wait_until_ended(END).await.unwrap();
    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    assert!(ground.ledger.book().repeated_effects().is_empty());
    ground.platform.stop().await.unwrap();
}

#[tokio::test]
async fn jobs_go_on_without_the_control_plane_and_its_database() {
    let mut ground = Ground::new(3).await;
    ground.start_workers(1).await;
    // It knows the routes when it has worked.
    ground.add_jobs(&inserts(0), 1).await;
    ground.fleet.wait_until_ended(END).await.unwrap();
    for role in [Role::Provisioner, Role::ControlServe] {
        ground.platform.kill_role(role).await.unwrap();
    }
    let superuser = superuser(&ground).await;
    let refuse = "ALTER DATABASE hotelhub_control ALLOW_CONNECTIONS false";
    superuser.execute(refuse, &[]).await.unwrap();
    turn_out(&superuser, "hotelhub_control").await;

    ground.add_jobs(&inserts(0), JOBS).await;
    ground.fleet.wait_until_ended(END).await.unwrap();

    ground.fleet.check().await.unwrap();
    assert_eq!(ground.done().await, 3 * (JOBS + 1));
    ground.platform.stop().await.unwrap();
}

#[tokio::test]
async fn jobs_whose_database_server_is_killed_beneath_them_are_done_once_and_lose_no_try() {
    let mut ground = Ground::with_durable_databases(6).await;
    ground.start_workers(2).await;
    ground.fleet.insert_jobs(&calls(), JOBS / 4).await.unwrap();
    ground.add_jobs(&inserts(100), JOBS).await;
    let begun = async || (ground.done().await > JOBS / 2).then_some(());
    eventually(SOON, "some work to be done", begun).await.unwrap();

    ground.stage.postgres.kill().await.unwrap();
    ground.stage.postgres.start().await.unwrap();

    ground.fleet.wait_until_ended(END).await.unwrap();
    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    assert_eq!(ground.done().await, 6 * (JOBS + JOBS / 4));
    assert!(ground.ledger.book().repeated_effects().is_empty());
    ground.platform.stop().await.unwrap();
}

#[tokio::test]
async fn a_worker_whose_clock_is_wrong_by_minutes_takes_no_lease_of_another_and_keeps_its_own() {
    let mut ground = Ground::new(3).await;
    let folder = tempfile::tempdir().unwrap();
    for (number, seconds) in [(0, "600"), (1, "-600")] {
        let clock = folder.path().join(format!("clock-{number}"));
        std::fs::write(&clock, seconds).unwrap();
        let clock = clock.to_str().unwrap();
        ground.platform.set_env(Some(worker(number)), "CLOCK_FILE", clock);
    }
    ground.start_workers(2).await;
    let fails = NewJobs::of("test_fail", "default").with_payload(json!({ "ends_well_at": 2 }));
    ground.fleet.insert_jobs(&fails, 4).await.unwrap();
    ground.add_jobs(&inserts(1_000), JOBS).await;
    let begun = async || (ground.done().await > JOBS / 2).then_some(());
    eventually(SOON, "some work to be done", begun).await.unwrap();
    // What it held is taken over, and nothing else.
    ground.stall_at_work(worker(0), 2).await;
    ground.platform.kill_role(worker(0)).await.unwrap();

    ground.fleet.wait_until_ended(END).await.unwrap();
    ground.fleet.check().await.unwrap();
    assert_eq!(ground.done().await, 3 * (JOBS + 4));
    let tries = "CASE kind WHEN 'test_fail' THEN 2 ELSE 1 END";
    let odd = ground.those(&format!("attempt <> {tries} OR crash_count > 1")).await;
    assert!(odd.is_empty(), "{odd:#?}");
    let crashed: i64 = ground.sum("SELECT sum(crash_count)::bigint FROM jobs").await;
    assert!((1..=CONCURRENT).contains(&crashed), "{crashed} were taken over");
    ground.platform.stop().await.unwrap();
}
