//! What single pages of the vendor's panel say, and in whose words.

use crate::{
    ground::{Ground, Vendor},
    panel::{open, person},
};

#[tokio::test]
async fn what_an_operation_noted_is_said_in_words_of_the_page() {
    let ground = Ground::new().await;
    ground.open_hotel("surya").await;
    let visitor = person(&ground, Vendor::ReadOnly).await;
    let noted = "UPDATE operation_runs SET figures = '{
        \"rows\": 3120, \"bytes\": 1536, \"copy_ms\": 1250, \"replaced_is_unsaved\": true,
        \"taken_at\": \"2026-11-23T02:59:44.615345Z\", \"odd_thing\": 7,
        \"restored\": {\"origin\": {\"slug\": \"candi\"}}}'";
    ground.database.execute(noted, &[]).await.unwrap();
    let id = ground.database.query_one("SELECT id::text FROM operations", &[]).await.unwrap();
    let path = format!("/panel/operations/{}", id.get::<_, String>(0));
    let page = open(&visitor, &format!("{path}?lang=id")).await;
    for words in [
        "<dt>Baris</dt><dd>3.120</dd>",
        "<dt>Ukuran</dt><dd>1.5 KiB</dd>",
        "<dt>Lama penyalinan</dt><dd>1.2 s</dd>",
        "<dt>Cadangan data lama menunggu servernya</dt><dd>ya</dd>",
        "<dt>Data menurut keadaan</dt><dd>2026-11-23 09:59 WIB</dd>",
        "<dt>Data milik hotel</dt><dd>candi</dd>",
        "<dt lang=\"en\">odd thing</dt><dd>7</dd>",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let page = open(&visitor, &format!("{path}?lang=en")).await;
    for words in ["<dt>Copying took</dt><dd>1.2 s</dd>", "<dt>Rows</dt><dd>3,120</dd>"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
}

/// A backup of each hotel, as the provisioner would note it.
async fn keep_backup(ground: &Ground) {
    let backup = "INSERT INTO backups (id, tenant_id, kind, database_id, object_name, state, \
                    schema_version, taken_at, rows, bytes, sha256, keep_until) \
                  SELECT gen_random_uuid(), id, 'final', gen_random_uuid(), 'x', 'kept', 5, now(), \
                    1, 1, 'ff', now() + interval '30 days' FROM tenants";
    ground.database.execute(backup, &[]).await.unwrap();
}

#[tokio::test]
async fn of_a_deleted_hotel_the_proof_is_shown_and_nothing_offered() {
    let ground = Ground::new().await;
    let id = ground.open_hotel("surya").await;
    let visitor = person(&ground, Vendor::SuperAdmin).await;
    keep_backup(&ground).await;
    let (hotel, backups) = (format!("/panel/tenants/{id}"), format!("/panel/tenants/{id}/backups"));
    let page = open(&visitor, &format!("{backups}?lang=en")).await;
    for offer in ["Make a backup now", "/restore\"", "/bundle\""] {
        assert!(page.body.contains(offer), "{offer}: {}", page.body);
    }
    assert!(!open(&visitor, &format!("{hotel}?lang=en")).await.body.contains("Proof of deletion"));

    ground.move_provisioning(&id, &["deleting", "deleted"]).await;
    let proof = "INSERT INTO deletions (tenant_id, operation_id, slug, company_name, requested_at, \
                   deleted_at, destroyed) \
                 SELECT tenant_id, id, 'surya', 'Hotel Surya', now(), '2026-01-31T17:05:00Z', \
                   '[{\"database\": \"tenant_1\", \"db_host\": \"one\"}]' FROM operations";
    ground.database.execute(proof, &[]).await.unwrap();
    let page = open(&visitor, &format!("{backups}?lang=en")).await;
    for offer in ["Make a backup now", "/restore\""] {
        assert!(!page.body.contains(offer), "{offer}: {}", page.body);
    }
    assert!(page.body.contains("/bundle\"") && page.body.contains("can only be downloaded"));
    let page = open(&visitor, &format!("{hotel}?lang=en")).await;
    for words in [
        "Proof of deletion",
        "<dt>Data gone since</dt><dd>2026-02-01 00:05 WIB</dd>",
        "Database tenant_1 on the host one",
        "Its data is deleted.",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains("Not measured yet"), "{}", page.body);
}

#[tokio::test]
async fn the_page_of_an_error_is_headed_by_what_went_wrong() {
    let ground = Ground::new().await;
    ground.open_hotel("surya").await;
    let visitor = person(&ground, Vendor::SuperAdmin).await;
    let suspend = "/panel/tenants/surya/actions/suspend?lang=en";
    let fields = [("reason", "unpaid"), ("access", "essential")];
    let forged = visitor.send_from("cross-site", suspend, &fields).await.unwrap();
    let forged = forged.expect_status(403).unwrap();
    for words in ["<h1>This form came from another site</h1>", "<p>This form was sent from"] {
        assert!(forged.body.contains(words), "{words}: {}", forged.body);
    }
    let looker = person(&ground, Vendor::ReadOnly).await;
    let refused = looker.send(suspend, &fields).await.unwrap().expect_status(403).unwrap();
    for words in ["<h1>Your role does not allow this</h1>", "<p>Your role does not include it."] {
        assert!(refused.body.contains(words), "{words}: {}", refused.body);
    }
    let odd = visitor.open("/panel/jobs?state=odd&lang=en").await.unwrap();
    let odd = odd.expect_status(422).unwrap();
    assert!(
        odd.body.contains("Please check these fields: <span lang=\"en\">state: "),
        "{}",
        odd.body
    );
    for (path, words) in [
        ("/panel/tenants/nowhere", "<p>No hotel has this web address or id."),
        ("/panel/tenants/nowhere/backups", "<p>No hotel has this web address or id."),
        ("/panel/nowhere", "<p>There is nothing at this address:"),
    ] {
        let missing = visitor.open(&format!("{path}?lang=en")).await.unwrap();
        let missing = missing.expect_status(404).unwrap();
        assert!(missing.body.contains(words), "{path}: {}", missing.body);
        assert!(!missing.body.contains("load the list again"), "{path}: {}", missing.body);
    }
}

#[tokio::test]
async fn a_backup_is_called_lost_if_its_file_is_and_not_if_the_storage_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let (objects, elsewhere) = (folder.path().join("objects"), folder.path().join("elsewhere"));
    let url = format!("file://{}", objects.display());
    let ground = Ground::with(&[("STORAGE_URL", &url)]).await;
    ground.open_hotel("surya").await;
    keep_backup(&ground).await;
    let id = ground.database.query_one("SELECT id::text FROM backups", &[]).await.unwrap();
    let bundle = format!("tenants/surya/backups/{}/bundle", id.get::<_, String>(0));

    let vendor = ground.vendor().await;
    let lost = vendor.get(&format!("/api/v1/{bundle}")).await.unwrap();
    assert_eq!((lost.status.as_u16(), &*lost.error_code()), (410, "BACKUP_LOST"));
    assert!(lost.body.contains("use another backup"), "{}", lost.body);
    let visitor = person(&ground, Vendor::SuperAdmin).await;
    let lost = visitor.open(&format!("/panel/{bundle}?lang=en")).await.unwrap();
    let lost = lost.expect_status(410).unwrap();
    assert!(lost.body.contains("<h1>The file of the backup is lost</h1>"), "{}", lost.body);
    let taken = "SELECT count(*) FROM audit_log WHERE action = 'tenant.take_along'";
    assert_eq!(ground.count(taken).await, 0, "nobody took it");

    std::fs::rename(&objects, &elsewhere).unwrap();
    let away = vendor.get(&format!("/api/v1/{bundle}")).await.unwrap();
    assert_eq!((away.status.as_u16(), &*away.error_code()), (503, "STORAGE_AWAY"));
    assert!(!objects.exists(), "nobody makes the folder anew");
}
