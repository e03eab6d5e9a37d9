//! Databases that wait for a signup: made, handed out, shared, thrown away; and what a signup does
//! without one.

use platform_tests::{postgres::Preset, waiting::eventually};

use crate::{
    gates::{Gate, template_name},
    ground::{Asked, Ground, SOON, stop},
    killing::assert_every_hotel_is_whole,
};

/// As if the warm copies had been made from another template.
const FROM_ANOTHER: &str =
    "UPDATE databases SET template = 'template_0_other' WHERE state = 'warm'";

#[tokio::test]
async fn a_warm_signup_makes_only_what_is_its_own_and_is_as_whole_as_a_cold_one() {
    let ground = Ground::new(Preset::Fast).await;
    let provisioner = ground.start("without").await;
    template_name(&ground).await;
    let cold = ground.ask("cold").await;
    ground.wait_until(cold, "ready").await;
    stop(provisioner).await;
    let provisioner = ground.started(&ground.launch_pooled("with", (2, 2))).await;
    ground.wait_for_pool(2).await;

    let warm = ground.ask("warm").await;
    ground.wait_until(warm, "ready").await;

    assert_eq!(states(&ground, cold).await, "done done done done done skipped done done done done");
    assert_eq!(
        states(&ground, warm).await,
        "done skipped skipped skipped done skipped done done skipped done"
    );
    assert_eq!(shape(&ground, warm).await, shape(&ground, cold).await);
    assert_every_hotel_is_whole(&ground).await;
    for asked in [cold, warm] {
        let own = ground.database_of(asked).await;
        let url = ground.tenant_url(asked, &own).await;
        let hotel = platform_tests::postgres::connect(&url).await.unwrap();
        let sql = "SELECT database_id::text, access FROM tenant_identity";
        let identity = hotel.query_one(sql, &[]).await.unwrap();
        let row = ground
            .control
            .query_one(
                "SELECT d.id::text, d.access, d.schema_version, d.generation, r.db_host_id IS NOT NULL
                 FROM databases d JOIN routes r ON r.database_id = d.id WHERE d.tenant_id = $1",
                &[&asked.tenant],
            )
            .await
            .unwrap();
        assert_eq!(identity.get::<_, &str>(0), row.get::<_, &str>(0));
        assert_eq!(identity.get::<_, &str>(1), row.get::<_, &str>(1));
        assert_eq!(row.get::<_, i32>(2), migrations::tenant_head());
        assert_eq!((row.get::<_, i32>(3), row.get::<_, bool>(4)), (1, true));
    }
    // What was handed out is made anew.
    ground.wait_for_pool(2).await;
    stop(provisioner).await;
    ground.assert_nothing_stray().await;
}

#[tokio::test]
async fn the_pool_follows_the_signups_of_the_last_minutes_within_its_bounds() {
    let ground = Ground::new(Preset::Fast).await;
    let provisioner = ground.started(&ground.launch_pooled("provisioner", (1, 3))).await;
    ground.wait_for_pool(1).await;

    for number in 0..2 {
        let asked = ground.ask(&format!("hotel-{number}")).await;
        ground.wait_until(asked, "ready").await;
    }
    ground.wait_for_pool(2).await;
    for number in 2..6 {
        let asked = ground.ask(&format!("hotel-{number}")).await;
        ground.wait_until(asked, "ready").await;
    }

    ground.wait_for_pool(3).await;
    stop(provisioner).await;
    ground.assert_nothing_stray().await;
}

#[tokio::test]
async fn two_provisioners_share_a_pool_and_a_burst_empties_it_to_the_cold_path() {
    let ground = Ground::new(Preset::Fast).await;
    let one = ground.started(&ground.launch_pooled("one", (6, 6))).await;
    let two = ground.started(&ground.launch_pooled("two", (6, 6))).await;
    ground.wait_for_pool(6).await;

    // At one moment: between two of them the pool would be filled again.
    ground.control.simple_query("BEGIN").await.unwrap();
    let mut all = Vec::new();
    for number in 0..16 {
        all.push(ground.ask(&format!("hotel-{number}")).await);
    }
    ground.control.simple_query("COMMIT").await.unwrap();
    for asked in &all {
        ground.wait_until(*asked, "ready").await;
    }

    let sql = "SELECT count(*) FILTER (WHERE state = 'skipped'),
           count(*) FILTER (WHERE state = 'done') FROM operation_steps
         WHERE name = 'create_database'";
    let row = ground.control.query_one(sql, &[]).await.unwrap();
    assert!(row.get::<_, i64>(0) >= 6, "whoever could got a warm one: {row:?}");
    assert!(row.get::<_, i64>(1) > 0, "the others were served all the same: {row:?}");
    ground.wait_for_pool(6).await;
    assert_every_hotel_is_whole(&ground).await;
    stop(one).await;
    stop(two).await;
    ground.assert_nothing_stray().await;
}

