//! kill -9 at every point: the tenant ends ready or undone, and nothing is left behind.

use platform_tests::postgres::Preset;

use crate::{
    gates::{
        Gate, Mischief, prepare_mischief, set_mischief, template_name, wait_for_session,
        wait_for_session_as,
    },
    ground::{Asked, Ground, stop},
};

const STEPS: [&str; 10] = [
    "place",
    "create_database",
    "open_database",
    "create_role",
    "write_identity",
    "migrate",
    "seed",
    "create_owner",
    "grant_access",
    "publish_route",
];

/// What becomes of the line in the record that was about to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// It is lost with the process: the step before is done, but not recorded as done.
    Lost,
    /// It is written: the next step is recorded as running, but was not begun.
    Written,
}

#[tokio::test]
async fn a_kill_between_steps_is_survived_whether_the_record_was_written_or_not() {
    let ground = ready_ground().await;

    for line in [Line::Lost, Line::Written] {
        let moments = STEPS.iter().map(|step| (*step, "running"));
        for (number, (step, state)) in moments.chain([("publish_route", "done")]).enumerate() {
            let slug = format!("hotel-{}-{number}", if line == Line::Lost { 'l' } else { 'w' });
            let asked = kill_at_record(&ground, &slug, step, state, line).await;
            finish(&ground, asked, "ready").await;
        }
    }

    ground.assert_nothing_stray().await;
    assert_every_hotel_is_whole(&ground).await;
}

#[tokio::test]
async fn a_kill_in_the_middle_of_a_step_is_survived() {
    let ground = ready_ground().await;

    // What happens in the control database.
    for (table, event, condition) in [
        ("tenants", "UPDATE", "NEW.provisioning = 'provisioning'"),
        ("databases", "INSERT", "true"),
        ("tenants", "UPDATE", "NEW.provisioning = 'ready'"),
    ] {
        for line in [Line::Lost, Line::Written] {
            let gate = Gate::close(&ground, table, event, condition).await;
            let (asked, mut program) = (ground.ask("gated").await, ground.start("killed").await);
            gate.wait_for_arrival().await;
            program.kill().await.unwrap();
            if line == Line::Lost {
                gate.wait_for_retreat().await;
            }
            gate.open().await;
            finish(&ground, asked, "ready").await;
            rename(&ground, asked).await;
        }
    }
    // What happens on the database server: roles and databases are rows of these two.
    for (step, table, statement) in [
        ("create_database", "pg_database", "CREATE DATABASE%"),
        ("open_database", "pg_database", "%REVOKE ALL ON DATABASE tenant%"),
        ("create_role", "pg_authid", "%CREATE ROLE%"),
        ("grant_access", "pg_database", "GRANT CONNECT%"),
    ] {
        let asked = kill_in_statement(&ground, step, table, statement).await;
        finish(&ground, asked, "ready").await;
        rename(&ground, asked).await;
    }
    // What happens inside the tenant's database.
    for table in ["tenant_identity", "properties", "users"] {
        set_mischief(&ground, Mischief::Sleep(table)).await;
        let (asked, mut program) = (ground.ask("asleep").await, ground.start("killed").await);
        wait_for_session(&ground, "wait_event = 'PgSleep'").await;
        program.kill().await.unwrap();
        set_mischief(&ground, Mischief::None).await;
        finish(&ground, asked, "ready").await;
        rename(&ground, asked).await;
    }

    ground.assert_nothing_stray().await;
    assert_every_hotel_is_whole(&ground).await;
}

