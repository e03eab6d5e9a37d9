//! Many writers, and readers that come and go: nothing is missed, nothing goes back.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use hotelhub_core::{ids::TenantId, routes::Position};
use platform_tests::client::Signup;
use rand::RngExt as _;
use tokio::task::JoinSet;
use tokio_postgres::Client;

use crate::{ground::Ground, replica::Replica};

const WRITERS: usize = 8;
const READERS: usize = 4;
const EACH: usize = 60;

/// One change of its own or of a shared tenant, whichever way the dice fall.
async fn change(session: &mut Client, writer: usize, number: usize) {
    let dice = rand::rng().random_range(0..6);
    let tenant = TenantId::generate();
    let name = format!("hotel-{writer}-{number}");
    let tx = session.transaction().await.unwrap();
    match dice {
        0 | 1 => {
            let insert = "INSERT INTO tenants (id, slug, company_name, owner_name, owner_email,
                   owner_phone, language, region, status, plan_id, rooms, created_at)
                 SELECT $1, $2, $2, 'Sari', 'sari@example.com', '+62811', 'id', 'ID-BA',
                   'trial', id, 10, now() FROM plans WHERE slug = 'starter'";
            tx.execute(insert, &[&tenant, &name]).await.unwrap();
            let host = "INSERT INTO domains (id, tenant_id, hostname, is_primary, is_verified,
                   ssl_status, created_at)
                 VALUES (gen_random_uuid(), $1, $2, true, true, 'none', now())";
            tx.execute(host, &[&tenant, &format!("{name}.example")]).await.unwrap();
        }
        2 => {
            let rename = "UPDATE tenants SET company_name = $1 WHERE slug = 'mandala'";
            tx.execute(rename, &[&name]).await.unwrap();
        }
        3 => {
            let suspend = "UPDATE tenants SET access =
                   CASE access WHEN 'full' THEN 'essential' ELSE 'full' END
                 WHERE id = (SELECT id FROM tenants ORDER BY random() LIMIT 1)";
            tx.execute(suspend, &[]).await.unwrap();
        }
        4 => {
            // A name goes from one hotel to another. Who takes a name locks the tenant first, as
            // `move_provisioning` does: the other way round the two could wait for each other.
            let lock = "SELECT id FROM tenants ORDER BY random() LIMIT 1 FOR KEY SHARE";
            let taker: TenantId = tx.query_one(lock, &[]).await.unwrap().get(0);
            let release = "UPDATE domains SET released_at = clock_timestamp()
                 WHERE hostname = 'wandering.example' AND released_at IS NULL";
            tx.execute(release, &[]).await.unwrap();
            let take = "INSERT INTO domains (id, tenant_id, hostname, is_primary, is_verified,
                   ssl_status, created_at)
                 SELECT gen_random_uuid(), $1, 'wandering.example', false, true, 'none', now()
                 WHERE NOT EXISTS (SELECT 1 FROM domains
                   WHERE hostname = 'wandering.example' AND released_at IS NULL)
                 ON CONFLICT DO NOTHING";
            tx.execute(take, &[&taker]).await.unwrap();
        }
        _ => {
            let fail = "SELECT move_provisioning(id, to_state) FROM (
                   SELECT id FROM tenants WHERE provisioning = 'pending' AND slug <> 'mandala'
                   ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED) t,
                 unnest(ARRAY['provisioning', 'failed']) to_state";
            tx.query(fail, &[]).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

/// Watches that the position never goes back, until told to stop.
async fn watch(mut replica: Replica, is_over: Arc<AtomicBool>) -> Replica {
    let mut changes = replica.routes.changes();
    let mut last: Position = replica.position();
    while !is_over.load(Ordering::Relaxed) {
        if changes.changed().await.is_err() {
            break;
        }
        let now = replica.position();
        assert_eq!(now.epoch, last.epoch, "nobody restored anything");
        assert!(now.version >= last.version, "{last:?} was followed by {now:?}");
        last = now;
        if rand::rng().random_range(0..4) == 0 {
            replica.cut();
            replica.go_on();
        }
    }
    replica
}

#[tokio::test]
async fn readers_that_come_and_go_end_with_what_many_writers_wrote() {
    let ground = Ground::new().await;
    ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for number in 0..READERS {
        let replica = Replica::start(ground.feed(&format!("{number}.json"), None)).await;
        readers.spawn(watch(replica, Arc::clone(&is_over)));
    }
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let mut session = ground.another_session().await;
        writers.spawn(async move {
            for number in 0..EACH {
                change(&mut session, writer, number).await;
            }
        });
    }
    writers.join_all().await;
    is_over.store(true, Ordering::Relaxed);
    // The last change: every watcher hears of it and ends.
    let last = "UPDATE tenants SET company_name = 'The last' WHERE slug = 'mandala'";
    ground.database.execute(last, &[]).await.unwrap();

    let sql = "SELECT version FROM route_position";
    let version: i64 = ground.database.query_one(sql, &[]).await.unwrap().get(0);
    assert!(version > i64::try_from(WRITERS * EACH / 2).unwrap(), "{version}");
    for replica in readers.join_all().await {
        replica.expect_same(&ground.database, "a reader").await;
        assert_eq!(replica.position().version, version);
    }
}
