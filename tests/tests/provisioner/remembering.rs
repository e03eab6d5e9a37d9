//! What a restore leaves in the hotel's own record of who was there, and a restore away from a server
//! that is lost.

use hotelhub_core::audit::{End, GENESIS, Walk, chain};
use platform_tests::{postgres::Preset, waiting::eventually};
use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::{
    ground::{SOON, stop},
    shelf::Shelf,
};

const AT: &str = "2026-02-01T02:00:00.000000Z";

/// Lets somebody of the staff do things, each a row of the log.
async fn act(inside: &Client, actions: &[&str]) {
    for action in actions {
        let head = inside.query_one("SELECT seq, hash FROM audit_head", &[]).await.unwrap();
        let (seq, before): (i64, Vec<u8>) = (head.get::<_, i64>(0) + 1, head.get(1));
        let number = seq.to_string();
        let mut fields = [None; 12];
        fields[0] = Some(&*number);
        fields[1] = Some(AT);
        fields[2] = Some("staff");
        fields[4] = Some("Sari");
        fields[7] = Some(action);
        fields[10] = Some("{}");
        let hash = chain(&before, &fields);
        let sql = "INSERT INTO audit_log (seq, at, actor_kind, actor_name, action, details, hash)
             VALUES ($1, $2::text::timestamptz, 'staff', 'Sari', $3, '{}', $4)";
        inside.execute(sql, &[&seq, &AT, action, &hash]).await.unwrap();
        let sql = "UPDATE audit_head SET seq = $1, hash = $2";
        inside.execute(sql, &[&seq, &hash]).await.unwrap();
    }
}

/// The actions from a row on, of a log that is proven whole.
async fn actions(inside: &Client, from: i64) -> Vec<String> {
    let sql =
        "SELECT seq::text, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),
           actor_kind, actor_id::text, actor_name, on_behalf_of::text, client_address, action,
           subject_kind, subject_id, details, request_id::text, hash, seq
         FROM audit_log ORDER BY audit_log.seq";
    let rows = inside.query(sql, &[]).await.unwrap();
    let mut walk = Walk::after(0, GENESIS.to_vec());
    for row in &rows {
        let fields: Vec<Option<&str>> = (0..12).map(|at| row.get(at)).collect();
        let hash: Vec<u8> = row.get(12);
        walk.step(row.get(13), &fields, &hash).unwrap();
    }
    let head = inside.query_one("SELECT seq, hash FROM audit_head", &[]).await.unwrap();
    let end = End { seq: head.get(0), hash: head.get(1), beyond: None };
    walk.end(&end).unwrap();
    rows.iter().filter(|it| it.get::<_, i64>(13) >= from).map(|it| it.get(7)).collect()
}

