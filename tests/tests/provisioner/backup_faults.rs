//! Object storage that is away, full, or has lost something: hotels work on, nothing half-made is
//! called a backup, and what failed is tried again.

use std::time::Duration;

use platform_tests::{postgres::Preset, waiting::eventually};
use serde_json::json;

use crate::{
    ground::{SOON, stop},
    shelf::Shelf,
};

/// A folder that nobody can write to, not even root: it is a file.
fn take_storage_away(shelf: &Shelf) {
    let storage = shelf.two.ground.storage();
    let tenants = storage.join("tenants");
    std::fs::create_dir_all(&storage).unwrap();
    if tenants.exists() {
        std::fs::rename(&tenants, storage.join("away")).unwrap();
    }
    std::fs::write(tenants, b"").unwrap();
}

fn bring_storage_back(shelf: &Shelf) {
    let storage = shelf.two.ground.storage();
    std::fs::remove_file(storage.join("tenants")).unwrap();
    if storage.join("away").exists() {
        std::fs::rename(storage.join("away"), storage.join("tenants")).unwrap();
    }
}

#[tokio::test]
async fn a_backup_waits_for_a_storage_that_is_away() {
    let shelf = Shelf::new(Preset::Fast).await;
    take_storage_away(&shelf);
    let asked = shelf.two.ask(shelf.hotel.tenant, "backup_tenant", json!({})).await;
    let provisioner = shelf.two.ground.start("worker").await;
    shelf.two.wait_for_error(asked, "STORAGE_URL").await;
    assert_eq!(shelf.count("SELECT count(*) FROM backups WHERE state = 'kept'").await, 0);
    bring_storage_back(&shelf);
    shelf.two.wait_until(asked, "done").await;
    stop(provisioner).await;
    shelf.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_night_whose_backup_failed_is_tried_again_and_seen() {
    let shelf = Shelf::new(Preset::Fast).await;
    let ground = &shelf.two.ground;
    let provisioner = ground.start("nights").await;
    let turns = "SELECT count(*) FROM backup_turns";
    eventually(SOON, "a turn", async || (shelf.count(turns).await == 1).then_some(()))
        .await
        .unwrap();
    take_storage_away(&shelf);
    ground.set_clock_ahead(28);
    let failing = "SELECT count(*) FROM backup_turns WHERE failures > 0
         AND last_error LIKE '%STORAGE_URL%' AND failing_since IS NOT NULL";
    eventually(SOON, "the failure", async || (shelf.count(failing).await == 1).then_some(()))
        .await
        .unwrap();
    bring_storage_back(&shelf);
    // Its wait is over.
    ground.set_clock_ahead(30);
    let made = "SELECT count(*) FROM backups b JOIN backup_turns t USING (tenant_id)
         WHERE b.state = 'kept' AND b.kind = 'nightly' AND t.failures = 0";
    eventually(SOON, "the backup", async || (shelf.count(made).await == 1).then_some(()))
        .await
        .unwrap();
    stop(provisioner).await;
    shelf.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_restore_whose_backup_is_damaged_changes_nothing() {
    let shelf = Shelf::new(Preset::Fast).await;
    let place = shelf.two.place(shelf.hotel.tenant).await;
    let backup = shelf.back_up().await;
    let mut bytes = std::fs::read(shelf.object_of(backup)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(shelf.object_of(backup), &bytes).unwrap();
    for end in ["swap", "preview"] {
        let wish = json!({ "backup_id": backup, "end": end });
        let run = shelf.done("restore_tenant", wish, "undone").await;
        assert!(run["last_error"].as_str().unwrap().contains("damaged or changed"), "{run}");
    }
    assert_eq!(shelf.two.place(shelf.hotel.tenant).await, place);
    std::fs::remove_file(shelf.object_of(backup)).unwrap();
    let wish = json!({ "backup_id": backup, "end": "swap" });
    let run = shelf.done("restore_tenant", wish, "undone").await;
    assert!(run["last_error"].as_str().unwrap().contains("object storage has no"), "{run}");
    shelf.two.assert_untouched(shelf.hotel.tenant).await;
}

#[tokio::test]
async fn a_restore_that_has_switched_waits_with_the_old_copy_until_it_is_backed_up() {
    let shelf = Shelf::new(Preset::Fast).await;
    let tenant = shelf.hotel.tenant;
    let backup = shelf.back_up().await;
    let generation = shelf.two.place(tenant).await.generation;
    let gate = crate::gates::Gate::before_step(&shelf.two.ground, "back_up_old").await;
    let wish = json!({ "backup_id": backup, "end": "swap" });
    let asked = shelf.two.ask(tenant, "restore_tenant", wish).await;
    let provisioner = shelf.two.ground.start("worker").await;
    gate.wait_for_arrival().await;
    take_storage_away(&shelf);
    gate.open().await;
    shelf.two.wait_for_error(asked, "STORAGE_URL").await;
    assert_eq!(shelf.two.place(tenant).await.generation, generation + 1, "the hotel works");
    assert_eq!(shelf.count("SELECT count(*) FROM databases WHERE state = 'retired'").await, 1);
    bring_storage_back(&shelf);
    shelf.two.wait_until(asked, "done").await;
    stop(provisioner).await;
    let kept = "SELECT count(*) FROM backups WHERE kind = 'before_restore' AND state = 'kept'";
    assert_eq!(shelf.count(kept).await, 1);
    shelf.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_platform_without_storage_says_so() {
    let shelf = Shelf::new(Preset::Fast).await;
    let launch = shelf.two.ground.launch("bare", "run").env("STORAGE_URL", "");
    let provisioner = shelf.two.ground.started(&launch).await;
    assert!(provisioner.printed().contains("STORAGE_URL is not set: no tenant is backed up"));
    let asked = shelf.two.ask(shelf.hotel.tenant, "backup_tenant", json!({})).await;
    shelf.two.wait_until(asked, "undone").await;
    let run = shelf.run_of(asked).await;
    assert_eq!(run["last_error"], "STORAGE_URL of the provisioner is not set");
    tokio::time::timeout(Duration::from_secs(60), stop(provisioner)).await.unwrap();
}
