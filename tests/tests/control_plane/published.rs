//! The signed snapshot in object storage, as `serve` publishes it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use hotelhub_core::{route_copy, routes::RoutePage};
use hotelhub_storage::StorageConfig;
use platform_tests::{client::Signup, waiting::eventually};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::time::{Instant, timeout};

use crate::{
    ground::{FEED_TOKEN, Ground, SOON},
    replica::Replica,
};

const BURSTS: usize = 3;

/// A control plane that publishes into a folder.
async fn publishing() -> (Ground, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}", folder.path().display());
    (Ground::with(&[("STORAGE_URL", &url)]).await, folder)
}

fn object(folder: &Path) -> PathBuf {
    folder.join(route_copy::OBJECT)
}

fn published(folder: &Path) -> Option<RoutePage> {
    let bytes = std::fs::read(object(folder)).ok()?;
    route_copy::open(&SecretString::from(FEED_TOKEN), &bytes).ok()
}

async fn wait_for(folder: &Path, what: &str, wanted: impl Fn(&RoutePage) -> bool) -> RoutePage {
    let found = async || published(folder).filter(&wanted);
    eventually(SOON, what, found).await.unwrap()
}

#[tokio::test]
async fn a_change_is_published_within_two_seconds_and_a_burst_of_them_once() {
    let (ground, folder) = publishing().await;
    wait_for(folder.path(), "the first snapshot", |_| true).await;
    ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    wait_for(folder.path(), "the hotel", |it| it.routes.len() == 1).await;

    let mut delays = Vec::new();
    for burst in 1..=BURSTS {
        let rename = "UPDATE tenants SET company_name = $1";
        for number in 1..=100 {
            let name = format!("Hotel {burst}/{number}");
            ground.database.execute(rename, &[&name]).await.unwrap();
        }
        let changed = Instant::now();
        let last = format!("Hotel {burst}/100");
        let has_last = |it: &RoutePage| it.routes[0].company_name == last;
        wait_for(folder.path(), "the last name", has_last).await;
        delays.push(changed.elapsed());
    }
    // Two seconds in truth, and ten if nobody told of the changes; the machine may stand still in one.
    delays.sort_unstable();
    assert!(delays[0] < Duration::from_secs(6), "{delays:?}");
    let left = std::fs::read_dir(folder.path()).unwrap();
    let mut left: Vec<_> = left.map(|it| it.unwrap().file_name()).collect();
    left.sort();
    let whole = [".hotelhub-storage", route_copy::OBJECT];
    assert_eq!(left, whole, "nothing half-written is left");
    let health = ground.site().get("/readyz").await.unwrap().json().unwrap();
    assert_eq!(health["checks"]["storage"], "ok");
}

#[tokio::test]
async fn a_snapshot_that_is_lost_or_forged_is_written_again() {
    let (ground, folder) = publishing().await;
    ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    let first = wait_for(folder.path(), "the hotel", |it| it.routes.len() == 1).await;

    std::fs::remove_file(object(folder.path())).unwrap();
    wait_for(folder.path(), "the lost one", |it| it.position == first.position).await;
    std::fs::write(object(folder.path()), "nonsense").unwrap();
    wait_for(folder.path(), "the forged one", |it| it.position == first.position).await;
}

#[tokio::test]
async fn a_snapshot_that_is_ahead_proves_that_the_database_was_restored() {
    let (ground, folder) = publishing().await;
    ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    let first = wait_for(folder.path(), "the hotel", |it| it.routes.len() == 1).await;

    let set_back = "WITH gone AS (DELETE FROM route_changes) UPDATE route_position SET version = 0";
    ground.database.execute(set_back, &[]).await.unwrap();

    let other = |it: &RoutePage| it.position.epoch != first.position.epoch;
    let fresh = wait_for(folder.path(), "a new epoch", other).await;
    assert_eq!((fresh.position.version, fresh.routes.len()), (0, 1));
}

#[tokio::test]
async fn a_new_replica_starts_from_storage_and_refuses_what_is_not_ours() {
    let (mut ground, folder) = publishing().await;
    ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    wait_for(folder.path(), "the hotel", |it| it.routes.len() == 1).await;
    ground.serving.kill().await.unwrap();
    let storage = || Some(StorageConfig::Folder(folder.path().to_owned()));

    let fresh = Replica::start(ground.feed("fresh.json", storage())).await;
    fresh.expect_same(&ground.database, "a replica from storage").await;

    // It keeps a copy of its own; that one serves when the published one is torn or forged.
    let own = ground.feed("fresh.json", storage()).snapshot_file;
    eventually(SOON, "a copy of its own", async || own.exists().then_some(())).await.unwrap();
    let whole = std::fs::read(object(folder.path())).unwrap();
    let forged = route_copy::seal(&SecretString::from("another"), b"{}");
    for bad in [&whole[..whole.len() / 2], &forged] {
        std::fs::write(object(folder.path()), bad).unwrap();
        let again = Replica::start(ground.feed("fresh.json", storage())).await;
        again.expect_same(&ground.database, "a replica from its disk").await;
    }
    // And the other way round.
    std::fs::write(object(folder.path()), &whole).unwrap();
    std::fs::write(&own, &forged).unwrap();
    let again = Replica::start(ground.feed("fresh.json", storage())).await;
    again.expect_same(&ground.database, "a replica from storage once more").await;
}

/// As many hotels as one platform may have, with a host and a database each.
const HOTELS: &str = "WITH made AS (
       INSERT INTO tenants (id, slug, company_name, owner_name, owner_email, owner_phone, language,
         region, status, plan_id, rooms, created_at)
       SELECT gen_random_uuid(), 'hotel-' || n, 'Hotel ' || n, 'Sari', 'sari@example.com', '+62811',
         'id', 'ID-BA', 'trial', p.id, 10, now()
       FROM generate_series(1, 10000) n, plans p WHERE p.slug = 'starter' RETURNING id, slug)
     INSERT INTO domains (id, tenant_id, hostname, is_primary, is_verified, ssl_status, created_at)
     SELECT gen_random_uuid(), id, slug || '.hotelhub.localhost', true, true, 'none', now() FROM made";

#[tokio::test]
async fn ten_thousand_hotels_are_no_burden() {
    let (mut ground, folder) = publishing().await;
    ground.database.execute(HOTELS, &[]).await.unwrap();
    // A second each in a release build on a machine of its own. What takes the control plane longer
    // than one of its statements may, it never ends.
    let asked = timeout(SOON, Replica::start(ground.feed("asked.json", None))).await.unwrap();
    assert_eq!(asked.routes.all().len(), 10_000);
    wait_for(folder.path(), "all hotels", |it| it.routes.len() == 10_000).await;
    ground.serving.kill().await.unwrap();

    let config = ground.feed("fresh.json", Some(StorageConfig::Folder(folder.path().to_owned())));
    let fresh = timeout(SOON, Replica::start(config)).await.unwrap();

    assert_eq!(fresh.routes.all().len(), 10_000);
}
