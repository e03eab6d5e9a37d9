//! A draining host is emptied, a few moves at a time, whatever happens to the workers.

use platform_tests::client::Site;
use serde_json::json;

use crate::ground::Ground;

/// What a killed worker leaves on the server, for a moment.
const SESSIONS: &str = "SELECT count(*) FROM pg_stat_activity \
                        WHERE application_name LIKE 'control-plane work%'";

const OPEN: &str = "SELECT count(*) FROM operations WHERE kind = 'move_tenant' \
                    AND settled_at IS NULL AND requested_by IS NULL \
                    AND wish = '{\"db_host_id\": null}'";

impl Ground {
    async fn hotels_on_two_hosts(&self, count: usize) {
        for number in 0..count {
            self.open_hotel_on("full", &format!("hotel-{number}")).await;
        }
        self.add_host("empty").await;
        for host in ["full", "empty"] {
            self.add_template(host, 5).await;
        }
    }

    /// The template that a host makes databases from, from now on.
    async fn add_template(&self, host: &str, schema_version: i32) {
        let former = "UPDATE templates SET is_current = false WHERE db_host_id = \
                        (SELECT id FROM db_hosts WHERE name = $1)";
        self.database.execute(former, &[&host]).await.unwrap();
        let sql = "INSERT INTO templates (db_host_id, name, schema_version, checksum, is_current) \
                   SELECT id, 'template_' || $2::int, $2, 'ab', true FROM db_hosts WHERE name = $1";
        self.database.execute(sql, &[&host, &schema_version]).await.unwrap();
    }

    /// Moves the data of every tenant that has an open move, as the provisioner would.
    async fn follow_moves(&self) -> u64 {
        let sql = "WITH moved AS (UPDATE databases d SET db_host_id = h.id, generation = 2 \
                     FROM db_hosts h, operations o \
                     WHERE h.name = 'empty' AND d.state = 'assigned' AND o.tenant_id = d.tenant_id \
                       AND o.kind = 'move_tenant' AND o.settled_at IS NULL \
                   RETURNING o.id), \
                   run AS (INSERT INTO operation_runs (operation_id, state, facts, finished_at) \
                     SELECT id, 'done', '{}', now() FROM moved RETURNING operation_id) \
                   UPDATE operations SET settled_at = now() FROM run WHERE id = operation_id";
        self.database.execute(sql, &[]).await.unwrap()
    }

    /// Every tenant that has an open move stays where it is, its move undone at `ago` from now.
    async fn undo_moves(&self, ago: &str) -> u64 {
        let sql = "WITH run AS (INSERT INTO operation_runs (operation_id, state, facts, finished_at) \
                     SELECT id, 'undone', '{}', now() - $1::text::interval FROM operations \
                     WHERE kind = 'move_tenant' AND settled_at IS NULL RETURNING operation_id) \
                   UPDATE operations SET settled_at = now() FROM run WHERE id = operation_id";
        self.database.execute(sql, &[&ago]).await.unwrap()
    }

    /// Drains the host `full`; gives the site of who did it.
    async fn drain(&self) -> Site {
        let vendor = self.vendor().await;
        let path = "/api/v1/db-hosts/full/drain";
        vendor.post(path, &json!({})).await.unwrap().expect_status(200).unwrap();
        vendor
    }
}

#[tokio::test]
async fn a_host_is_emptied_two_moves_at_a_time_and_past_dead_workers() {
    let ground = Ground::new().await;
    ground.hotels_on_two_hosts(5).await;
    // A tenant to whom something else happens waits.
    let busy = "INSERT INTO operations (id, tenant_id, kind) \
                SELECT gen_random_uuid(), id, 'delete_tenant' FROM tenants WHERE slug = 'hotel-0'";
    ground.database.execute(busy, &[]).await.unwrap();
    let (mut mortal, _other) = (ground.work(), ground.work_beside());
    let vendor = ground.drain().await;
    for _ in 0..2 {
        ground.wait_for_count(OPEN, 2).await;
        mortal.kill().await.unwrap();
        mortal = ground.work();
        assert_eq!(ground.count(OPEN).await, 2);
        assert_eq!(ground.follow_moves().await, 2);
    }
    let settle = "UPDATE operations SET settled_at = now() WHERE kind = 'delete_tenant'";
    ground.database.execute(settle, &[]).await.unwrap();
    ground.wait_for_count(OPEN, 1).await;
    assert_eq!(ground.follow_moves().await, 1);

    let host = vendor.get("/api/v1/db-hosts/full").await.unwrap();
    let host = host.data().unwrap();
    assert_eq!((&host["state"], &host["databases"]), (&json!("draining"), &json!(0)));
    let twice = "SELECT count(*) FROM (SELECT 1 FROM operations WHERE kind = 'move_tenant' \
                 GROUP BY tenant_id HAVING count(*) > 1) t";
    assert_eq!(ground.count(twice).await, 0);
}