#[tokio::test]
async fn a_kill_while_a_database_is_copied_leaves_no_second_copy() {
    let ground = ready_ground().await;

    for number in 0..5 {
        let condition = "NEW.name = 'create_database' AND NEW.state = 'running'";
        let gate = Gate::close(&ground, "operation_steps", "UPDATE", condition).await;
        let asked = ground.ask(&format!("copied-{number}")).await;
        let mut program = ground.start("killed").await;
        gate.wait_for_arrival().await;
        let superuser = ground.superuser("postgres").await;
        gate.open().await;
        wait_for_session_as(&superuser, "query LIKE 'CREATE DATABASE%'").await;
        program.kill().await.unwrap();
        finish(&ground, asked, "ready").await;
    }

    ground.assert_nothing_stray().await;
    assert_every_hotel_is_whole(&ground).await;
}

#[tokio::test]
async fn a_kill_while_everything_is_undone_is_survived() {
    let ground = ready_ground().await;
    set_mischief(&ground, Mischief::Refuse("users")).await;

    for line in [Line::Lost, Line::Written] {
        for (step, state) in [
            ("create_owner", "undoing"),
            ("create_database", "undoing"),
            ("create_database", "undone"),
            ("create_role", "undone"),
            ("place", "undone"),
        ] {
            // The slug is free each time, or this would be refused.
            let asked = kill_at_record(&ground, "unlucky", step, state, line).await;
            finish(&ground, asked, "failed").await;
        }
    }
    ground.assert_nothing_stray().await;

    set_mischief(&ground, Mischief::None).await;
    let asked = ground.ask("unlucky").await;
    finish(&ground, asked, "ready").await;
    ground.assert_nothing_stray().await;
}

#[tokio::test]
async fn steps_whose_record_was_lost_are_undone_all_the_same() {
    let ground = ready_ground().await;

    for step in ["create_database", "seed", "grant_access"] {
        let asked = kill_at_record(&ground, "forgotten", step, "done", Line::Lost).await;
        forget_steps(&ground, asked).await;
        let turn_back = "UPDATE operation_runs SET state = 'undoing' WHERE operation_id = $1";
        ground.control.execute(turn_back, &[&asked.operation]).await.unwrap();
        finish(&ground, asked, "failed").await;
    }

    ground.assert_nothing_stray().await;
}

#[tokio::test]
async fn steps_whose_record_was_lost_are_repeated() {
    let ground = ready_ground().await;

    for step in ["create_database", "seed", "grant_access"] {
        let slug = format!("forgotten-{}", step.replace('_', "-"));
        let asked = kill_at_record(&ground, &slug, step, "done", Line::Lost).await;
        forget_steps(&ground, asked).await;
        finish(&ground, asked, "ready").await;
    }

    ground.assert_nothing_stray().await;
    assert_every_hotel_is_whole(&ground).await;
}

#[tokio::test]
async fn commits_that_the_database_server_had_not_flushed_are_made_again() {
    let ground = ready_ground().await;

    let asked = kill_at_record(&ground, "crashed", "grant_access", "running", Line::Written).await;
    let sql = "SELECT facts ->> 'database_id' FROM operation_runs WHERE operation_id = $1";
    let row = ground.control.query_one(sql, &[&asked.operation]).await.unwrap();
    let database = format!("tenant_{}", row.get::<_, &str>(0).replace('-', ""));
    // As a crash would leave it: empty, and not yet opened.
    let inside = ground.superuser(&database).await;
    let empty = "TRUNCATE tenant_identity, users, properties, tax_rules CASCADE";
    inside.simple_query(empty).await.unwrap();
    drop(inside);
    let close =
        format!("DROP ROLE {database}; ALTER DATABASE {database} WITH ALLOW_CONNECTIONS false");
    ground.superuser("postgres").await.simple_query(&close).await.unwrap();
    finish(&ground, asked, "ready").await;

    ground.assert_nothing_stray().await;
    assert_every_hotel_is_whole(&ground).await;
}

/// Takes back what the record says of the steps after the first, as a crash of the control
/// database's server may.
async fn forget_steps(ground: &Ground, asked: Asked) {
    let sql = "UPDATE operation_steps SET state = 'pending', attempts = 0, started_at = NULL
         WHERE operation_id = $1 AND position > 0";
    ground.control.execute(sql, &[&asked.operation]).await.unwrap();
}

