//! kill -9 at every point: the tenant ends ready or undone, and nothing is left behind.

use platform_tests::{postgres::Preset, waiting::eventually};
use tokio_postgres::Client;

use crate::{
    gates::{
        Gate, Mischief, prepare_mischief, set_mischief, template_name, wait_for_no_session,
        wait_for_session, wait_for_session_as,
    },
    ground::{Asked, Ground, SOON, stop},
};

/// The steps of a signup that finds no warm copy. The template is at the head of its schema, so
/// `migrate` is none of them.
const STEPS: [&str; 9] = [
    "place",
    "create_database",
    "open_database",
    "create_role",
    "write_identity",
    "seed",
    "create_owner",
    "grant_access",
    "publish_route",
];

/// So many copies are caught in the making, among so many: some are whole before anybody sees them.
const CAUGHT_COPIES: usize = 5;
const MOST_COPIES: usize = 50;

/// What becomes of the line in the record that was about to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
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
    // What happens on the database server: roles and databases are rows of these two. Each round
    // ends in the last of the statements.
    for (moment, waits) in [
        (PLACED, vec![("pg_database", "CREATE DATABASE%")]),
        (COPIED, vec![("pg_database", "%REVOKE ALL ON DATABASE tenant%")]),
        (PLACED, vec![("pg_authid", "%CREATE ROLE%")]),
        (PLACED, vec![("pg_authid", "%CREATE ROLE%"), ("pg_database", "GRANT CONNECT%")]),
    ] {
        let asked = kill_in_statement(&ground, moment, &waits).await;
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
    let superuser = ground.superuser("postgres").await;

    let mut caught = 0;
    for number in 0..MOST_COPIES {
        let gate = Gate::before_step(&ground, "create_database").await;
        let asked = ground.ask(&format!("copied-{number}")).await;
        let mut program = ground.start("killed").await;
        gate.wait_for_arrival().await;
        let database = claimed_by(&ground, asked).await;
        let (is_caught, ()) = tokio::join!(see_copied(&superuser, &database), gate.open());
        program.kill().await.unwrap();
        finish(&ground, asked, "ready").await;
        caught += usize::from(is_caught);
        if caught == CAUGHT_COPIES {
            break;
        }
    }

    assert_eq!(caught, CAUGHT_COPIES, "of {MOST_COPIES}");
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
    wait_for_no_session(&ground).await;
    let database = claimed_by(&ground, asked).await;
    // As a crash would leave it: empty, and not yet opened.
    let inside = ground.superuser(&database).await;
    let empty = "TRUNCATE tenant_identity, users, properties, tax_rules CASCADE";
    inside.simple_query(empty).await.unwrap();
    drop(inside);
    let close = format!(
        "REVOKE CONNECT ON DATABASE {database} FROM {database}; DROP ROLE {database};
         ALTER DATABASE {database} WITH ALLOW_CONNECTIONS false"
    );
    ground.superuser("postgres").await.simple_query(&close).await.unwrap();
    finish(&ground, asked, "ready").await;

    ground.assert_nothing_stray().await;
    assert_every_hotel_is_whole(&ground).await;
}

/// Looks on without a pause until a database is being copied; `false` if it was whole before that was
/// seen: a copy takes a tenth of a second.
async fn see_copied(superuser: &Client, database: &str) -> bool {
    let sql = "SELECT EXISTS (SELECT FROM pg_stat_activity
             WHERE application_name = 'provisioner' AND state = 'active'
               AND query LIKE 'CREATE DATABASE ' || $1::text || ' %'),
           EXISTS (SELECT FROM pg_database WHERE datname = $1::text)";
    let seen = async {
        loop {
            let row = superuser.query_one(sql, &[&database]).await.unwrap();
            let (is_copied, is_whole): (bool, bool) = (row.get(0), row.get(1));
            if is_copied || is_whole {
                return is_copied;
            }
        }
    };
    tokio::time::timeout(SOON, seen).await.unwrap()
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

/// A moment in a signup, held by a gate: a table, an event, and a condition.
type Moment = (&'static str, &'static str, &'static str);

/// The claim is on disk, nothing is begun on the server.
const PLACED: Moment =
    ("operation_steps", "UPDATE", "NEW.name = 'create_database' AND NEW.state = 'running'");
/// The database is copied, and nothing else is begun.
const COPIED: Moment = ("tenants", "UPDATE", "NEW.provisioning = 'provisioning'");

/// Kills a provisioner whose statement waits to write to a shared catalogue: the last of `waits`,
/// each of which is let pass when the next one's catalogue is locked.
async fn kill_in_statement(ground: &Ground, moment: Moment, waits: &[(&str, &str)]) -> Asked {
    // There beforehand: a statement that waits gives up after five seconds.
    let mut lockers = Vec::new();
    for _ in waits {
        lockers.push(ground.superuser("postgres").await);
    }
    let gate = Gate::close(ground, moment.0, moment.1, moment.2).await;
    let (asked, mut program) = (ground.ask("locked").await, ground.start("killed").await);
    gate.wait_for_arrival().await;
    let watcher = ground.superuser("postgres").await;
    if moment == COPIED {
        let copied = "SELECT 1 FROM pg_database WHERE datname = $1";
        let database = claimed_by(ground, asked).await;
        eventually(SOON, "the copy", async || {
            (!watcher.query(copied, &[&database]).await.unwrap().is_empty()).then_some(())
        })
        .await
        .unwrap();
    }
    let mut gate = Some(gate);
    let mut held: Option<Client> = None;
    for ((table, statement), locker) in waits.iter().zip(lockers) {
        let lock = format!("BEGIN; LOCK TABLE {table} IN SHARE MODE");
        locker.simple_query(&lock).await.unwrap();
        if let Some(gate) = gate.take() {
            gate.open().await;
        }
        if let Some(held) = held.replace(locker) {
            held.simple_query("ROLLBACK").await.unwrap();
        }
        let waiting = format!("wait_event_type = 'Lock' AND query LIKE '{statement}'");
        wait_for_session_as(&watcher, &waiting).await;
    }
    program.kill().await.unwrap();
    // The statement goes on for its dead client, unless the server has noticed.
    held.unwrap().simple_query("ROLLBACK").await.unwrap();
    asked
}

/// The database that the operation has claimed.
async fn claimed_by(ground: &Ground, asked: Asked) -> String {
    let sql = "SELECT 'tenant_' || replace(id::text, '-', '')
         FROM databases WHERE operation_id = $1 AND state = 'claimed'";
    ground.control.query_one(sql, &[&asked.operation]).await.unwrap().get(0)
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
pub(crate) async fn assert_every_hotel_is_whole(ground: &Ground) {
    let sql = "SELECT 'tenant_' || replace(id::text, '-', ''), tenant_id
         FROM databases WHERE state = 'assigned'";
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
