//! Bundles that were brought: a fresh hotel becomes the one that left elsewhere; what is damaged,
//! newer or foreign is refused, and nothing of it is left.

use std::io::Cursor;

use hotelhub_bundle::{Bundle, BundleWriter, Limits, Manifest, TableEntry};
use platform_tests::{postgres::Preset, waiting::eventually};
use serde_json::{Value, json};

use crate::{
    ground::{Asked, Ground, SOON, stop},
    shelf::{Shelf, carried},
    two_hosts::fingerprint,
};

/// The same bundle, written anew after its manifest or a table, with what the manifest says of it, was
/// changed.
pub(crate) fn rewritten(
    whole: &[u8],
    change: impl FnOnce(&mut Manifest),
    table: impl Fn(&mut TableEntry, Vec<u8>) -> Vec<u8>,
) -> Vec<u8> {
    let mut bundle = Bundle::open(Cursor::new(whole), &Limits::default()).unwrap();
    let mut head = bundle.manifest().clone();
    let mut writer = BundleWriter::begin(Cursor::new(Vec::new())).unwrap();
    for mut entry in bundle.manifest().tables.clone() {
        let mut text = Vec::new();
        bundle
            .read_table(&entry.name, |piece| {
                text.extend_from_slice(piece);
                Ok(())
            })
            .unwrap();
        writer.begin_table(&entry.name).unwrap();
        writer.write(&table(&mut entry, text)).unwrap();
        writer.end_table(&entry.name, entry.columns, entry.rows);
    }
    for entry in bundle.manifest().files.clone() {
        let mut content = Vec::new();
        bundle
            .read_file(&entry.name, |piece| {
                content.extend_from_slice(piece);
                Ok(())
            })
            .unwrap();
        writer.add_file(entry.kept_name(), &content[..]).unwrap();
    }
    change(&mut head);
    writer.finish(head).unwrap().0.into_inner()
}

fn unchanged(_: &mut TableEntry, text: Vec<u8>) -> Vec<u8> {
    text
}

#[tokio::test]
async fn a_hotel_moves_in_from_elsewhere() {
    let shelf = Shelf::new(Preset::Fast).await;
    let source = shelf.two.inside(shelf.hotel.tenant).await;
    let before = carried(&source).await;
    let backup = shelf.back_up().await;
    let bundle = std::fs::read(shelf.object_of(backup)).unwrap();

    // Another tenant, as fresh as one of another platform would be.
    let mandala = shelf.hotel.tenant;
    let fresh: Asked = shelf.two.hotel("surya").await;
    let other = Shelf { two: shelf.two, hotel: fresh };
    let wish = other.bring(&bundle, "swap");
    let run = other.done("restore_tenant", wish, "done").await;

    assert_eq!(carried(&other.two.inside(fresh.tenant).await).await, before);
    assert!(run["figures"]["backup_id"].is_string(), "what the slot had is kept");
    let origin = json!({ "tenant_id": mandala, "slug": "mandala" });
    assert_eq!(run["figures"]["origin"], origin, "whose data it was is on record");
    assert!(other.objects().iter().all(|it| !it.to_string_lossy().contains("imports")));
    other.assert_nothing_stray().await;

    // A preview that takes the place later says it, too.
    other.done("restore_tenant", other.bring(&bundle, "preview"), "done").await;
    let run = other.done("restore_tenant", json!({ "end": "swap" }), "done").await;
    assert_eq!(run["figures"]["origin"], origin);
}

#[tokio::test]
async fn an_import_for_a_hotel_that_is_not_there_leaves_no_bundle() {
    let shelf = Shelf::new(Preset::Fast).await;
    let wish = shelf.bring(b"whatever it is", "swap");
    let broken = "UPDATE tenants SET provisioning = 'deleting' WHERE id = $1";
    shelf.two.ground.control.execute(broken, &[&shelf.hotel.tenant]).await.unwrap();
    let run = shelf.done("restore_tenant", wish, "undone").await;
    assert_eq!(run["last_error"], "the tenant is not ready");
    assert!(shelf.objects().is_empty(), "{:?}", shelf.objects());
}