/// A ground whose template is built and obeys the tests.
async fn ready_ground() -> Ground {
    let ground = Ground::new(Preset::Durable).await;
    let builder = ground.start("builder").await;
    template_name(&ground).await;
    stop(builder).await;
    prepare_mischief(&ground).await;
    ground
}

/// Kills a provisioner that is about to record `step` as `state`.
async fn kill_at_record(ground: &Ground, slug: &str, step: &str, state: &str, line: Line) -> Asked {
    let condition = format!("NEW.name = '{step}' AND NEW.state = '{state}'");
    let gate = Gate::close(ground, "operation_steps", "INSERT OR UPDATE", &condition).await;
    let (asked, mut program) = (ground.ask(slug).await, ground.start("killed").await);
    gate.wait_for_arrival().await;
    program.kill().await.unwrap();
    if line == Line::Lost {
        gate.wait_for_retreat().await;
    }
    gate.open().await;
    asked
}

/// Kills a provisioner whose statement waits to write to a shared catalogue.
async fn kill_in_statement(ground: &Ground, step: &str, table: &str, statement: &str) -> Asked {
    // The earlier steps write to the same catalogue, so the lock comes when they are done.
    let condition = format!("NEW.name = '{step}' AND NEW.state = 'running'");
    let gate = Gate::close(ground, "operation_steps", "UPDATE", &condition).await;
    let (asked, mut program) = (ground.ask("locked").await, ground.start("killed").await);
    gate.wait_for_arrival().await;
    let mut superuser = ground.superuser("postgres").await;
    let lock = superuser.transaction().await.unwrap();
    lock.simple_query(&format!("LOCK TABLE {table} IN SHARE MODE")).await.unwrap();
    gate.open().await;
    wait_for_session(ground, &format!("wait_event_type = 'Lock' AND query LIKE '{statement}'"))
        .await;
    program.kill().await.unwrap();
    // The statement goes on for its dead client, unless the server has noticed.
    lock.rollback().await.unwrap();
    asked
}

/// A new provisioner takes the operation to its end.
async fn finish(ground: &Ground, asked: Asked, state: &str) {
    let successor = ground.start("successor").await;
    ground.wait_until(asked, state).await;
    stop(successor).await;
}

/// Frees the slug for the next round.
async fn rename(ground: &Ground, asked: Asked) {
    let sql = "WITH domain AS (
           UPDATE domains SET released_at = now() WHERE tenant_id = $1
         )
         UPDATE tenants SET slug = 'r' || substr(md5(id::text), 1, 20) WHERE id = $1";
    ground.control.execute(sql, &[&asked.tenant]).await.unwrap();
}

/// Whatever was repeated is there once.
async fn assert_every_hotel_is_whole(ground: &Ground) {
    let sql = "SELECT 'tenant_' || replace(id::text, '-', ''), tenant_id FROM databases";
    let rows = ground.control.query(sql, &[]).await.unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        let inside = ground.superuser(row.get(0)).await;
        let counts = inside
            .query_one(
                "SELECT tenant_id = $1, (SELECT count(*) FROM properties),
                   (SELECT count(*) FROM business_days WHERE state = 'open'),
                   (SELECT count(*) FROM tax_rules), (SELECT count(*) FROM rate_plans),
                   (SELECT count(*) FROM service_charge_rules), (SELECT count(*) FROM users),
                   (SELECT count(*) FROM user_roles)
                 FROM tenant_identity",
                &[&row.get::<_, hotelhub_core::ids::TenantId>(1)],
            )
            .await
            .unwrap();
        assert!(counts.get::<_, bool>(0), "whose it is");
        let counts: Vec<i64> = (1..counts.len()).map(|it| counts.get(it)).collect();
        assert_eq!(counts, [1, 1, 2, 1, 1, 1, 1]);
    }
}
