//! Backups by night and by wish: made, whole, thinned out, and tried.

use std::io::Read as _;

use platform_tests::{postgres::Preset, tampering::tamper, waiting::eventually};
use serde_json::json;
use tokio_postgres::Client;

use crate::{
    ground::{SOON, stop},
    shelf::Shelf,
    two_hosts::fingerprint,
};

#[tokio::test]
async fn a_backup_is_an_open_bundle_of_everything() {
    let shelf = Shelf::new(Preset::Fast).await;
    let inside = shelf.two.inside(shelf.hotel.tenant).await;
    let odd = "INSERT INTO guests (id, full_name, created_at) VALUES
           (gen_random_uuid(), E'\\\\.', now()), (gen_random_uuid(), E'a\\n\\\\.\\n\"b\",\\r\\n', now())";
    inside.simple_query(odd).await.unwrap();
    let files = shelf.two.ground.storage().join(format!("tenants/{}/files", shelf.hotel.tenant));
    std::fs::create_dir_all(files.join("logo")).unwrap();
    std::fs::write(files.join("logo/kecil.png"), b"png").unwrap();

    let backup = shelf.back_up().await;

    let mut bundle = shelf.open(backup);
    let manifest = bundle.manifest().clone();
    assert_eq!(manifest.tenant.slug, "mandala");
    let sums = fingerprint(&inside).await;
    for table in &manifest.tables {
        let (rows, _) = &sums[&table.name];
        assert_eq!(i64::try_from(table.rows).unwrap(), *rows, "{}", table.name);
    }
    assert_eq!(manifest.tables.len() + 1, sums.len(), "all but the record of migrations");
    assert_eq!(manifest.files.len(), 1);
    let mut logo = Vec::new();
    bundle
        .read_file("logo/kecil.png", |piece| {
            logo.extend_from_slice(piece);
            Ok(())
        })
        .unwrap();
    assert_eq!(logo, b"png");
    // What anybody's program makes of it.
    let file = std::fs::File::open(shelf.object_of(backup)).unwrap();
    let mut bytes = Vec::new();
    std::io::BufReader::new(file).read_to_end(&mut bytes).unwrap();
    assert!(bytes.starts_with(b"PK\x03\x04"));
    let here = "SELECT pg_database_size(current_database()), (SELECT count(*) FROM rooms)";
    let here = inside.query_one(here, &[]).await.unwrap();
    let used =
        "SELECT database_bytes, rooms, file_bytes, users, measured_at > now() - interval '1 hour'
         FROM tenant_usage";
    let used = shelf.two.ground.control.query_one(used, &[]).await.unwrap();
    let (size, measured): (i64, i64) = (here.get(0), used.get(0));
    assert!((size - measured).abs() < 1_000_000, "{measured} of {size} bytes");
    assert_eq!(used.get::<_, i64>(1), here.get::<_, i64>(1), "rooms");
    assert_eq!((used.get::<_, i64>(2), used.get::<_, bool>(4)), (3, true), "bytes of files");
    assert!(used.get::<_, i64>(3) >= 1, "the owner");
    let kept = "SELECT count(*) FROM backups WHERE kind = 'manual' AND state = 'kept'
         AND keep_until BETWEEN now() + interval '29 days' AND now() + interval '31 days'";
    assert_eq!(shelf.count(kept).await, 1);
}

#[tokio::test]
async fn every_hotel_is_backed_up_once_a_night_and_old_nights_go() {
    let shelf = Shelf::new(Preset::Fast).await;
    let ground = &shelf.two.ground;
    // A hundred nights that were, each with its object.
    let nights =
        "INSERT INTO backups (id, tenant_id, kind, night, state, database_id, schema_version,
           taken_at, rows, bytes, sha256, object_name)
         SELECT gen_random_uuid(), t.id, 'nightly', current_date - n, 'kept', d.id, 7,
           now() - n * interval '1 day', 0, 0, '', 'tenants/' || t.id || '/backups/' || n || '.zip'
         FROM tenants t JOIN databases d ON d.tenant_id = t.id, generate_series(2, 101) n
         RETURNING object_name";
    let made = ground.control.query(nights, &[]).await.unwrap();
    for row in &made {
        let object = ground.storage().join(row.get::<_, String>(0));
        std::fs::create_dir_all(object.parent().unwrap()).unwrap();
        std::fs::write(object, b"old").unwrap();
    }
    // Two programs share the work, and the nights come twice.
    let provisioners = [ground.start("one").await, ground.start("other").await];
    let turns = "SELECT count(*) FROM backup_turns";
    eventually(SOON, "a turn", async || (shelf.count(turns).await == 1).then_some(()))
        .await
        .unwrap();
    assert_eq!(shelf.count("SELECT count(*) FROM backups WHERE state <> 'kept'").await, 0);
    for night in 1..=2_i64 {
        ground.set_clock_ahead(night * 24 + 4);
        let whole = "SELECT count(*) FROM backups WHERE state = 'kept' AND sha256 <> ''";
        let one_more = async || (shelf.count(whole).await == night).then_some(());
        eventually(SOON, "the night's backup", one_more).await.unwrap();
    }
    let kept = "SELECT count(*) FROM backups WHERE kind = 'nightly'";
    let thinned = async || (shelf.count(kept).await <= 7 + 4 + 12).then_some(());
    eventually(SOON, "the old nights to go", thinned).await.unwrap();
    for it in provisioners {
        stop(it).await;
    }
    let latest = "SELECT count(*) FROM (SELECT night FROM backups ORDER BY night DESC LIMIT 7) n
         WHERE night >= current_date - 7";
    assert_eq!(shelf.count(latest).await, 7, "the last seven nights that there are");
    // Beside them at least two of the last four weeks and two of the months before.
    let nightly = shelf.count(kept).await;
    assert!((7 + 2 + 2..=7 + 4 + 12).contains(&nightly), "{nightly}");
    let oldest = "SELECT current_date - min(night)::date FROM backups WHERE kind = 'nightly'";
    let row = ground.control.query_one(oldest, &[]).await.unwrap();
    assert!(row.get::<_, i32>(0) > 60, "the months before are kept");
    shelf.assert_nothing_stray().await;
}

