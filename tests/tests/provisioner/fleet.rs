//! Every hotel comes to the newest schema, in rings; those that cannot are left as they are.

use platform_tests::waiting::eventually;
use uuid::Uuid;

use crate::{
    fleet_ground::{AFTER, BEFORE, Fleet, start_older},
    gates::Gate,
    ground::{SOON, stop},
};

#[tokio::test]
async fn fifty_hotels_are_migrated_and_three_poisoned_ones_keep_their_schema() {
    let fleet = Fleet::of(50).await;
    let (poisoned, healthy) = fleet.hotels.split_at(3);
    for asked in poisoned {
        fleet.poison(*asked).await;
    }
    let provisioner = fleet.ground.start("provisioner").await;

    let run = fleet.order(&healthy[..1], 5).await;
    fleet.wait_for(run, "done").await;

    let states = fleet.tenants(run).await;
    assert_eq!((states["done"], states["quarantined"]), (47, 3), "{states:?}");
    for asked in healthy {
        fleet.assert_at(*asked, AFTER).await;
    }
    for asked in poisoned {
        fleet.assert_at(*asked, BEFORE).await;
        let (state, sqlstate, error) = fleet.tenant(run, *asked).await;
        assert_eq!((state.as_str(), sqlstate.as_str()), ("quarantined", "42P07"));
        assert!(error.contains("V5__moving, line "), "{error}");
        assert!(error.contains("CREATE TABLE move_pause"), "{error}");
    }
    let sql = "SELECT string_agg(concat(ring, ': ', size), ', ' ORDER BY ring) FROM (
           SELECT ring, count(*) AS size FROM fleet_run_tenants
           WHERE fleet_migration_id = $1 GROUP BY ring) AS rings";
    let rings = fleet.ground.control.query_one(sql, &[&run]).await.unwrap();
    assert_eq!(rings.get::<_, &str>(0), "0: 1, 1: 1, 2: 5, 3: 43");

    for asked in poisoned {
        fleet.heal(*asked).await;
    }
    fleet.resume(run).await;
    fleet.wait_for(run, "done").await;
    assert_eq!(fleet.tenants(run).await["done"], 50);
    for asked in poisoned {
        fleet.assert_at(*asked, AFTER).await;
    }
    stop(provisioner).await;
}

#[tokio::test]
async fn a_canary_that_fails_halts_the_run_before_anybody_else_is_touched() {
    let fleet = Fleet::of(6).await;
    let (canary, others) = (fleet.hotels[2], [0, 1, 3, 4, 5].map(|it| fleet.hotels[it]));
    fleet.poison(canary).await;
    let provisioner = fleet.ground.start("provisioner").await;

    let run = fleet.order(&[canary], 5).await;
    fleet.wait_for(run, "halted").await;

    for asked in &fleet.hotels {
        fleet.assert_at(*asked, BEFORE).await;
    }
    assert_eq!(fleet.tenants(run).await["pending"], 5);
    let reason = halt_reason(&fleet, run).await;
    for part in ["a canary failed", "hotel-2", "42P07", "V5__moving"] {
        assert!(reason.contains(part), "{reason}");
    }

    fleet.heal(canary).await;
    fleet.resume(run).await;
    fleet.wait_for(run, "done").await;
    for asked in others.iter().chain([&canary]) {
        fleet.assert_at(*asked, AFTER).await;
    }
    stop(provisioner).await;
}

#[tokio::test]
async fn too_many_failures_halt_the_run_where_it_is() {
    let fleet = Fleet::of(12).await;
    let (canary, others) = (fleet.hotels[0], &fleet.hotels[1..]);
    for asked in others {
        fleet.poison(*asked).await;
    }
    let provisioner = fleet.ground.start("provisioner").await;

    let run = fleet.order(&[canary], 1).await;
    fleet.wait_for(run, "halted").await;

    fleet.assert_at(canary, AFTER).await;
    let states = fleet.tenants(run).await;
    assert_eq!(states["done"], 1);
    assert!(states["quarantined"] >= 2 && states.contains_key("pending"), "{states:?}");
    let reason = halt_reason(&fleet, run).await;
    assert!(reason.contains("tenants failed, and 1 may"), "{reason}");
    stop(provisioner).await;
}

