//! A move that cannot come to its end does not keep the hotel to itself.

use platform_tests::{postgres::Preset, waiting::eventually};
use serde_json::json;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{
    ground::{SOON, stop},
    two_hosts::TwoHosts,
};

/// What is left on a server until it is back.
const LEFT: &str = "SELECT count(*) FROM databases
     WHERE state = 'discarding' AND tenant_id IS NULL AND operation_id IS NULL";

#[tokio::test]
async fn a_target_that_does_not_come_back_is_given_up() {
    let mut two = TwoHosts::new(Preset::Durable).await;
    let hotel = two.hotel("mandala").await;
    let before = two.place(hotel.tenant).await;
    let provisioner = two.ground.start("mover").await;
    let moved = two.move_and_lose_other(hotel.tenant, "copy").await;
    two.wait_for_error(moved, "").await;
    // As if it had been away for long.
    let long_ago = "UPDATE operation_runs SET failing_since = now() - interval '10 min'
         WHERE operation_id = $1";
    two.ground.control.execute(long_ago, &[&moved.operation]).await.unwrap();

    two.wait_until(moved, "undone").await;
    assert_eq!(two.place(hotel.tenant).await, before);
    two.assert_untouched(hotel.tenant).await;
    assert_eq!(count(&two.ground.control, LEFT).await, 1);

    two.other.start().await.unwrap();
    wait_for_none_left(&two).await;
    two.assert_nothing_stray().await;
    let again = two.ask_move(hotel.tenant).await;
    two.wait_until(again, "done").await;
    stop(provisioner).await;
}

#[tokio::test]
async fn an_old_server_that_does_not_come_back_keeps_nobody_from_the_new_one() {
    let mut two = TwoHosts::new(Preset::Durable).await;
    let hotel = two.hotel("mandala").await;
    let provisioner = two.ground.start("mover").await;
    let there = two.ask_move(hotel.tenant).await;
    two.wait_until(there, "done").await;
    let back = two.move_and_lose_other(hotel.tenant, "retire").await;

    two.wait_until(back, "done").await;
    assert_eq!(two.place(hotel.tenant).await.host, "local");
    two.assert_untouched(hotel.tenant).await;
    assert_eq!(count(&two.ground.control, LEFT).await, 1);

    two.other.start().await.unwrap();
    wait_for_none_left(&two).await;
    stop(provisioner).await;
    two.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_hotel_whose_schema_no_other_server_has_any_more_is_migrated_first() {
    let two = TwoHosts::new(Preset::Fast).await;
    let hotel = two.hotel("mandala").await;
    let older = "UPDATE databases SET schema_version = schema_version - 1 WHERE tenant_id = $1";
    two.ground.control.execute(older, &[&hotel.tenant]).await.unwrap();
    let provisioner = two.ground.start("mover").await;

    let moved = two.ask(hotel.tenant, "move_tenant", json!({"db_host_id": two.other_id})).await;
    two.wait_until(moved, "undone").await;
    let record = two.ground.record(moved).await;
    assert!(record.contains("migrate the tenant first"), "{record}");

    let sql = "INSERT INTO fleet_migrations (id) VALUES ($1)";
    two.ground.control.execute(sql, &[&Uuid::new_v4()]).await.unwrap();
    let ended = "SELECT count(*) FROM fleet_runs WHERE state = 'done'";
    eventually(SOON, "the fleet migration", async || {
        (count(&two.ground.control, ended).await == 1).then_some(())
    })
    .await
    .unwrap();
    let moved = two.ask_move(hotel.tenant).await;
    two.wait_until(moved, "done").await;
    stop(provisioner).await;
    two.assert_nothing_stray().await;
}

async fn wait_for_none_left(two: &TwoHosts) {
    eventually(SOON, "what was left to be discarded", async || {
        (count(&two.ground.control, LEFT).await == 0).then_some(())
    })
    .await
    .unwrap();
}

async fn count(control: &Client, sql: &str) -> i64 {
    control.query_one(sql, &[]).await.unwrap().get(0)
}