async fn entry(inside: &Client, seq: i64) -> Value {
    let sql = "SELECT details::jsonb FROM audit_log WHERE seq = $1";
    inside.query_one(sql, &[&seq]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_restore_forgets_nobody_who_was_in_the_hotel_since() {
    let shelf = Shelf::new(Preset::Fast).await;
    let tenant = shelf.hotel.tenant;
    let backup = shelf.back_up().await;
    let inside = shelf.two.inside(tenant).await;
    act(&inside, &["support.enter", "support.view"]).await;
    let stay = "INSERT INTO support_grants (id, vendor_user_id, vendor_email, vendor_name, reason,
             minutes, requested_at, lapses_at, decided_at, decided_by, is_allowed, expires_at,
             entry_sha256, session_id, entered_at)
           SELECT gen_random_uuid(), gen_random_uuid(), 'budi@example.com', 'Budi', 'ticket 4712', 60,
             now(), now() + interval '1 day', now(), (SELECT id FROM users LIMIT 1), true,
             now() + interval '1 hour', '\\x00', gen_random_uuid(), now()";
    inside.simple_query(stay).await.unwrap();
    let hashes =
        "SELECT string_agg(encode(hash, 'hex'), ',' ORDER BY seq) FROM audit_log WHERE seq < 23";
    let before: String = inside.query_one(hashes, &[]).await.unwrap().get(0);
    drop(inside);

    let wish = json!({ "backup_id": backup, "end": "swap" });
    let run = shelf.done("restore_tenant", wish.clone(), "done").await;
    let inside = shelf.two.inside(tenant).await;
    assert_eq!(actions(&inside, 21).await, ["support.enter", "support.view", "hotel.restore"]);
    let after: String = inside.query_one(hashes, &[]).await.unwrap().get(0);
    assert_eq!(after, before, "whoever noted the end of the log finds it again");
    assert_eq!(entry(&inside, 23).await, run["figures"]["restored"]);
    let stays =
        "SELECT ended_by, ended_at IS NOT NULL AND entry_sha256 IS NULL, decided_by IS NOT NULL
         FROM support_grants WHERE vendor_name = 'Budi'";
    let stay = inside.query_one(stays, &[]).await.unwrap();
    assert_eq!((stay.get(0), stay.get(1), stay.get(2)), ("restore", true, true));

    // Back and forth, and nothing is told twice.
    drop(inside);
    shelf.done("restore_tenant", wish, "done").await;
    let inside = shelf.two.inside(tenant).await;
    let told = ["support.enter", "support.view", "hotel.restore", "hotel.restore"];
    assert_eq!(actions(&inside, 21).await, told);
    drop(inside);
    shelf.assert_nothing_stray().await;
}

#[tokio::test]
async fn two_records_that_went_different_ways_are_both_kept() {
    let shelf = Shelf::new(Preset::Fast).await;
    let tenant = shelf.hotel.tenant;
    let inside = shelf.two.inside(tenant).await;
    act(&inside, &["backup.one", "backup.two"]).await;
    drop(inside);
    let backup = shelf.back_up().await;
    let inside = shelf.two.inside(tenant).await;
    let other_way = "DELETE FROM audit_log WHERE seq > 20;
         UPDATE audit_head SET seq = 20, hash = (SELECT hash FROM audit_log WHERE seq = 20)";
    inside.simple_query(other_way).await.unwrap();
    act(&inside, &["present.one", "present.two", "present.three"]).await;
    drop(inside);

    let wish = json!({ "backup_id": backup, "end": "swap" });
    shelf.done("restore_tenant", wish, "done").await;
    let inside = shelf.two.inside(tenant).await;
    let both = [
        "backup.one",
        "backup.two",
        "present.one",
        "present.two",
        "present.three",
        "hotel.restore",
    ];
    assert_eq!(actions(&inside, 21).await, both);
    let details = entry(&inside, 26).await;
    assert_eq!(
        (&details["audit_fault"], &details["audit_fault_since"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!((&details["log_ended"]["seq"], &details["log_goes_on"]), (&json!(22), &json!(23)));
}

#[tokio::test]
async fn a_hotel_goes_back_though_its_server_is_lost_and_the_restore_ends() {
    let mut shelf = Shelf::new(Preset::Durable).await;
    let tenant = shelf.hotel.tenant;
    let moved = shelf.two.ask_move(tenant).await;
    shelf.two.finish(moved, "done").await;
    assert_eq!(shelf.two.place(tenant).await.host, "other");
    let backup = shelf.back_up().await;
    shelf.two.lose_other().await;

    let wish = json!({ "backup_id": backup, "end": "swap" });
    let run = shelf.done("restore_tenant", wish, "done").await;
    assert_eq!(run["figures"]["replaced_is_unsaved"], true);
    assert_eq!(run["figures"]["restored"]["knows_present"], false);
    assert_eq!(shelf.two.place(tenant).await.host, "local");
    let inside = shelf.two.inside(tenant).await;
    assert_eq!(actions(&inside, 21).await, ["hotel.restore"]);
    drop(inside);

    // The hotel is free for whatever comes next, and the lost copy stays until a backup has it.
    shelf.back_up().await;
    assert_eq!(shelf.count("SELECT count(*) FROM databases WHERE state = 'unsaved'").await, 1);
    let saved = "SELECT count(*) FROM backups WHERE kind = 'before_restore' AND state = 'kept'";
    assert_eq!(shelf.count(saved).await, 0);
    shelf.two.other.start().await.unwrap();
    let provisioner = shelf.two.ground.start("rescuer").await;
    let rescued = eventually(SOON, "the replaced copy to be saved", async || {
        (shelf.count(saved).await == 1).then_some(())
    });
    rescued.await.unwrap();
    stop(provisioner).await;
    shelf.assert_nothing_stray().await;
}