#[tokio::test]
async fn a_worker_that_dies_while_it_asks_leaves_nothing_half_asked() {
    let ground = Ground::new().await;
    ground.hotels_on_two_hosts(4).await;
    let mut waiting = ground.another_session().await;
    let held = waiting.transaction().await.unwrap();
    held.batch_execute("LOCK TABLE operations IN SHARE ROW EXCLUSIVE MODE").await.unwrap();
    ground.drain().await;
    let mut worker = ground.work();
    let arrived = "SELECT count(*) FROM pg_locks WHERE relation = 'operations'::regclass \
                   AND NOT granted";
    ground.wait_for_count(arrived, 1).await;

    worker.kill().await.unwrap();
    held.commit().await.unwrap();

    ground.wait_for_count(SESSIONS, 0).await;
    assert_eq!(ground.count(OPEN).await, 0);
    let _successor = ground.work();
    ground.wait_for_count(OPEN, 2).await;
}

#[tokio::test]
async fn a_tenant_whose_move_was_undone_rests_longer_each_time() {
    let ground = Ground::new().await;
    ground.hotels_on_two_hosts(1).await;
    for rest in [30, 60, 120] {
        ground.open_hotel_on("empty", &format!("other-{rest}")).await;
    }
    ground.drain().await;
    let _worker = ground.work();
    // After the first undone move 30 s, after the second 60 s, then 120 s.
    for rest in [30, 60, 120] {
        ground.wait_for_count(OPEN, 1).await;
        assert_eq!(ground.undo_moves(&format!("{} seconds", rest - 20)).await, 1);
        // Another hotel comes, and that it is moved shows that the worker has looked.
        let other = format!("other-{rest}");
        let comes = "UPDATE databases SET db_host_id = (SELECT id FROM db_hosts WHERE name = 'full') \
                     WHERE tenant_id = (SELECT id FROM tenants WHERE slug = $1)";
        ground.database.execute(comes, &[&other]).await.unwrap();
        ground.wait_for_count(OPEN, 1).await;
        let sql = format!("{OPEN} AND tenant_id = (SELECT id FROM tenants WHERE slug = '{other}')");
        assert_eq!(ground.count(&sql).await, 1);
        ground.follow_moves().await;
        let later = "UPDATE operation_runs SET finished_at = finished_at - interval '20 seconds' \
                     WHERE state = 'undone'";
        ground.database.execute(later, &[]).await.unwrap();
    }
    ground.wait_for_count(OPEN, 1).await;
}

#[tokio::test]
async fn hotels_that_cannot_move_take_nobodys_place() {
    let ground = Ground::new().await;
    ground.hotels_on_two_hosts(4).await;
    // Those that come first stayed behind; their schema is made where they are, and on a server that
    // takes nobody.
    let older = "UPDATE databases SET schema_version = 4 WHERE tenant_id IN \
                   (SELECT id FROM tenants ORDER BY id LIMIT 2)";
    assert_eq!(ground.database.execute(older, &[]).await.unwrap(), 2);
    ground.add_host("closed").await;
    ground.add_template("full", 4).await;
    ground.add_template("closed", 4).await;
    let close = "UPDATE db_hosts SET state = 'cordoned' WHERE name = 'closed'";
    ground.database.execute(close, &[]).await.unwrap();
    ground.drain().await;
    let _worker = ground.work();

    ground.wait_for_count(OPEN, 2).await;
    let behind = "SELECT count(*) FROM operations o JOIN databases d USING (tenant_id) \
                  WHERE o.kind = 'move_tenant' AND d.schema_version = 4";
    assert_eq!(ground.count(behind).await, 0);

    // Once the fleet migration has reached them, they go too.
    assert_eq!(ground.follow_moves().await, 2);
    let migrated = "UPDATE databases SET schema_version = 5";
    ground.database.execute(migrated, &[]).await.unwrap();
    ground.wait_for_count(OPEN, 2).await;
}

#[tokio::test]
async fn a_host_that_is_no_longer_draining_keeps_who_is_left() {
    let ground = Ground::new().await;
    ground.hotels_on_two_hosts(4).await;
    let _worker = ground.work();
    ground.add_host("next").await;
    ground.add_template("next", 5).await;
    let vendor = ground.drain().await;
    ground.wait_for_count(OPEN, 2).await;
    for (host, action) in [("full", "cordon"), ("empty", "drain")] {
        let path = format!("/api/v1/db-hosts/{host}/{action}");
        vendor.post(&path, &json!({})).await.unwrap().expect_status(200).unwrap();
    }

    assert_eq!(ground.follow_moves().await, 2);

    // Those that came are moved on, from the host that drains now: so the worker has looked.
    ground.wait_for_count(OPEN, 2).await;
    let left = "SELECT count(*) FROM databases d JOIN db_hosts h ON h.id = d.db_host_id \
                WHERE h.name = 'full' AND NOT EXISTS \
                  (SELECT 1 FROM operations o WHERE o.tenant_id = d.tenant_id \
                   AND o.kind = 'move_tenant')";
    assert_eq!(ground.count(left).await, 2);
}