#[tokio::test]
async fn a_long_transaction_and_a_closed_database_hold_up_no_other_hotel() {
    let fleet = Fleet::of(8).await;
    let [blocked, closed] = fleet.last_two().await;
    let name = fleet.ground.database_of(closed).await;
    let allow = async |it: bool| {
        let sql = format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {it}");
        fleet.ground.superuser("postgres").await.simple_query(&sql).await.unwrap();
    };
    allow(false).await;
    let database = fleet.ground.database_of(blocked).await;
    let holder = fleet.ground.superuser(&database).await;
    let lock = "BEGIN; LOCK TABLE refinery_schema_history IN SHARE MODE";
    holder.simple_query(lock).await.unwrap();
    let provisioner = fleet.ground.start("provisioner").await;

    let run = fleet.order(&[], 5).await;
    fleet.wait_for(run, "done").await;

    // Both were tried again for half a minute, in which all others were done.
    let order = "SELECT min(attempts) FILTER (WHERE state = 'quarantined'),
           count(*) FILTER (WHERE state = 'done'),
           max(finished_at) FILTER (WHERE state = 'done')
             < min(finished_at) FILTER (WHERE state = 'quarantined')
         FROM fleet_run_tenants WHERE fleet_migration_id = $1";
    let row = fleet.ground.control.query_one(order, &[&run]).await.unwrap();
    assert!(row.get::<_, i32>(0) > 1, "{row:?}");
    assert_eq!((row.get::<_, i64>(1), row.get::<_, bool>(2)), (6, true));
    let (state, sqlstate, error) = fleet.tenant(run, blocked).await;
    assert_eq!((state.as_str(), sqlstate.as_str()), ("quarantined", "55P03"), "{error}");
    let (state, sqlstate, error) = fleet.tenant(run, closed).await;
    assert_eq!((state.as_str(), sqlstate.as_str()), ("quarantined", "55000"), "{error}");
    allow(true).await;
    for asked in [blocked, closed] {
        fleet.assert_at(asked, BEFORE).await;
    }

    holder.simple_query("COMMIT").await.unwrap();
    fleet.resume(run).await;
    fleet.wait_for(run, "done").await;
    for asked in [blocked, closed] {
        fleet.assert_at(asked, AFTER).await;
    }
    stop(provisioner).await;
}

#[tokio::test]
async fn hotels_that_sign_up_meanwhile_come_with_the_newest_schema() {
    let mut fleet = Fleet::of(3).await;
    // One of them is being made by a provisioner of the release before.
    let condition = "NEW.provisioning = 'ready'";
    let gate = Gate::close(&fleet.ground, "tenants", "UPDATE", condition).await;
    let older = start_older(&fleet.ground, "older-again").await;
    let straggler = fleet.ground.ask("straggler").await;
    gate.wait_for_arrival().await;
    let provisioner = fleet.ground.start("provisioner").await;
    // Until then the older one leads, and knows no newer schema.
    let sql = "SELECT FROM templates WHERE is_current AND schema_version = $1";
    eventually(SOON, "a template with the newest schema", async || {
        fleet.ground.control.query_opt(sql, &[&AFTER]).await.unwrap()
    })
    .await
    .unwrap();

    let run = fleet.order(&[], 5).await;
    fleet.wait_for_tenants(run, "done", 3).await;
    let sql = "SELECT state FROM fleet_runs WHERE fleet_migration_id = $1";
    let state = fleet.ground.control.query_one(sql, &[&run]).await.unwrap();
    assert_eq!(state.get::<_, &str>(0), "running", "it waits for the straggler");
    gate.open().await;
    fleet.ground.wait_until(straggler, "ready").await;
    let newcomer = fleet.ground.ask("newcomer").await;
    fleet.ground.wait_until(newcomer, "ready").await;
    fleet.wait_for(run, "done").await;

    assert_eq!(fleet.tenants(run).await["done"], 4);
    fleet.hotels.extend([straggler, newcomer]);
    for asked in &fleet.hotels {
        fleet.assert_at(*asked, AFTER).await;
    }
    stop(older).await;
    stop(provisioner).await;
}

