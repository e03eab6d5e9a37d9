//! What a tenant may do reaches its own database soon, whatever else is away.

use std::time::{Duration, Instant};

use hotelhub_core::{ids::TenantId, tasks::Tasks};
use platform_tests::{postgres::Preset, waiting::eventually};
use tokio::{io::AsyncReadExt as _, net::TcpListener, sync::watch};
use tokio_postgres::Client;

use crate::{
    gates::Gate,
    ground::{SOON, stop},
    two_hosts::TwoHosts,
};

#[tokio::test]
async fn a_change_of_access_is_in_the_hotels_database_in_a_moment() {
    let two = TwoHosts::new(Preset::Durable).await;
    let hotel = two.hotel("mandala").await;
    let provisioner = two.ground.start("keeper").await;
    let inside = two.inside(hotel.tenant).await;
    set(&two, hotel.tenant, "full").await;
    recorded(&two, hotel.tenant, "full").await;

    let mut times = Vec::new();
    for number in 0..20 {
        let access = if number % 2 == 0 { "essential" } else { "full" };
        set(&two, hotel.tenant, access).await;
        let began = Instant::now();
        written(&inside, access).await;
        times.push(began.elapsed());
        recorded(&two, hotel.tenant, access).await;
    }

    times.sort_unstable();
    show(&format!("median {:?}, slowest {:?}", times[10], times[19]));
    // Far above what it takes: this catches a look that was waited for. A wait is in each, a busy
    // machine in some.
    assert!(times[5] < Duration::from_millis(700), "{times:?}");
    stop(provisioner).await;
}

#[tokio::test]
async fn a_server_that_is_away_holds_up_its_own_hotels_only() {
    let mut two = TwoHosts::new(Preset::Durable).await;
    let (here, there) = (two.hotel("here").await, two.hotel("there").await);
    let provisioner = two.ground.start("keeper").await;
    let moved = two.ask_move(there.tenant).await;
    two.wait_until(moved, "done").await;
    let inside = two.inside(here.tenant).await;
    let database = two.place(there.tenant).await.database.name();
    two.other.stop_immediately().await.unwrap();
    let port = two.other.urls().unwrap().superuser.port().unwrap();
    let silence = Tasks::default();
    let mut calls = keep_silent(port, database, &silence).await;

    let both = "UPDATE tenants SET access = 'essential' WHERE id = ANY ($1)";
    let ids = vec![here.tenant, there.tenant];
    two.ground.control.execute(both, &[&ids]).await.unwrap();
    written(&inside, "essential").await;
    let mut times = Vec::new();
    for access in ["stopped", "essential", "stopped"] {
        // Whoever tells the other hotel's database has just begun to wait for its server.
        calls.mark_unchanged();
        tokio::time::timeout(SOON, calls.changed()).await.unwrap().unwrap();
        set(&two, here.tenant, access).await;
        let began = Instant::now();
        written(&inside, access).await;
        times.push(began.elapsed());
    }
    // One that waits for the other server waits for five seconds each time, a busy machine once.
    assert!(times.iter().any(|it| *it < Duration::from_secs(3)), "{times:?}");
    let sql = "SELECT access FROM databases WHERE tenant_id = $1";
    let row = two.ground.control.query_one(sql, &[&there.tenant]).await.unwrap();
    assert_ne!(row.get::<_, Option<&str>>(0), Some("essential"));

    silence.stop();
    assert!(silence.drain(SOON).await);
    two.other.start().await.unwrap();
    written(&two.inside(there.tenant).await, "essential").await;
    recorded(&two, there.tenant, "essential").await;
    stop(provisioner).await;
}

#[tokio::test]
async fn a_change_during_the_pause_of_a_move_is_written_after_it_wherever_the_hotel_is_then() {
    let two = TwoHosts::new(Preset::Durable).await;
    let hotel = two.hotel("mandala").await;
    let before = two.place(hotel.tenant).await;
    let provisioner = two.ground.start("mover").await;
    // The commit of the move waits, and so the pause lasts.
    let condition = "OLD.state = 'claimed' AND NEW.state = 'assigned'";
    let gate = Gate::close(&two.ground, "databases", "UPDATE", condition).await;
    let moved = two.ask_move(hotel.tenant).await;
    gate.wait_for_arrival().await;

    set(&two, hotel.tenant, "essential").await;
    let inside = two.superuser("local", &before.database.name()).await;
    // Longer than the keeper takes to look by itself.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let row = inside.query_one("SELECT access FROM tenant_identity", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "read_only");
    drop(inside);
    gate.open().await;

    two.wait_until(moved, "done").await;
    assert_eq!(two.place(hotel.tenant).await.host, "other");
    written(&two.inside(hotel.tenant).await, "essential").await;
    recorded(&two, hotel.tenant, "essential").await;
    stop(provisioner).await;
}

#[tokio::test]
async fn many_changes_at_once_all_arrive() {
    let two = TwoHosts::new(Preset::Fast).await;
    two.set_state("other", "active").await;
    let provisioner = two.ground.start("keeper").await;
    let mut hotels = Vec::new();
    for number in 0..12 {
        hotels.push(two.ground.ask(&format!("hotel-{number}")).await);
    }
    for hotel in &hotels {
        two.ground.wait_until(*hotel, "ready").await;
    }
    two.ground.control.execute("UPDATE tenants SET access = 'grace'", &[]).await.unwrap();
    let began = Instant::now();
    for hotel in &hotels {
        recorded(&two, hotel.tenant, "grace").await;
    }
    show(&format!("{} hotels in {:?}", hotels.len(), began.elapsed()));
    for hotel in &hotels {
        written(&two.inside(hotel.tenant).await, "grace").await;
    }
    stop(provisioner).await;
}

/// Neither answers nor refuses whoever calls on this port, until the tasks stop; counts those who want to
/// enter `database`.
async fn keep_silent(port: u16, database: String, tasks: &Tasks) -> watch::Receiver<u32> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let (calls, counted) = watch::channel(0);
    tasks.spawn_endless("a silent server", async move {
        let mut held = Vec::new();
        while let Ok((mut caller, _)) = listener.accept().await {
            let mut greeting = [0; 1024];
            // One that hangs up before it has said anything wants nothing.
            let length = caller.read(&mut greeting).await.unwrap_or_default();
            if String::from_utf8_lossy(&greeting[..length]).contains(&database) {
                calls.send_modify(|it| *it += 1);
            }
            held.push(caller);
        }
    });
    counted
}

async fn set(two: &TwoHosts, tenant: TenantId, access: &str) {
    let sql = "UPDATE tenants SET access = $2, access_changed_at = now() WHERE id = $1";
    two.ground.control.execute(sql, &[&tenant, &access]).await.unwrap();
}

/// Waits until the hotel's own database says so.
async fn written(inside: &Client, access: &str) {
    eventually(SOON, access, async || {
        let row = inside.query_one("SELECT access FROM tenant_identity", &[]).await.unwrap();
        (row.get::<_, &str>(0) == access).then_some(())
    })
    .await
    .unwrap();
}

/// Waits until the provisioner says that it does.
async fn recorded(two: &TwoHosts, tenant: TenantId, access: &str) {
    let sql = "SELECT access FROM databases WHERE tenant_id = $1 AND state = 'assigned'";
    eventually(SOON, access, async || {
        let row = two.ground.control.query_one(sql, &[&tenant]).await.unwrap();
        (row.get::<_, Option<&str>>(0) == Some(access)).then_some(())
    })
    .await
    .unwrap();
}

#[expect(clippy::print_stdout, reason = "the figures are for `--nocapture`")]
fn show(report: &str) {
    println!("{report}");
}
