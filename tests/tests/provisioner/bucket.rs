//! Objects in a bucket: slow, silent and full ones, and programs that are killed while they write to
//! one or read from it.

use std::{collections::BTreeMap, io::Write as _, time::Duration};

use hotelhub_core::config::Reader;
use hotelhub_storage::{Patience, Storage, StorageConfig, StorageError};
use platform_tests::{
    bucket::{BucketFault, FakeBucket},
    postgres::Preset,
    waiting::eventually,
};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::{gates::wait_for_session, ground::SOON, shelf::Shelf};

/// Small calls may take this long, and so may what is large by a wrong measure.
const SMALL: Duration = Duration::from_secs(2);

fn open(bucket: &FakeBucket, patience: Patience) -> Storage {
    let settings = bucket.settings();
    let env: BTreeMap<&str, &str> =
        settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut reader = Reader::new(&env);
    let config = StorageConfig::read(&mut reader);
    let config: StorageConfig = reader.finish(config).unwrap().unwrap();
    Storage::open_with(&config, patience).unwrap()
}

fn file_of(bytes: &[u8]) -> tokio::fs::File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    tokio::fs::File::from_std(file)
}

fn noise(size: usize) -> Vec<u8> {
    (0..size).map(|it| u8::try_from(it % 251).unwrap()).collect()
}

#[tokio::test]
async fn a_bucket_behaves_as_a_folder_does() {
    let bucket = FakeBucket::start().unwrap();
    let storage = open(&bucket, Patience::default());
    for size in [10, (16 << 20) + 7] {
        let bytes = noise(size);
        storage.put_large("a/b.zip", &mut file_of(&bytes)).await.unwrap();
        let mut back = file_of(b"");
        assert!(storage.get_large("a/b.zip", &mut back).await.unwrap());
        back.rewind().await.unwrap();
        let mut read = Vec::new();
        back.read_to_end(&mut read).await.unwrap();
        assert!(read == bytes, "{size}");
    }
    assert!(storage.copy_if_absent("a/b.zip", "a/c.zip").await.unwrap());
    assert!(!storage.copy_if_absent("a/b.zip", "a/c.zip").await.unwrap());
    assert_eq!(storage.list("a").await.unwrap().len(), 2);
    storage.delete("a/b.zip").await.unwrap();
    assert_eq!(bucket.objects(), ["platform/a/c.zip"]);
    assert_eq!(bucket.unfinished(), 0);
}

#[tokio::test]
async fn what_is_large_may_be_slow_and_not_silent() {
    let bucket = FakeBucket::start().unwrap();
    let silence = SMALL * 3;
    let patience = Patience { attempt: SMALL, call: SMALL * 2, silence, ..Patience::default() };
    let storage = open(&bucket, patience);
    let bytes = noise(64 * 1024);
    storage.put_large("slow.zip", &mut file_of(&bytes)).await.unwrap();
    // Longer in all than a small call may take.
    bucket.fail(BucketFault::Trickle(25, SMALL / 10));
    let mut back = file_of(b"");
    assert!(storage.get_large("slow.zip", &mut back).await.unwrap());
    assert_eq!(back.metadata().await.unwrap().len(), 64 * 1024);

    bucket.fail(BucketFault::Stall);
    let stalled = storage.get_large("slow.zip", &mut file_of(b"")).await.unwrap_err();
    assert!(matches!(stalled, StorageError::Silent(6)), "{stalled}");
    assert!(stalled.to_string().contains("sent nothing for 6 s"), "{stalled}");

    bucket.fail(BucketFault::SlowCompletion(SMALL * 3));
    let parts = noise((16 << 20) + 1);
    storage.put_large("parts.zip", &mut file_of(&parts)).await.unwrap();
    assert_eq!(bucket.objects(), ["platform/parts.zip", "platform/slow.zip"]);
}

#[tokio::test]
async fn a_bucket_that_is_full_is_said_to_be_and_keeps_no_half() {
    let bucket = FakeBucket::start().unwrap();
    bucket.fail(BucketFault::Full);
    for size in [10, (16 << 20) + 1] {
        let storage = open(&bucket, Patience::default());
        let full = storage.put_large("a.zip", &mut file_of(&noise(size))).await.unwrap_err();
        assert!(matches!(full, StorageError::Full(_)), "{full}");
        assert!(full.to_string().contains("STORAGE_URL"), "{full}");
    }

    let mut shelf = Shelf::new(Preset::Fast).await;
    shelf.two.ground.bucket = Some(bucket);
    let asked = shelf.two.ask(shelf.hotel.tenant, "backup_tenant", json!({})).await;
    let provisioner = shelf.two.ground.start("worker").await;
    shelf.two.wait_for_error(asked, "object storage is full").await;
    assert_eq!(shelf.count("SELECT count(*) FROM backups WHERE state = 'kept'").await, 0);
    let bucket = shelf.two.ground.bucket.as_ref().unwrap();
    assert!(bucket.objects().is_empty(), "{:?}", bucket.objects());
    bucket.fail(BucketFault::None);
    shelf.two.wait_until(asked, "done").await;
    assert_eq!(bucket.objects().len(), 1);
    crate::ground::stop(provisioner).await;
}

/// More than a part when it is packed.
const NOTES: &str =
    "INSERT INTO idempotency_keys (actor, key, request_sha256, status, body, created_at)
     SELECT gen_random_uuid(), 'noise ' || n, sha256(n::text::bytea), 200,
       jsonb_build_object('noise', (SELECT string_agg(md5(n::text || m::text), '')
         FROM generate_series(1, 64) AS m)), now()
     FROM generate_series(1, 24000) AS n";