#[tokio::test]
async fn a_run_is_cancelled_and_a_hotel_set_aside_keeps_its_schema() {
    let fleet = Fleet::of(5).await;
    let [canary, aside] = [fleet.hotels[0], fleet.hotels[1]];
    fleet.poison(canary).await;
    let provisioner = fleet.ground.start("provisioner").await;
    let control = &fleet.ground.control;

    let cancelled = fleet.order(&[canary], 5).await;
    fleet.wait_for(cancelled, "halted").await;
    let cancel = "UPDATE fleet_migrations SET cancelled_at = now() WHERE id = $1";
    control.execute(cancel, &[&cancelled]).await.unwrap();
    fleet.wait_for(cancelled, "cancelled").await;

    let run = fleet.order(&[canary], 5).await;
    fleet.wait_for(run, "halted").await;
    let set_aside = "UPDATE fleet_migrations SET set_aside = $2, resumes = 1 WHERE id = $1";
    control.execute(set_aside, &[&run, &vec![canary.tenant, aside.tenant]]).await.unwrap();
    fleet.wait_for(run, "done").await;

    let (state, _, error) = fleet.tenant(run, aside).await;
    assert_eq!((state.as_str(), error.as_str()), ("quarantined", "set aside"));
    for asked in [canary, aside] {
        fleet.assert_at(asked, BEFORE).await;
    }
    for asked in &fleet.hotels[2..] {
        fleet.assert_at(*asked, AFTER).await;
    }
    stop(provisioner).await;
}

#[tokio::test]
async fn a_version_that_is_unknown_or_behind_new_tenants_is_refused() {
    let fleet = Fleet::of(1).await;
    let provisioner = fleet.ground.start("provisioner").await;

    for (version, part) in [(999, "unknown here"), (BEFORE, "no schema goes back")] {
        let id = Uuid::new_v4();
        let sql = "INSERT INTO fleet_migrations (id, schema_version) VALUES ($1, $2)";
        fleet.ground.control.execute(sql, &[&id, &version]).await.unwrap();
        fleet.wait_for(id, "halted").await;
        let reason = halt_reason(&fleet, id).await;
        assert!(reason.contains(part), "{reason}");
    }
    fleet.assert_at(fleet.hotels[0], BEFORE).await;
    stop(provisioner).await;
}

#[tokio::test]
async fn a_hotel_that_something_else_is_done_to_is_left_alone_until_that_has_ended() {
    let fleet = Fleet::of(3).await;
    let [busy, _] = fleet.last_two().await;
    let id = Uuid::new_v4();
    let sql = "INSERT INTO operations (id, tenant_id, kind) VALUES ($1, $2, 'move_tenant')";
    fleet.ground.control.execute(sql, &[&id, &busy.tenant]).await.unwrap();
    // The operation stays open: whoever runs moves has no word in this test.
    let hold = fleet.ground.control_again().await;
    hold.query_one("SELECT pg_advisory_lock($1)", &[&id.as_u64_pair().1.cast_signed()])
        .await
        .unwrap();
    let provisioner = fleet.ground.start("provisioner").await;

    let run = fleet.order(&[], 5).await;
    fleet.wait_for_tenants(run, "done", 2).await;
    fleet.assert_at(busy, BEFORE).await;
    let settle = "UPDATE operations SET settled_at = now() WHERE id = $1";
    fleet.ground.control.execute(settle, &[&id]).await.unwrap();
    fleet.wait_for(run, "done").await;

    fleet.assert_at(busy, AFTER).await;
    stop(provisioner).await;
}

async fn halt_reason(fleet: &Fleet, run: Uuid) -> String {
    let sql = "SELECT halt_reason FROM fleet_runs WHERE fleet_migration_id = $1";
    fleet.ground.control.query_one(sql, &[&run]).await.unwrap().get(0)
}
