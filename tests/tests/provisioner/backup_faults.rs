//! Object storage that is away, full, or has lost something: hotels work on, nothing half-made is
//! called a backup, and what failed is tried again.

use std::{path::PathBuf, time::Duration};

use platform_tests::{client::Site, ports, postgres::Preset, waiting::eventually};
use serde_json::json;
use uuid::Uuid;

use crate::{
    gates::Gate,
    ground::{SOON, stop},
    shelf::Shelf,
};

/// As when its disk is not mounted any more; to be called while a provisioner runs.
fn take_storage_away(shelf: &Shelf) {
    std::fs::rename(shelf.two.ground.storage(), elsewhere(shelf)).unwrap();
}

fn bring_storage_back(shelf: &Shelf) {
    let storage = shelf.two.ground.storage();
    assert!(!storage.exists(), "nobody makes the folder anew");
    std::fs::rename(elsewhere(shelf), storage).unwrap();
}

/// Where the storage is while it is away.
fn elsewhere(shelf: &Shelf) -> PathBuf {
    shelf.two.ground.storage().with_extension("away")
}

#[tokio::test]
async fn a_backup_waits_for_a_storage_that_is_away() {
    let shelf = Shelf::new(Preset::Fast).await;
    let provisioner = shelf.two.ground.start("worker").await;
    take_storage_away(&shelf);
    let asked = shelf.two.ask(shelf.hotel.tenant, "backup_tenant", json!({})).await;
    shelf.two.wait_for_error(asked, "mount it again").await;
    assert_eq!(shelf.count("SELECT count(*) FROM backups WHERE state = 'kept'").await, 0);
    bring_storage_back(&shelf);
    shelf.two.wait_until(asked, "done").await;
    stop(provisioner).await;
    shelf.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_storage_that_is_away_has_lost_nothing_and_forgets_nothing() {
    let shelf = Shelf::new(Preset::Fast).await;
    let ground = &shelf.two.ground;
    // The provisioner that makes the backup may be at work for longer than drills wait.
    let alter = async |what| ground.control.simple_query(what).await.map(drop).unwrap();
    alter("ALTER TABLE restore_drills ADD CONSTRAINT none_yet CHECK (false)").await;
    let kept = shelf.back_up().await;
    alter("ALTER TABLE restore_drills DROP CONSTRAINT none_yet").await;
    let gate = Gate::close(ground, "restore_drills", "INSERT", "true").await;
    let provisioner = ground.start("keeper").await;
    gate.wait_for_arrival().await;
    take_storage_away(&shelf);
    let (old, tenant) = (Uuid::new_v4(), shelf.hotel.tenant);
    let object = format!("tenants/{tenant}/backups/{old}.zip");
    std::fs::write(elsewhere(&shelf).join(&object), b"old").unwrap();
    let expire = "INSERT INTO backups (id, tenant_id, kind, state, database_id, object_name)
         VALUES ($1, $2, 'manual', 'expiring', gen_random_uuid(), $3)";
    ground.control.execute(expire, &[&old, &tenant, &object]).await.unwrap();
    gate.open().await;

    // A drill whose bundle cannot be had says nothing about the backup.
    let broken = "SELECT count(*) FROM restore_drills
         WHERE state = 'broken_off' AND error LIKE '%STORAGE_URL%'";
    let broken_off = async || (shelf.count(broken).await == 1).then_some(());
    eventually(SOON, "the drill to break off", broken_off).await.unwrap();
    // What could not be deleted is not forgotten.
    let refused =
        async || provisioner.printed().contains("cannot delete old backups").then_some(());
    eventually(SOON, "the expiry to fail", refused).await.unwrap();
    assert_eq!(shelf.count("SELECT count(*) FROM backups").await, 2);

    bring_storage_back(&shelf);
    let gone = async || (shelf.count("SELECT count(*) FROM backups").await == 1).then_some(());
    eventually(SOON, "the old backup to go", gone).await.unwrap();
    stop(provisioner).await;
    assert_eq!(shelf.objects(), [shelf.object_of(kept)]);
    assert_eq!(shelf.count("SELECT count(*) FROM restore_drills WHERE state = 'failed'").await, 0);
    shelf.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_machine_that_came_up_without_its_disk_keeps_nothing_in_its_place() {
    let shelf = Shelf::new(Preset::Fast).await;
    let ground = &shelf.two.ground;
    shelf.back_up().await;
    take_storage_away(&shelf);
    let provisioner = ground.start("keeper").await;
    let asked = shelf.two.ask(shelf.hotel.tenant, "backup_tenant", json!({})).await;
    shelf.two.wait_for_error(asked, "mount it again").await;
    let said = provisioner.printed();
    assert!(said.contains("ALARM: the folder of STORAGE_URL is not the one"), "{said}");
    assert!(ground.storage().exists(), "it made a folder where it found none");
    assert!(shelf.objects().is_empty(), "and put nothing into it");

    std::fs::remove_dir_all(ground.storage()).unwrap();
    bring_storage_back(&shelf);
    shelf.two.wait_until(asked, "done").await;
    stop(provisioner).await;
    assert_eq!(shelf.count("SELECT count(*) FROM backups WHERE state = 'kept'").await, 2);
    assert_eq!(shelf.objects().len(), 2);
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
async fn overdue_backups_are_counted_also_while_all_who_make_them_are_stuck() {
    let shelf = Shelf::new(Preset::Fast).await;
    let ground = &shelf.two.ground;
    let late = "UPDATE tenants SET ready_at = now() - interval '27 hours'";
    ground.control.execute(late, &[]).await.unwrap();
    let due = "INSERT INTO backup_turns (tenant_id, due_at) SELECT id, now() FROM tenants
         ON CONFLICT (tenant_id) DO UPDATE SET due_at = excluded.due_at";
    ground.control.execute(due, &[]).await.unwrap();
    let gate = Gate::close(ground, "backups", "INSERT", "true").await;
    let port = ports::free().unwrap();
    let launch = ground.launch("nights", "run").env("BACKUP_CONCURRENCY", "1");
    let launch = launch.env("METRICS_LISTEN", format!("127.0.0.1:{port}"));
    let provisioner = ground.started(&launch).await;
    gate.wait_for_arrival().await;
    let site = Site::new(port, "localhost").unwrap();
    let told = async |count: &str| {
        let said = async || {
            let page = site.get("/metrics").await.ok()?.body;
            let is_told = |it: &str| {
                it.rsplit_once(' ').is_some_and(|(name, value)| {
                    name.split('{').next() == Some("backups_overdue") && value == count
                })
            };
            page.lines().any(is_told).then_some(())
        };
        eventually(SOON, "the count of overdue backups", said).await.unwrap();
    };
    told("1").await;
    assert_eq!(shelf.count("SELECT count(*) FROM backups").await, 0);
    gate.open().await;
    // Its wait is over, if it has one.
    ground.set_clock_ahead(2);
    told("0").await;
    stop(provisioner).await;
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
    let gate = Gate::before_step(&shelf.two.ground, "back_up_old").await;
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
    stop(provisioner).await;
}

#[tokio::test]
async fn what_belongs_to_nothing_on_record_goes_in_its_time() {
    let shelf = Shelf::new(Preset::Fast).await;
    let kept = shelf.back_up().await;
    let whole = shelf.object_of(kept);
    let bundle = std::fs::read(&whole).unwrap();
    let folder = shelf.two.ground.storage().join(format!("tenants/{}", shelf.hotel.tenant));
    let put = |name: &str, days: u64| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, b"x").unwrap();
        let then = std::time::SystemTime::now() - Duration::from_secs(days * 86_400 + 60);
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(then).unwrap();
        path
    };
    let backup = put("backups/01970000-0000-7000-8000-000000000001.zip", 300);
    let young = put("backups/01970000-0000-7000-8000-000000000004.zip", 300);
    let old = [
        put("imports/01970000-0000-7000-8000-000000000002.zip", 1),
        put("copies/01970000-0000-7000-8000-000000000003/logo.png", 1),
        // What a try wrote that was given up meanwhile.
        put(&format!("backups/{kept}-0123.zip"), 1),
    ];
    let others = [
        put("imports/01970000-0000-7000-8000-000000000005.zip", 0),
        // The hotel's own, whatever they are called.
        put("files/imports/logo.png", 9),
        put("files/backups/logo.png", 9),
        whole,
        put(&format!("backups/{kept}-4567.zip"), 0),
        // Another platform's, or all that is left of a lost one.
        put("../01970000-0000-7000-8000-000000000006/backups/monthly.zip", 300),
        put("../01970000-0000-7000-8000-000000000006/imports/bundle.zip", 300),
        put("../elsewhere/backups/monthly.zip", 300),
    ];
    // One that was brought long ago for an operation that has not come to it.
    let wish = shelf.bring(&bundle, "preview");
    let upload = put(&format!("imports/{}.zip", wish["upload_id"].as_str().unwrap()), 3);
    std::fs::write(&upload, &bundle).unwrap();
    let then = std::time::SystemTime::now() - Duration::from_secs(3 * 86_400);
    std::fs::File::options().write(true).open(&upload).unwrap().set_modified(then).unwrap();
    let gate = Gate::before_step(&shelf.two.ground, "load").await;
    let asked = shelf.two.ask(shelf.hotel.tenant, "restore_tenant", wish).await;
    let provisioner = shelf.two.ground.start("sweeper").await;
    let swept = async || old.iter().all(|it| !it.exists()).then_some(());
    eventually(SOON, "the strays to go", swept).await.unwrap();
    // However old a backup is, its month begins when it is first seen to be on no record.
    let known = "SELECT count(*) FROM stray_backups WHERE first_seen > now() - interval '1 hour'";
    assert_eq!(shelf.count(known).await, 2);
    assert!(backup.exists() && young.exists() && others.iter().all(|it| it.exists()));
    assert!(upload.exists(), "an operation is about it");
    gate.open().await;
    shelf.two.wait_until(asked, "done").await;
    assert!(!upload.exists());
    stop(provisioner).await;

    let back = put("backups/01970000-0000-7000-8000-000000000007.zip", 300);
    let age = "UPDATE stray_backups SET first_seen = first_seen - CASE
           WHEN object_name LIKE '%000000000001.zip' THEN interval '30 days' ELSE interval '29 days'
         END";
    shelf.two.ground.control.execute(age, &[]).await.unwrap();
    let provisioner = shelf.two.ground.start("sweeper").await;
    let swept = async || (!backup.exists()).then_some(());
    eventually(SOON, "the stray whose month is over to go", swept).await.unwrap();
    let found =
        async || (shelf.count("SELECT count(*) FROM stray_backups").await == 3).then_some(());
    eventually(SOON, "the new stray to be seen", found).await.unwrap();
    stop(provisioner).await;
    assert!(young.exists() && back.exists() && others.iter().all(|it| it.exists()));
    // What is gone, or on record again, is forgotten.
    std::fs::remove_file(&young).unwrap();
    let record = "INSERT INTO backups (id, tenant_id, kind, state, database_id, schema_version,
           taken_at, rows, bytes, sha256, object_name)
         SELECT '01970000-0000-7000-8000-000000000007', id, 'manual', 'kept', gen_random_uuid(), 1,
           now(), 0, 0, '', 'tenants/' || id || '/backups/01970000-0000-7000-8000-000000000007.zip'
         FROM tenants";
    shelf.two.ground.control.execute(record, &[]).await.unwrap();
    let provisioner = shelf.two.ground.start("sweeper").await;
    let forgotten =
        async || (shelf.count("SELECT count(*) FROM stray_backups").await == 0).then_some(());
    eventually(SOON, "the strays to be forgotten", forgotten).await.unwrap();
    stop(provisioner).await;
    assert!(back.exists());
}