#[tokio::test]
async fn what_cannot_be_loaded_is_refused_with_its_reason_and_leaves_nothing() {
    let shelf = Shelf::new(Preset::Fast).await;
    let backup = shelf.back_up().await;
    let whole = std::fs::read(shelf.object_of(backup)).unwrap();
    let place = shelf.two.place(shelf.hotel.tenant).await;
    let changed = |name: &str, from: &'static str, to: &'static str| {
        let name = name.to_owned();
        rewritten(
            &whole,
            |_| {},
            move |entry, text| {
                if entry.name != name {
                    return text;
                }
                let text = String::from_utf8(text).unwrap();
                assert!(text.contains(from), "{name} has no {from}");
                text.replacen(from, to, 1).into_bytes()
            },
        )
    };
    let mut odd = whole.clone();
    let middle = odd.len() / 2;
    odd[middle] ^= 0xff;
    for (bundle, reason) in [
        (whole[..whole.len() / 2].to_vec(), "not a whole ZIP archive"),
        (odd, "damaged or changed"),
        (rewritten(&whole, |it| it.schema_version += 1, unchanged), "update HotelHub first"),
        (rewritten(&whole, |it| it.schema_checksum = "0".into(), unchanged), "another program"),
        (rewritten(&whole, |it| it.schema_version = 0, unchanged), "another program"),
        // Sequences of which numbers would be given out twice, and one that is none of the schema's.
        (rewritten(&whole, |it| it.sequences.clear(), unchanged), "would be given out twice"),
        (
            rewritten(&whole, |it| it.sequences.truncate(1), unchanged),
            "does not say where the sequence",
        ),
        (
            rewritten(&whole, |it| it.sequences.extend(it.sequences.clone()), unchanged),
            "or is named twice",
        ),
        // Rows that no hotel can have: a guest that is not there, a state that does not exist.
        (changed("reservations", "confirmed", "imagined"), "violates check constraint"),
        (changed("guests", "Tamu 1,", "Tamu 1,,"), "extra data"),
    ] {
        let wish = shelf.bring(&bundle, "swap");
        let run = shelf.done("restore_tenant", wish, "undone").await;
        let error = run["last_error"].as_str().unwrap();
        assert!(error.contains(reason), "{reason}: {error}");
        assert_eq!(shelf.two.place(shelf.hotel.tenant).await, place);
        shelf.assert_nothing_stray().await;
    }
    // One that says of itself that it is another file than the one that was taken in.
    let mut wish = shelf.bring(&whole, "swap");
    wish["sha256"] = json!("0".repeat(64));
    let run = shelf.done("restore_tenant", wish, "undone").await;
    assert!(run["last_error"].as_str().unwrap().contains("damaged or changed"), "{run}");
    // And what is not there at all.
    let wish = json!({ "upload_id": uuid::Uuid::new_v4(), "sha256": "", "end": "swap" });
    let run = shelf.done("restore_tenant", wish, "undone").await;
    assert!(run["last_error"].as_str().unwrap().contains("object storage has no"), "{run}");
    shelf.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_bundle_without_the_rows_that_others_need_is_refused_whether_it_says_so_or_not() {
    let shelf = Shelf::new(Preset::Fast).await;
    let backup = shelf.back_up().await;
    let whole = std::fs::read(shelf.object_of(backup)).unwrap();
    let sums = fingerprint(&shelf.two.inside(shelf.hotel.tenant).await).await;
    // Counted, and then left out of the manifest as well.
    for (counted, reason) in
        [(true, "rows and not the"), (false, "violates foreign key constraint")]
    {
        let alone = rewritten(
            &whole,
            |_| {},
            |entry, text| {
                if entry.name != "guests" {
                    return text;
                }
                if !counted {
                    entry.rows = 0;
                }
                let end = text.iter().position(|it| *it == b'\n').unwrap();
                text[..=end].to_vec()
            },
        );
        let mut headless = Bundle::open(Cursor::new(&alone[..]), &Limits::default()).unwrap();
        assert!(headless.verify().is_ok());
        let wish = shelf.bring(&alone, "swap");
        let run = shelf.done("restore_tenant", wish, "undone").await;
        assert!(run["last_error"].as_str().unwrap().contains(reason), "{reason}: {run}");
        assert_eq!(fingerprint(&shelf.two.inside(shelf.hotel.tenant).await).await, sums);
        shelf.assert_nothing_stray().await;
    }
}

#[tokio::test]
async fn what_an_older_schema_wrote_comes_in_and_is_brought_up_to_date() {
    let ground = Ground::new(Preset::Fast).await;
    let old = migrations::tenant_head() - 1;
    let older = ground.launch("older", "run").env("TENANT_SCHEMA_VERSION", old.to_string());
    let provisioner = ground.started(&older).await;
    let hotel = ground.ask("mandala").await;
    ground.wait_until(hotel, "ready").await;
    let figures = settled(&ground, hotel, "backup_tenant", json!({})).await;
    stop(provisioner).await;

    let provisioner = ground.start("newer").await;
    let wish = json!({ "backup_id": figures["backup_id"], "end": "swap" });
    let figures = settled(&ground, hotel, "restore_tenant", wish).await;
    // The backup is tried meanwhile, and the trial's copy dropped.
    let drills = "SELECT count(*) FILTER (WHERE state = 'running'), count(*) FROM restore_drills";
    let drilled = eventually(SOON, "a drill to end", async || {
        let row = ground.control.query_one(drills, &[]).await.unwrap();
        (row.get::<_, i64>(0) == 0 && row.get::<_, i64>(1) > 0).then_some(())
    });
    drilled.await.unwrap();
    ground.wait_for_pool(0).await;
    stop(provisioner).await;
    assert_eq!(figures["from_schema_version"], old);
    let version = "SELECT max(version) FROM refinery_schema_history";
    let inside = ground.superuser(&ground.database_of(hotel).await).await;
    let found: i32 = inside.query_one(version, &[]).await.unwrap().get(0);
    assert_eq!(found, migrations::tenant_head());
    let placed = "SELECT schema_version FROM databases WHERE state = 'assigned'";
    assert_eq!(ground.control.query_one(placed, &[]).await.unwrap().get::<_, i32>(0), found);
    ground.assert_nothing_stray().await;
}

/// Asks for an operation and waits until it is done; its figures.
async fn settled(ground: &Ground, hotel: Asked, kind: &str, wish: Value) -> Value {
    let id = uuid::Uuid::new_v4();
    let ask = "INSERT INTO operations (id, tenant_id, kind, wish, requested_at)
         VALUES ($1, $2, $3, $4, clock_timestamp())";
    ground.control.execute(ask, &[&id, &hotel.tenant, &kind, &wish]).await.unwrap();
    let done = "SELECT figures FROM operation_runs WHERE operation_id = $1 AND state = 'done'";
    let found = eventually(SOON, kind, async || {
        ground.control.query_opt(done, &[&id]).await.unwrap().map(|it| it.get(0))
    });
    found.await.unwrap()
}