#[tokio::test]
async fn copies_of_a_template_that_was_replaced_are_thrown_away() {
    let ground = Ground::new(Preset::Fast).await;
    let provisioner = ground.started(&ground.launch_pooled("provisioner", (2, 2))).await;
    ground.wait_for_pool(2).await;
    let before = warm_ids(&ground).await;

    ground.control.execute(FROM_ANOTHER, &[]).await.unwrap();

    eventually(SOON, "other copies", async || {
        let now = warm_ids(&ground).await;
        (now.len() == 2 && now.iter().all(|it| !before.contains(it))).then_some(())
    })
    .await
    .unwrap();
    ground.wait_for_pool(2).await;
    stop(provisioner).await;
    ground.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_cordoned_server_loses_its_warm_copies_and_the_others_take_over() {
    let mut ground = Ground::with_two_servers(Preset::Fast).await;
    let urls = ground.server.urls().unwrap();
    let second = ground.add_database_server("second", urls, 1_000).await;
    let first = ground.hosts[0].0;
    let builder = ground.start("builder").await;
    wait_for_template(&ground, first).await;
    wait_for_template(&ground, second).await;
    stop(builder).await;
    let provisioner = ground.started(&ground.launch_pooled("provisioner", (4, 4))).await;
    wait_for_spread(&ground, [first, second]).await;
    ground.wait_for_pool(4).await;

    set_state(&ground, first, "cordoned").await;

    eventually(SOON, "the cordoned server to be empty", async || {
        let sql = "SELECT 1 FROM databases WHERE db_host_id = $1";
        ground.control.query(sql, &[&first]).await.unwrap().is_empty().then_some(())
    })
    .await
    .unwrap();
    ground.wait_for_pool(4).await;
    let asked = ground.ask("elsewhere").await;
    ground.wait_until(asked, "ready").await;
    assert_ne!(host_of(&ground, asked).await, first);
    ground.wait_for_pool(4).await;
    stop(provisioner).await;
    ground.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_signup_whose_server_is_away_goes_to_another_warm_or_cold() {
    let mut ground = Ground::with_two_servers(Preset::Durable).await;
    let provisioner = ground.started(&ground.launch_pooled("provisioner", (2, 2))).await;
    ground.wait_for_pool(2).await;
    let urls = ground.server.urls().unwrap();
    let first = ground.hosts[0].0;
    let second = ground.add_database_server("second", urls, 500).await;
    set_state(&ground, second, "cordoned").await;
    wait_for_template(&ground, second).await;

    // One that was given a copy there, one that finds out or knows, and one more.
    let gate = Gate::before_step(&ground, "write_identity").await;
    let mut all = vec![ground.ask("moved-0").await];
    gate.wait_for_arrival().await;
    set_state(&ground, second, "active").await;
    ground.tenants_server.as_mut().unwrap().stop_immediately().await.unwrap();
    gate.open().await;
    for number in 1..3 {
        all.push(ground.ask(&format!("moved-{number}")).await);
    }
    for asked in &all {
        ground.wait_until(*asked, "ready").await;
        assert_eq!(host_of(&ground, *asked).await, second);
    }
    let left = "SELECT count(*) FROM databases WHERE db_host_id = $1 AND state = 'discarding'";
    let left: i64 = ground.control.query_one(left, &[&first]).await.unwrap().get(0);
    assert!(left > 0, "what was claimed there is on record");

    ground.tenants_server.as_mut().unwrap().start().await.unwrap();
    eventually(SOON, "what was left behind to be dropped", async || {
        let sql = "SELECT count(*) FROM databases WHERE state = 'discarding'";
        (ground.control.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) == 0).then_some(())
    })
    .await
    .unwrap();
    // The survivors of the first server, or newer ones: all of the pool is its share by its room. The
    // second one may have some of its own.
    eventually(SOON, "the pool to be at rest", async || {
        let sql = "SELECT count(*) FILTER (WHERE state NOT IN ('warm', 'assigned')),
               count(*) FILTER (WHERE state = 'warm' AND db_host_id = $1) FROM databases";
        let row = ground.control.query_one(sql, &[&first]).await.unwrap();
        (row.get::<_, i64>(0) == 0 && row.get::<_, i64>(1) >= 2).then_some(())
    })
    .await
    .unwrap();
    stop(provisioner).await;
    ground.assert_nothing_stray().await;
    // The control server holds the second one's hotels.
    ground.tenants_server = None;
    assert_every_hotel_is_whole(&ground).await;
}

#[tokio::test]
async fn a_full_server_takes_not_one_more() {
    let ground = Ground::new(Preset::Fast).await;
    ground.control.execute("UPDATE db_hosts SET max_databases = 5", &[]).await.unwrap();
    let one = ground.started(&ground.launch_pooled("one", (3, 3))).await;
    let two = ground.started(&ground.launch_pooled("two", (3, 3))).await;
    ground.wait_for_pool(3).await;

    let mut all = Vec::new();
    for number in 0..8 {
        all.push(ground.ask(&format!("hotel-{number}")).await);
    }

    let sql = "SELECT count(*) FILTER (WHERE state = 'assigned'), count(*),
           (SELECT count(*) FROM operation_runs WHERE last_error LIKE '%no database server%')
         FROM databases";
    eventually(SOON, "the server to be full", async || {
        let row = ground.control.query_one(sql, &[]).await.unwrap();
        assert!(row.get::<_, i64>(1) <= 5, "{row:?}");
        (row.get::<_, i64>(0) == 5 && row.get::<_, i64>(2) == 3).then_some(())
    })
    .await
    .unwrap();
    ground.control.execute("UPDATE db_hosts SET max_databases = 9", &[]).await.unwrap();
    for asked in all {
        ground.wait_until(asked, "ready").await;
    }
    stop(one).await;
    stop(two).await;
}

/// Waits until both servers have two warm copies, as their room says. A look at which only one of them
/// had been seen puts more there, and they stay: then others are made in the place of all.
async fn wait_for_spread(ground: &Ground, hosts: [uuid::Uuid; 2]) {
    eventually(SOON, "a pool that is spread by room", async || {
        let spread = [warm_on(ground, hosts[0]).await, warm_on(ground, hosts[1]).await];
        if spread.iter().any(|it| *it > 2) {
            ground.control.execute(FROM_ANOTHER, &[]).await.unwrap();
        }
        (spread == [2, 2]).then_some(())
    })
    .await
    .unwrap();
}

async fn wait_for_template(ground: &Ground, host: uuid::Uuid) {
    let sql = "SELECT 1 FROM templates WHERE db_host_id = $1 AND is_current";
    eventually(SOON, "a template", async || {
        (!ground.control.query(sql, &[&host]).await.unwrap().is_empty()).then_some(())
    })
    .await
    .unwrap();
}

/// How each step ended, in order.
async fn states(ground: &Ground, asked: Asked) -> String {
    let sql = "SELECT string_agg(state, ' ' ORDER BY position) FROM operation_steps
         WHERE operation_id = $1";
    ground.control.query_one(sql, &[&asked.operation]).await.unwrap().get(0)
}

/// All that a hotel's database and login role are, beside what is in its tables.
async fn shape(ground: &Ground, asked: Asked) -> String {
    let name = ground.database_of(asked).await;
    let inside = ground.superuser(&name).await;
    let sql = "SELECT concat_ws(chr(10),
           (SELECT string_agg(concat_ws(' ', relname, relkind, relacl, relowner::regrole),
              chr(10) ORDER BY relname)
            FROM pg_class WHERE relnamespace = 'public'::regnamespace),
           (SELECT concat_ws(' ', datacl, datallowconn, datistemplate, datdba::regrole, datconnlimit)
            FROM pg_database WHERE datname = $1),
           (SELECT concat_ws(' ', rolcanlogin, rolinherit, rolconnlimit, rolcreatedb,
              rolcreaterole, rolsuper, rolreplication,
              (SELECT setconfig FROM pg_db_role_setting WHERE setrole = r.oid),
              (SELECT array_agg(roleid::regrole) FROM pg_auth_members WHERE member = r.oid))
            FROM pg_roles r WHERE rolname = $1))";
    let text: String = inside.query_one(sql, &[&name]).await.unwrap().get(0);
    text.replace(&name, "its name")
}

async fn set_state(ground: &Ground, host: uuid::Uuid, state: &str) {
    let sql = "UPDATE db_hosts SET state = $2 WHERE id = $1";
    ground.control.execute(sql, &[&host, &state]).await.unwrap();
}

async fn warm_ids(ground: &Ground) -> Vec<uuid::Uuid> {
    let sql = "SELECT id FROM databases WHERE state = 'warm'";
    ground.control.query(sql, &[]).await.unwrap().iter().map(|it| it.get(0)).collect()
}

async fn warm_on(ground: &Ground, host: uuid::Uuid) -> i64 {
    let sql = "SELECT count(*) FROM databases WHERE state = 'warm' AND db_host_id = $1";
    ground.control.query_one(sql, &[&host]).await.unwrap().get(0)
}

async fn host_of(ground: &Ground, asked: Asked) -> uuid::Uuid {
    let sql = "SELECT db_host_id FROM databases WHERE tenant_id = $1 AND state = 'assigned'";
    ground.control.query_one(sql, &[&asked.tenant]).await.unwrap().get(0)
}