#[tokio::test]
async fn a_backup_waits_for_a_migration_and_does_not_read_beside_it() {
    let shelf = Shelf::new(Preset::Fast).await;
    let migration = shelf.two.inside(shelf.hotel.tenant).await;
    let begin = "BEGIN; LOCK TABLE rooms IN ACCESS EXCLUSIVE MODE";
    migration.simple_query(begin).await.unwrap();
    let asked = shelf.two.ask(shelf.hotel.tenant, "backup_tenant", json!({})).await;
    let provisioner = shelf.two.ground.start("worker").await;
    shelf.two.wait_for_error(asked, "lock timeout").await;
    let change = "UPDATE rooms SET number = number || 'B'; COMMIT";
    migration.simple_query(change).await.unwrap();
    shelf.two.wait_until(asked, "done").await;
    stop(provisioner).await;
}

#[tokio::test]
async fn a_drill_that_broke_off_is_nobodys_turn_and_one_without_its_backup_fails() {
    let shelf = Shelf::new(Preset::Fast).await;
    let backup = shelf.back_up().await;
    let ground = &shelf.two.ground;
    let broken =
        "INSERT INTO restore_drills (id, tenant_id, backup_id, state, started_at, finished_at)
         VALUES (gen_random_uuid(), $1, $2, 'broken_off', now() - interval '1 hour', now())";
    ground.control.execute(broken, &[&shelf.hotel.tenant, &backup]).await.unwrap();
    std::fs::remove_file(shelf.object_of(backup)).unwrap();
    let provisioner = ground.start("driller").await;
    shelf.wait_for_drill("state = 'failed' AND error LIKE '%object storage has no%'").await;
    stop(provisioner).await;
}

#[tokio::test]
async fn a_backup_that_does_not_fit_says_what_to_do_and_is_no_backup() {
    let shelf = Shelf::new(Preset::Fast).await;
    let asked = shelf.two.ask(shelf.hotel.tenant, "backup_tenant", json!({})).await;
    // No file may be larger than 64 KiB: as on a disk that is full.
    let launch = shelf.two.ground.launch("cramped", "run").with_file_limit(128);
    let provisioner = shelf.two.ground.started(&launch).await;
    shelf.two.wait_for_error(asked, "set TEMP_FOLDER to a larger one").await;
    stop(provisioner).await;
    assert_eq!(shelf.count("SELECT count(*) FROM backups WHERE state = 'kept'").await, 0);
    assert!(shelf.objects().is_empty(), "{:?}", shelf.objects());
    shelf.two.finish(asked, "done").await;
    shelf.assert_nothing_stray().await;
}
