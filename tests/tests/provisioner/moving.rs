//! A hotel moves to another server while it is written to; and what keeps it where it is.

use std::{cell::Cell, time::Duration};

use hotelhub_core::ids::TenantId;
use platform_tests::{
    postgres::{Preset, connect},
    waiting::eventually,
};
use serde_json::json;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{
    gates::Gate,
    ground::{SOON, stop},
    two_hosts::{TwoHosts, fingerprint},
    writer::write_until,
};

/// For so long a transaction stays open that a move waits for.
const HELD: Duration = Duration::from_secs(8);
/// Far longer than one waits for a lock here, on a busy machine, and shorter than whoever stands behind
/// somebody that waits for that transaction: locks are given up after five seconds.
const HELD_UP: Duration = Duration::from_secs(4);

#[tokio::test]
async fn a_hotel_moves_while_it_is_written_to_and_loses_nothing() {
    let two = TwoHosts::new(Preset::Durable).await;
    let hotel = two.hotel("mandala").await;
    let before = two.place(hotel.tenant).await;
    let provisioner = two.ground.start("mover").await;

    let stopped = Cell::new(false);
    let moving = async {
        let moved = two.ask_move(hotel.tenant).await;
        two.wait_until(moved, "done").await;
        // The hotel goes on in its new place.
        tokio::time::sleep(Duration::from_millis(300)).await;
        stopped.set(true);
        moved
    };
    let (moved, written) = tokio::join!(moving, write_until(&two, hotel.tenant, &stopped));

    let after = two.place(hotel.tenant).await;
    assert_eq!((&*after.host, after.generation), ("other", before.generation + 1));
    assert_ne!(after.database, before.database);
    assert!(written.strange.is_empty(), "{:?}", written.strange);
    let inside = two.inside(hotel.tenant).await;
    written.assert_there(&inside).await;
    assert!(written.changes > 5, "{written:?}");
    two.assert_untouched(hotel.tenant).await;
    two.assert_nothing_stray().await;
    assert_identity(&inside, hotel.tenant, after.database, after.generation).await;
    let there = figures(&two, moved.operation).await;
    for name in ["rows", "bytes", "tables", "copy_ms", "rounds", "changed_rows", "write_pause_ms"] {
        assert!(there.get(name).is_some_and(|it| it.is_u64()), "{name} in {there}");
    }
    show(&format!(
        "{there}; {} refusals, {:?} from the first to the next success, slowest write {:?}",
        written.stopped, written.longest_stop, written.slowest_write
    ));

    // And back again, as a hotel that nobody writes to.
    let sums = fingerprint(&inside).await;
    drop(inside);
    let back = two.ask(hotel.tenant, "move_tenant", json!({"db_host_id": local_id(&two).await}));
    let moved = back.await;
    two.wait_until(moved, "done").await;
    assert_short_pause(&[there, figures(&two, moved.operation).await]);
    let inside = two.inside(hotel.tenant).await;
    assert_eq!(fingerprint(&inside).await, sums);
    written.assert_there(&inside).await;
    stop(provisioner).await;
    two.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_moved_database_is_as_one_that_was_just_made() {
    let two = TwoHosts::new(Preset::Fast).await;
    let hotel = two.hotel("mandala").await;
    let provisioner = two.ground.start("mover").await;
    let moved = two.ask_move(hotel.tenant).await;
    two.wait_until(moved, "done").await;
    two.set_state("local", "cordoned").await;
    let fresh = two.ground.ask("fresh").await;
    two.ground.wait_until(fresh, "ready").await;
    stop(provisioner).await;

    assert_eq!(shape(&two, hotel.tenant).await, shape(&two, fresh.tenant).await);
    // Sequences go on behind the last number that was given.
    let place = two.place(hotel.tenant).await;
    let login = connect(&two.login(&place)).await.unwrap();
    let row = login
        .query_one(
            "INSERT INTO reservation_events
               (reservation_id, happened_at, actor, request_id, kind)
             SELECT id, now(), created_by, 'r', 'moved' FROM reservations LIMIT 1
             RETURNING id, (SELECT max(id) FROM reservation_events)",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(row.get::<_, i64>(0), row.get::<_, i64>(1) + 1);
    // What the tenant's own login may not touch.
    for sql in ["SELECT FROM move_changes", "UPDATE move_pause SET is_paused = true"] {
        let refused = login.simple_query(sql).await.unwrap_err();
        assert_eq!(refused.code().map(|it| it.code()), Some("42501"), "{sql}");
    }
}

#[tokio::test]
async fn a_schema_that_no_template_has_is_not_moved_and_the_hotel_stays_as_it_was() {
    let two = TwoHosts::new(Preset::Fast).await;
    let hotel = two.hotel("mandala").await;
    let before = two.place(hotel.tenant).await;
    let inside = two.inside(hotel.tenant).await;
    inside.simple_query("ALTER TABLE guests ADD COLUMN odd text").await.unwrap();
    let sums = fingerprint(&inside).await;
    let provisioner = two.ground.start("mover").await;

    let moved = two.ask_move(hotel.tenant).await;
    two.wait_until(moved, "undone").await;

    assert_eq!(two.place(hotel.tenant).await, before);
    assert_eq!(fingerprint(&inside).await, sums);
    two.assert_untouched(hotel.tenant).await;
    two.assert_nothing_stray().await;
    let record = two.ground.record(moved).await;
    assert!(record.contains("`guests` is not the same table"), "{record}");

    // Nothing stands in the way of the next one.
    inside.simple_query("ALTER TABLE guests DROP COLUMN odd").await.unwrap();
    drop(inside);
    let moved = two.ask_move(hotel.tenant).await;
    two.wait_until(moved, "done").await;
    stop(provisioner).await;
}

#[tokio::test]
async fn what_can_never_be_moved_is_refused_at_once_and_what_may_be_later_waits() {
    let two = TwoHosts::new(Preset::Fast).await;
    let hotel = two.hotel("mandala").await;
    let provisioner = two.ground.start("mover").await;

    for (wish, text) in [
        (local_id(&two).await, "is on `local` already"),
        (Uuid::new_v4(), "there is no database server"),
    ] {
        let moved = two.ask(hotel.tenant, "move_tenant", json!({"db_host_id": wish})).await;
        two.wait_until(moved, "undone").await;
        let record = two.ground.record(moved).await;
        assert!(record.contains(text), "{record}");
    }
    two.set_state("other", "draining").await;
    let wish = json!({"db_host_id": two.other_id});
    let moved = two.ask(hotel.tenant, "move_tenant", wish).await;
    two.wait_until(moved, "undone").await;

    let moved = two.ask_move(hotel.tenant).await;
    two.wait_for_error(moved, "no other database server").await;
    two.set_state("other", "active").await;
    two.wait_until(moved, "done").await;
    stop(provisioner).await;
    two.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_server_that_is_away_is_waited_for_and_the_hotel_works_meanwhile() {
    let mut two = TwoHosts::new(Preset::Durable).await;
    let hotel = two.hotel("mandala").await;
    let provisioner = two.ground.start("mover").await;

    // The target, in the middle of the move.
    let moved = two.move_and_lose_other(hotel.tenant, "copy").await;
    two.wait_for_error(moved, "").await;
    let place = two.place(hotel.tenant).await;
    assert_eq!(place.host, "local");
    let login = connect(&two.login(&place)).await.unwrap();
    let write = "UPDATE guests SET version = version + 1 WHERE full_name = 'Tamu 1'";
    login.simple_query(write).await.unwrap();
    two.other.start().await.unwrap();
    two.wait_until(moved, "done").await;
    assert_eq!(two.place(hotel.tenant).await.host, "other");
    let version = "SELECT version FROM guests WHERE full_name = 'Tamu 1'";
    let row = two.inside(hotel.tenant).await.query_one(version, &[]).await.unwrap();
    assert_eq!(row.get::<_, i32>(0), 2);

    // The source.
    let moved = two.move_and_lose_other(hotel.tenant, "catch_up").await;
    two.wait_for_error(moved, "").await;
    two.other.start().await.unwrap();
    two.wait_until(moved, "done").await;
    assert_eq!(two.place(hotel.tenant).await.host, "local");
    stop(provisioner).await;
    two.assert_untouched(hotel.tenant).await;
    two.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_long_transaction_holds_up_the_move_and_nobody_else() {
    // Nothing here waits for a disk.
    let two = TwoHosts::new(Preset::Fast).await;
    let hotel = two.hotel("mandala").await;
    let provisioner = two.ground.start("mover").await;

    // Long before the triggers come, and while the pause wants its lock.
    for step in ["capture", "switch"] {
        let before = two.place(hotel.tenant).await;
        let gate = Gate::before_step(&two.ground, step).await;
        let moved = two.ask_move(hotel.tenant).await;
        gate.wait_for_arrival().await;
        let mut holder = two.superuser(&before.host, &before.database.name()).await;
        let long = holder.transaction().await.unwrap();
        long.simple_query("UPDATE guests SET version = 7 WHERE full_name = 'Tamu 9'")
            .await
            .unwrap();
        gate.open().await;

        let stopped = Cell::new(false);
        let holding = async {
            tokio::time::sleep(HELD).await;
            stopped.set(true);
        };
        let ((), written) = tokio::join!(holding, write_until(&two, hotel.tenant, &stopped));

        assert_eq!(two.place(hotel.tenant).await, before, "it waits");
        assert!(written.slowest_write < HELD_UP, "{step}: {written:?}");
        assert!(written.slowest_read < HELD_UP, "{step}: {written:?}");
        assert!(written.changes > 5, "{step}: {written:?}");
        assert_eq!(written.stopped, 0, "{step}");
        show(&format!(
            "{step}: slowest write {:?}, slowest read {:?}",
            written.slowest_write, written.slowest_read
        ));
        long.commit().await.unwrap();
        // Nobody but a superuser ends a superuser's session.
        drop(holder);
        two.wait_until(moved, "done").await;
        assert_ne!(two.place(hotel.tenant).await.host, before.host);
        let version = "SELECT version FROM guests WHERE full_name = 'Tamu 9'";
        let inside = two.inside(hotel.tenant).await;
        assert_eq!(inside.query_one(version, &[]).await.unwrap().get::<_, i32>(0), 7);
        // What the next round counts.
        let reset = "DELETE FROM guests WHERE full_name = 'Baru';
             DELETE FROM reservation_events WHERE kind = 'appended'";
        inside.simple_query(reset).await.unwrap();
    }
    stop(provisioner).await;
    two.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_pause_that_lasts_too_long_is_given_up_and_tried_again() {
    let two = TwoHosts::new(Preset::Fast).await;
    let hotel = two.hotel("mandala").await;
    let before = two.place(hotel.tenant).await;
    let gate = Gate::before_step(&two.ground, "switch").await;
    let provisioner = two.ground.start("mover").await;
    let moved = two.ask_move(hotel.tenant).await;
    gate.wait_for_arrival().await;
    // The target's rows cannot be touched, so the last round hangs.
    let target = eventually(SOON, "the new copy", async || {
        let sql = "SELECT 'tenant_' || replace(id::text, '-', '') FROM databases
             WHERE state = 'claimed'";
        let row = two.ground.control.query_opt(sql, &[]).await.unwrap();
        row.map(|it| it.get::<_, String>(0))
    });
    let mut holder = two.superuser("other", &target.await.unwrap()).await;
    let held = holder.transaction().await.unwrap();
    held.simple_query("LOCK TABLE tenant_identity IN ACCESS EXCLUSIVE MODE").await.unwrap();
    gate.open().await;

    // The pause comes, fails, and goes.
    let inside = two.superuser("local", &before.database.name()).await;
    for (what, paused) in [("a pause", true), ("its end", false)] {
        eventually(SOON, what, async || {
            let row = inside.query_one("SELECT is_paused FROM move_pause", &[]).await.unwrap();
            (row.get::<_, bool>(0) == paused).then_some(())
        })
        .await
        .unwrap();
    }
    assert_eq!(two.place(hotel.tenant).await, before);
    held.rollback().await.unwrap();
    drop(inside);

    two.wait_until(moved, "done").await;
    stop(provisioner).await;
    two.assert_untouched(hotel.tenant).await;
    two.assert_nothing_stray().await;
}

async fn local_id(two: &TwoHosts) -> Uuid {
    let sql = "SELECT id FROM db_hosts WHERE name = 'local'";
    two.ground.control.query_one(sql, &[]).await.unwrap().get(0)
}

async fn figures(two: &TwoHosts, operation: Uuid) -> serde_json::Value {
    let sql = "SELECT figures FROM operation_runs WHERE operation_id = $1";
    two.ground.control.query_one(sql, &[&operation]).await.unwrap().get(0)
}

/// Asserts that writers were not kept waiting for anything like a copy of all rows. A machine may stall
/// in the middle of one of several pauses.
fn assert_short_pause(moves: &[serde_json::Value]) {
    let of = |it: &serde_json::Value, name: &str| it[name].as_u64().unwrap();
    let is_short = |it: &serde_json::Value| of(it, "write_pause_ms") < of(it, "copy_ms").max(3_000);
    assert!(moves.iter().any(is_short), "{moves:?}");
}

async fn assert_identity(
    inside: &Client,
    tenant: TenantId,
    database: hotelhub_core::ids::DatabaseId,
    generation: i32,
) {
    let sql = "SELECT tenant_id, database_id, generation, access, company_name, language
         FROM tenant_identity";
    let row = inside.query_one(sql, &[]).await.unwrap();
    assert_eq!(row.get::<_, TenantId>(0), tenant);
    assert_eq!(row.get::<_, hotelhub_core::ids::DatabaseId>(1), database);
    assert_eq!(row.get::<_, i32>(2), generation);
    let rest: [&str; 3] = [row.get(3), row.get(4), row.get(5)];
    assert_eq!(rest, ["full", "Hotel mandala", "id"]);
}

/// All that a database and its login are, beside their rows and names: who owns what, who may do
/// what, constraints, triggers, indexes, sequences, settings.
async fn shape(two: &TwoHosts, tenant: TenantId) -> Vec<String> {
    let name = two.place(tenant).await.database.name();
    let inside = two.inside(tenant).await;
    let sql = "
        SELECT concat_ws(' ', 'database', pg_get_userbyid(datdba), datacl::text, datallowconn,
          datconnlimit, encoding, datcollate, datctype, datistemplate)
        FROM pg_database WHERE datname = current_database()
        UNION ALL
        SELECT concat_ws(' ', 'role', rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin,
          rolreplication, rolbypassrls, rolconnlimit, rolconfig::text, rolvaliduntil)
        FROM pg_roles WHERE rolname = $1
        UNION ALL
        SELECT concat_ws(' ', 'member', roleid::regrole, admin_option) FROM pg_auth_members
        WHERE member = $1::regrole
        UNION ALL
        SELECT concat_ws(' ', 'setting', setconfig::text) FROM pg_db_role_setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
        UNION ALL
        SELECT concat_ws(' ', 'relation', relname, relkind, pg_get_userbyid(relowner), relacl::text,
          relrowsecurity)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT concat_ws(' ', 'column', attrelid::regclass, attname, attacl::text, atttypid::regtype,
          attnotnull, attidentity)
        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND attnum > 0
        UNION ALL
        SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid),
          convalidated, condeferrable, condeferred)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL
        SELECT concat_ws(' ', 'index', pg_get_indexdef(indexrelid), indisvalid)
        FROM pg_index JOIN pg_class c ON c.oid = indexrelid
        WHERE relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(oid), tgenabled) FROM pg_trigger
        WHERE NOT tgisinternal
        UNION ALL
        SELECT concat_ws(' ', 'function', proname, prosrc, proacl::text) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND probin IS NULL
        UNION ALL
        SELECT concat_ws(' ', 'privileges', defaclobjtype, defaclacl::text) FROM pg_default_acl
        ORDER BY 1";
    let rows = inside.query(sql, &[&name]).await.unwrap();
    rows.iter().map(|it| it.get::<_, String>(0).replace(&name, "tenant")).collect()
}

#[expect(clippy::print_stdout, reason = "the figures are for `--nocapture`")]
fn show(report: &str) {
    println!("{report}");
}
