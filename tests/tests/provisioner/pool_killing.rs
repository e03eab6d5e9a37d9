//! kill -9 at every point of a warm database's life: the pool is full again, nothing is left over,
//! and no copy is handed out twice.

use platform_tests::postgres::Preset;

use crate::{
    gates::{Gate, wait_for_session_as},
    ground::{Ground, stop},
    killing::{Line, assert_every_hotel_is_whole},
};

#[tokio::test]
async fn a_kill_while_the_pool_is_filled_leaves_nothing_behind() {
    let ground = Ground::new(Preset::Durable).await;
    let mut pool = 1;
    fill(&ground, pool).await;

    for line in [Line::Lost, Line::Written] {
        for (event, condition) in
            [("INSERT", "NEW.state = 'making'"), ("UPDATE", "NEW.state = 'warm'")]
        {
            // One more each time, so that there is one to make.
            pool += 1;
            let gate = Gate::close(&ground, "databases", event, condition).await;
            kill_at(&ground, gate, line, pool).await;
            fill(&ground, pool).await;
        }
    }
    for (table, statement) in
        [("pg_database", "CREATE DATABASE tenant%"), ("pg_authid", "%CREATE ROLE tenant%")]
    {
        pool += 1;
        kill_in_statement(&ground, table, statement, pool).await;
        fill(&ground, pool).await;
    }

    ground.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_kill_while_a_warm_copy_is_claimed_or_handed_out_is_survived() {
    let ground = Ground::new(Preset::Durable).await;
    fill(&ground, 2).await;

    for line in [Line::Lost, Line::Written] {
        for (table, condition) in [
            ("databases", "NEW.state = 'claimed'"),
            ("operation_steps", "NEW.name = 'write_identity' AND NEW.state = 'running'"),
            ("operation_steps", "NEW.name = 'create_owner' AND NEW.state = 'running'"),
            ("operation_steps", "NEW.name = 'publish_route' AND NEW.state = 'running'"),
            ("databases", "NEW.state = 'assigned'"),
            ("operation_steps", "NEW.name = 'publish_route' AND NEW.state = 'done'"),
        ] {
            let slug = format!("h{}", &uuid::Uuid::new_v4().simple().to_string()[..12]);
            let gate = Gate::close(&ground, table, "UPDATE", condition).await;
            let asked = ground.ask(&slug).await;
            kill_at(&ground, gate, line, 2).await;
            fill_and(&ground, 2, async || ground.wait_until(asked, "ready").await).await;
        }
    }

    ground.assert_nothing_stray().await;
    assert_every_hotel_is_whole(&ground).await;
}

#[tokio::test]
async fn a_kill_while_copies_are_thrown_away_is_survived() {
    let ground = Ground::new(Preset::Durable).await;
    let other = "UPDATE databases SET template = 'template_0_other' WHERE state = 'warm'";

    for line in [Line::Lost, Line::Written] {
        for (event, condition) in
            [("UPDATE", "NEW.state = 'discarding'"), ("DELETE", "OLD.state = 'discarding'")]
        {
            fill(&ground, 2).await;
            ground.control.execute(other, &[]).await.unwrap();
            let gate = Gate::close(&ground, "databases", event, condition).await;
            kill_at(&ground, gate, line, 2).await;
        }
    }
    for (table, statement) in [
        ("pg_database", "DROP DATABASE IF EXISTS tenant%"),
        ("pg_authid", "DROP ROLE IF EXISTS tenant%"),
    ] {
        fill(&ground, 2).await;
        ground.control.execute(other, &[]).await.unwrap();
        kill_in_statement(&ground, table, statement, 2).await;
    }

    fill(&ground, 2).await;
    ground.assert_nothing_stray().await;
}

/// Lets a provisioner bring the pool in order.
async fn fill(ground: &Ground, pool: u32) {
    fill_and(ground, pool, async || ()).await;
}

async fn fill_and(ground: &Ground, pool: u32, meanwhile: impl AsyncFnOnce()) {
    let successor = ground.started(&ground.launch_pooled("successor", (pool, pool))).await;
    meanwhile().await;
    ground.wait_for_pool(pool.into()).await;
    stop(successor).await;
}

/// Kills a provisioner that stands at the gate.
async fn kill_at(ground: &Ground, gate: Gate, line: Line, pool: u32) {
    let mut program = ground.started(&ground.launch_pooled("killed", (pool, pool))).await;
    gate.wait_for_arrival().await;
    program.kill().await.unwrap();
    if line == Line::Lost {
        gate.wait_for_retreat().await;
    }
    gate.open().await;
}

/// Kills a provisioner whose statement waits to write to a shared catalogue.
async fn kill_in_statement(ground: &Ground, table: &str, statement: &str, pool: u32) {
    let (locker, watcher) =
        (ground.superuser("postgres").await, ground.superuser("postgres").await);
    let lock = format!("BEGIN; LOCK TABLE {table} IN SHARE MODE");
    locker.simple_query(&lock).await.unwrap();
    let mut program = ground.started(&ground.launch_pooled("killed", (pool, pool))).await;
    let waiting = format!("wait_event_type = 'Lock' AND query LIKE '{statement}'");
    wait_for_session_as(&watcher, &waiting).await;
    program.kill().await.unwrap();
    // The statement goes on for its dead client, unless the server has noticed.
    locker.simple_query("ROLLBACK").await.unwrap();
}
