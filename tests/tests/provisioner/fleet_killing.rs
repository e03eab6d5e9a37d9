//! kill -9 during a fleet migration: every hotel gets every migration once.

use crate::{
    fleet_ground::{AFTER, Fleet},
    gates::{Gate, wait_for_session},
    ground::stop,
};

#[tokio::test]
async fn a_kill_around_the_commit_in_a_hotel_is_survived() {
    let fleet = Fleet::of(4).await;
    let canary = fleet.hotels[0];
    let mut killed = fleet.ground.start("killed-before").await;

    // Before the commit: the last statement of the migration does not end.
    let inside = fleet.ground.superuser(&fleet.ground.database_of(canary).await).await;
    let trap = "CREATE FUNCTION test_sleep() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN PERFORM pg_sleep(600); RETURN NEW; END $$;
         CREATE TRIGGER test_sleep BEFORE INSERT ON refinery_schema_history
         FOR EACH ROW EXECUTE FUNCTION test_sleep()";
    inside.simple_query(trap).await.unwrap();
    let run = fleet.order(&[canary], 0).await;
    wait_for_session(&fleet.ground, "wait_event = 'PgSleep'").await;
    killed.kill().await.unwrap();
    // Waits until the server has given up the statement of the dead session.
    inside.simple_query("DROP FUNCTION test_sleep() CASCADE").await.unwrap();

    // After the commit, before it is written down; the line is lost, then is written all the same.
    for line_is_lost in [true, false] {
        let condition = "NEW.state = 'done'";
        let gate = Gate::close(&fleet.ground, "fleet_run_tenants", "UPDATE", condition).await;
        let mut killed = fleet.ground.start("killed-after").await;
        gate.wait_for_arrival().await;
        killed.kill().await.unwrap();
        if line_is_lost {
            gate.wait_for_retreat().await;
        }
        gate.open().await;
    }
    let successor = fleet.ground.start("successor").await;
    fleet.wait_for(run, "done").await;

    assert_eq!(fleet.tenants(run).await["done"], 4);
    for asked in &fleet.hotels {
        fleet.assert_at(*asked, AFTER).await;
    }
    stop(successor).await;
}

#[tokio::test]
async fn kills_at_any_moment_of_two_provisioners_are_survived() {
    let fleet = Fleet::of(24).await;
    let mut running = vec![fleet.ground.start("first").await, fleet.ground.start("second").await];

    let run = fleet.order(&[], 0).await;
    for (round, least) in [1, 2, 6, 9, 14, 20].into_iter().enumerate() {
        fleet.wait_for_tenants(run, "done", least).await;
        // The oldest is the one that leads, or stands by after the last kill.
        let mut victim = running.remove(0);
        victim.kill().await.unwrap();
        running.push(fleet.ground.start(&format!("round-{round}")).await);
    }
    fleet.wait_for(run, "done").await;

    assert_eq!(fleet.tenants(run).await["done"], 24);
    for asked in &fleet.hotels {
        fleet.assert_at(*asked, AFTER).await;
    }
    for program in running {
        stop(program).await;
    }
}