/// What fills every table is no working hotel: nobody took a reservation's nights from the days.
async fn sell_what_is_taken(inside: &Client) {
    let sold = "UPDATE inventory_days d SET sold = 0, physical = 2000;
         UPDATE inventory_days d SET sold = n.taken FROM (
           SELECT room_type_id, stay_date, count(*) AS taken
           FROM reservations r JOIN reservation_nights n ON n.reservation_id = r.id GROUP BY 1, 2) n
         WHERE (d.room_type_id, d.stay_date) = (n.room_type_id, n.stay_date)";
    inside.simple_query(sold).await.unwrap();
}

#[tokio::test]
async fn a_drill_restores_a_backup_asks_and_drops_it() {
    let shelf = Shelf::new(Preset::Fast).await;
    let inside = shelf.two.inside(shelf.hotel.tenant).await;
    sell_what_is_taken(&inside).await;
    shelf.back_up().await;
    let provisioner = shelf.two.ground.start("driller").await;
    shelf.wait_for_drill("state = 'passed'").await;
    let turns = "SELECT count(*) FROM backup_turns";
    eventually(SOON, "a turn", async || (shelf.count(turns).await == 1).then_some(()))
        .await
        .unwrap();
    stop(provisioner).await;
    let figures = "SELECT figures FROM restore_drills WHERE state = 'passed'";
    let row = shelf.two.ground.control.query_one(figures, &[]).await.unwrap();
    let figures: serde_json::Value = row.get(0);
    assert!(figures["rows"].as_i64().unwrap() > 3000, "{figures}");
    shelf.assert_nothing_stray().await;

    // A hotel that sold a room that it has not: the next day's drill says so.
    inside.simple_query("UPDATE inventory_days SET sold = sold + 1").await.unwrap();
    shelf.back_up().await;
    shelf.two.ground.set_clock_ahead(25);
    let provisioner = shelf.two.ground.start("driller").await;
    let failed = "state = 'failed' AND error LIKE '%the rooms that are sold for a night%'";
    shelf.wait_for_drill(failed).await;
    // The hotel's night has come as well.
    let nights = "SELECT count(*) FROM backups WHERE kind = 'nightly' AND state = 'kept'";
    let backed_up = async || (shelf.count(nights).await == 1).then_some(());
    eventually(SOON, "the night's backup", backed_up).await.unwrap();
    stop(provisioner).await;
    shelf.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_drill_finds_a_row_of_the_hotels_audit_log_that_was_changed() {
    let shelf = Shelf::new(Preset::Fast).await;
    let inside = shelf.two.inside(shelf.hotel.tenant).await;
    sell_what_is_taken(&inside).await;
    let touch = "UPDATE audit_log SET actor_name = 'x' WHERE seq = 7";
    tamper(&inside, touch).await.unwrap();
    shelf.back_up().await;

    let provisioner = shelf.two.ground.start("driller").await;
    let failed = "SELECT count(*) FROM restore_drills WHERE state = 'failed' AND error =
         'not true that each row of the audit log follows from the one before (row 7 is altered)'";
    let drilled = async || (shelf.count(failed).await == 1).then_some(());
    eventually(SOON, "a drill to fail", drilled).await.unwrap();
    stop(provisioner).await;
    shelf.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_backup_shows_one_instant_while_the_hotel_works() {
    let shelf = Shelf::new(Preset::Fast).await;
    let writer = shelf.two.inside(shelf.hotel.tenant).await;
    // Two tables that always agree.
    let write_pair = async || {
        let pair = "BEGIN;
             INSERT INTO guests (id, full_name, created_at)
               VALUES (gen_random_uuid(), 'pasangan', now());
             INSERT INTO jobs (id, kind, class, state, max_attempts, payload)
               VALUES (gen_random_uuid(), 'pasangan', 'default', 'done', 1, '{}');
             COMMIT";
        writer.simple_query(pair).await.unwrap();
    };
    // Some are there before it, and some come after it.
    write_pair().await;
    let mut written = 1;
    let mut made = std::pin::pin!(shelf.back_up());
    let backup = loop {
        tokio::select! {
            backup = &mut made => break backup,
            () = write_pair() => written += 1,
        }
    };
    write_pair().await;
    written += 1;
    let mut bundle = shelf.open(backup);
    let mut count = |table: &str| {
        let mut text = Vec::new();
        bundle
            .read_table(table, |piece| {
                text.extend_from_slice(piece);
                Ok(())
            })
            .unwrap();
        String::from_utf8(text).unwrap().matches("pasangan").count()
    };
    let (guests, jobs) = (count("guests"), count("jobs"));
    assert_eq!(guests, jobs);
    assert!(0 < guests && guests < written, "{guests} of {written} pairs");
}

#[tokio::test]
async fn a_hotel_that_is_not_there_is_not_backed_up() {
    let shelf = Shelf::new(Preset::Fast).await;
    let broken = "UPDATE tenants SET provisioning = 'deleting' WHERE id = $1";
    shelf.two.ground.control.execute(broken, &[&shelf.hotel.tenant]).await.unwrap();
    let run = shelf.done("backup_tenant", json!({}), "undone").await;
    assert_eq!(run["last_error"], "the tenant is not ready");
    assert!(shelf.objects().is_empty());
}