#[tokio::test]
async fn a_kill_in_the_middle_of_a_copy_an_upload_or_a_download_leaves_one_whole_backup() {
    let mut shelf = Shelf::new(Preset::Durable).await;
    let tenant = shelf.hotel.tenant;
    shelf.two.inside(tenant).await.simple_query(NOTES).await.unwrap();
    shelf.two.ground.bucket = Some(FakeBucket::start().unwrap());
    let bucket = shelf.two.ground.bucket.as_ref().unwrap();
    let kept = "SELECT count(*) FROM backups WHERE state = 'kept'";
    // No drill is due, which would copy and download as well.
    let drilled =
        "INSERT INTO restore_drills (id, tenant_id, backup_id, state, started_at, finished_at)
         VALUES (gen_random_uuid(), $1, gen_random_uuid(), 'passed', now(), now())";
    shelf.two.ground.control.execute(drilled, &[&tenant]).await.unwrap();

    // While rows come out of the database.
    let asked = shelf.two.ask(tenant, "backup_tenant", json!({})).await;
    let mut program = shelf.two.ground.start("copying").await;
    wait_for_session(&shelf.two.ground, "query LIKE 'COPY%TO STDOUT%'").await;
    program.kill().await.unwrap();
    assert!(bucket.objects().is_empty());
    shelf.two.finish(asked, "done").await;
    assert_eq!((shelf.count(kept).await, bucket.objects().len()), (1, 1));

    // While parts go to the bucket.
    bucket.fail(BucketFault::HoldParts);
    let asked = shelf.two.ask(tenant, "backup_tenant", json!({})).await;
    let mut program = shelf.two.ground.start("uploading").await;
    let begun = async || (bucket.unfinished() > 0).then_some(());
    eventually(SOON, "an upload in parts", begun).await.unwrap();
    program.kill().await.unwrap();
    assert_eq!(bucket.objects().len(), 1, "nothing half-made is listed");
    bucket.fail(BucketFault::None);
    shelf.two.finish(asked, "done").await;
    assert_eq!((shelf.count(kept).await, bucket.objects().len()), (2, 2));

    // While the bundle comes back, and while its rows go in.
    let sql = "SELECT id FROM backups ORDER BY created_at DESC LIMIT 1";
    let backup: uuid::Uuid = shelf.two.ground.control.query_one(sql, &[]).await.unwrap().get(0);
    let generation = shelf.two.place(tenant).await.generation;
    bucket.fail(BucketFault::Stall);
    let swap = json!({ "backup_id": backup, "end": "swap" });
    let asked = shelf.two.ask(tenant, "restore_tenant", swap).await;
    let mut program = shelf.two.ground.start("downloading").await;
    let stalled = async || (bucket.stalled() > 0).then_some(());
    eventually(SOON, "a download", stalled).await.unwrap();
    program.kill().await.unwrap();
    bucket.fail(BucketFault::None);
    let mut program = shelf.two.ground.start("loading").await;
    wait_for_session(&shelf.two.ground, "query LIKE 'COPY%FROM STDIN%'").await;
    program.kill().await.unwrap();
    assert_eq!(shelf.two.place(tenant).await.generation, generation, "the hotel is where it was");
    shelf.two.finish(asked, "done").await;
    assert_eq!(shelf.two.place(tenant).await.generation, generation + 1);
    assert_eq!(bucket.objects().len(), 3, "the backup before the restore as well");
}

#[tokio::test]
async fn a_try_that_lost_its_turn_does_not_write_over_its_successors_backup() {
    let mut shelf = Shelf::new(Preset::Fast).await;
    let tenant = shelf.hotel.tenant;
    shelf.two.inside(tenant).await.simple_query(NOTES).await.unwrap();
    shelf.two.ground.bucket = Some(FakeBucket::start().unwrap());
    let ground = &shelf.two.ground;
    let bucket = ground.bucket.as_ref().unwrap();
    let provisioner = ground.start("nights").await;
    let turns = "SELECT count(*) FROM backup_turns";
    eventually(SOON, "a turn", async || (shelf.count(turns).await == 1).then_some(()))
        .await
        .unwrap();
    bucket.fail(BucketFault::HoldParts);
    ground.set_clock_ahead(28);
    let uploads = async |count: usize| {
        let begun = async || (bucket.unfinished() == count).then_some(());
        eventually(SOON, "uploads in parts", begun).await.unwrap();
    };
    uploads(1).await;
    // Its lock goes with its session, and another worker of the same program has the turn.
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'provisioner' AND datname = current_database()";
    ground.superuser_on_control().await.query(end, &[]).await.unwrap();
    uploads(2).await;
    bucket.fail(BucketFault::None);
    let kept = "SELECT count(*) FROM backups WHERE state = 'kept'";
    eventually(SOON, "the backup", async || (shelf.count(kept).await == 1).then_some(()))
        .await
        .unwrap();
    let written = async || (bucket.objects().len() == 2).then_some(());
    eventually(SOON, "the upload of the first try", written).await.unwrap();
    crate::ground::stop(provisioner).await;
    let sql = "SELECT id, object_name FROM backups";
    let row = ground.control.query_one(sql, &[]).await.unwrap();
    let object = format!("platform/{}", row.get::<_, String>(1));
    assert!(bucket.objects().contains(&object), "{:?}", bucket.objects());
    // It is the one that was made: a restore compares it with what is on record.
    let wish = json!({ "backup_id": row.get::<_, uuid::Uuid>(0), "end": "preview" });
    shelf.done("restore_tenant", wish, "done").await;
}
