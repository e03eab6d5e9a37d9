//! The platform walks along its audit log by itself: what it finds is in `attention`, however many
//! processes work and whenever one dies.

use std::path::PathBuf;

use platform_tests::{client::Site, tampering::tamper, waiting::eventually};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    audit::lengthen,
    ground::{Ground, SOON, Vendor},
    panel::{open, person},
};

/// A clock that the test moves, of `work` alone: nobody's login ends.
struct MovedClock {
    file: PathBuf,
    _folder: TempDir,
}

impl MovedClock {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { file: folder.path().join("clock"), _folder: folder }
    }

    fn move_to(&self, minutes: i64) {
        std::fs::write(&self.file, (minutes * 60).to_string()).unwrap();
    }
}

/// A walk of this number, and none after it, has ended and found the whole log as it was written.
fn whole_after(walk: i64) -> String {
    format!(
        "SELECT count(*) FROM audit_walk JOIN audit_head ON audit_head.seq = through_seq \
         WHERE fence = {walk} AND leased_until IS NULL AND whole_at = ended_at \
           AND broken_since IS NULL"
    )
}

async fn attention(vendor: &Site, name: &str) -> Value {
    let found = vendor.get("/api/v1/attention").await.unwrap().expect_status(200).unwrap();
    found.data().unwrap()[name].clone()
}

/// Waits until `attention` says that the log is broken from this row on.
async fn broken_from(vendor: &Site, seq: i64) -> Value {
    let broken = async || {
        let found = attention(vendor, "broken_audit_chain").await;
        (found["seq"] == seq).then_some(found)
    };
    eventually(SOON, "the broken log to be found", broken).await.unwrap()
}

#[tokio::test]
async fn a_changed_row_is_found_though_nobody_asks_until_it_is_as_it_was() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let reader = person(&ground, Vendor::ReadOnly).await;
    lengthen(&ground, 5).await;
    let page = open(&reader, "/panel/audit?lang=en").await;
    assert!(page.body.contains("and has not done so yet."), "{}", page.body);
    let clock = MovedClock::new();
    let file = clock.file.display().to_string();
    let _work = ground.work_with(&[("CLOCK_FILE", &*file)]);
    ground.wait_for_count(&whole_after(1), 1).await;
    let whole = vendor.get("/api/v1/audit/verify").await.unwrap().data().unwrap();
    assert_eq!(whole["last_walk"]["through_seq"], whole["head_seq"], "{whole}");
    assert_eq!(attention(&vendor, "broken_audit_chain").await, Value::Null);
    assert!(open(&reader, "/panel?lang=en").await.body.contains("All is well."));

    let touch = "UPDATE audit_log SET action = action || 'x' WHERE seq IN (2, 3)";
    tamper(&ground.database, touch).await.unwrap();
    clock.move_to(13 * 60);
    let found = broken_from(&vendor, 2).await;
    assert_eq!(found["kind"], "altered");
    assert_eq!(found["message"], "this row is not what it was when it was written");
    assert!(found["whole_at"].as_str() < found["since"].as_str(), "{found}");
    let told = found["next_step"].as_str().unwrap();
    assert!(told.contains("hotelhub audit verify") && told.contains("backup"), "{told}");
    let alarm = async || (ground.figure_of_work("audit_log_broken").await == 1.0).then_some(());
    eventually(SOON, "the alarm", alarm).await.unwrap();
    for (language, said) in [
        ("en", "chain is broken from row 2 (altered)"),
        ("id", "Rantai jejak audit rusak mulai baris 2 (diubah)"),
    ] {
        let home = open(&reader, &format!("/panel?lang={language}")).await;
        assert!(home.body.contains(said), "{}", home.body);
    }
    let home = open(&reader, "/panel?lang=en").await.body;
    let (_, rest) = home.split_once("href=\"/panel/audit?verify=yes").unwrap();
    let query = rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let page = open(&reader, &format!("/panel/audit?lang=en&verify=yes{query}")).await;
    assert!(page.body.contains("The chain is broken from row: 2 (altered)"), "{}", page.body);
    let (_, list) = page.body.split_once("<tbody>").unwrap();
    assert!(list.contains("class=\"number\">2</th>"), "{list}");
    assert!(!list.contains("class=\"number\">3</th>"), "the list begins with the row");

    // One of the two is put right: since when it is broken stays as it was.
    let right = "UPDATE audit_log SET action = left(action, -1) WHERE seq = 2";
    tamper(&ground.database, right).await.unwrap();
    clock.move_to(13 * 60 + 11);
    let next = broken_from(&vendor, 3).await;
    assert_eq!((&next["since"], &next["whole_at"]), (&found["since"], &found["whole_at"]));
    let right = "UPDATE audit_log SET action = left(action, -1) WHERE seq = 3";
    tamper(&ground.database, right).await.unwrap();
    assert_eq!(attention(&vendor, "broken_audit_chain").await["seq"], 3, "nobody has looked yet");
    clock.move_to(13 * 60 + 22);
    ground.wait_for_count(&whole_after(4), 1).await;
    assert_eq!(attention(&vendor, "broken_audit_chain").await, Value::Null);
    assert!(open(&reader, "/panel?lang=en").await.body.contains("All is well."));
    let page = open(&reader, "/panel/audit?lang=en").await;
    let said = "It last did so at 20";
    assert!(page.body.contains(said) && page.body.contains("The chain is whole up to row"));
    let calm = async || (ground.figure_of_work("audit_log_broken").await == 0.0).then_some(());
    eventually(SOON, "the end of the alarm", calm).await.unwrap();
}

#[tokio::test]
async fn of_two_who_work_side_by_side_one_makes_each_walk() {
    let ground = Ground::new().await;
    // Each of the two looks whether a walk is due while the other one walks.
    lengthen(&ground, 65_000).await;
    let _both = [ground.work(), ground.work_beside()];
    for walk in 1..=3 {
        ground.wait_for_count(&whole_after(walk), 1).await;
        if walk < 3 {
            let due = "UPDATE audit_walk SET due_at = now()";
            ground.database.execute(due, &[]).await.unwrap();
        }
    }
    assert_eq!(ground.count(&whole_after(3)).await, 1, "and no other was begun");
}

#[tokio::test]
async fn a_walk_whose_process_is_killed_is_begun_again() {
    let ground = Ground::new().await;
    lengthen(&ground, 45_000).await;
    let mut mortal = ground.work();
    ground.wait_for_count("SELECT count(*) FROM audit_walk WHERE fence = 1", 1).await;
    let lease = "SELECT leased_until::text FROM audit_walk";
    let lease: String = ground.database.query_one(lease, &[]).await.unwrap().get(0);
    let renewed = format!("SELECT count(*) FROM audit_walk WHERE leased_until::text <> '{lease}'");
    ground.wait_for_count(&renewed, 1).await;
    let mut waiting = ground.another_session().await;
    let held = waiting.transaction().await.unwrap();
    held.batch_execute("LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let arrived = "SELECT count(*) FROM pg_locks WHERE relation = 'audit_log'::regclass \
                   AND NOT granted";
    ground.wait_for_count(arrived, 1).await;

    mortal.kill().await.unwrap();
    held.rollback().await.unwrap();

    let under_way = "SELECT count(*) FROM audit_walk \
                     WHERE fence = 1 AND leased_until IS NOT NULL AND ended_at IS NULL";
    assert_eq!(ground.count(under_way).await, 1, "it was in the middle");
    let _successor = ground.work();
    ground.wait_for_count(&whole_after(2), 1).await;
}

#[tokio::test]
async fn a_walk_that_does_not_come_needs_somebody() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let reader = person(&ground, Vendor::ReadOnly).await;
    assert_eq!(attention(&vendor, "audit_walk_overdue_since").await, Value::Null);
    let late = "UPDATE audit_walk SET due_at = now() - interval '15 hours'";
    ground.database.execute(late, &[]).await.unwrap();

    assert!(attention(&vendor, "audit_walk_overdue_since").await.is_string());
    let home = open(&reader, "/panel?lang=en").await;
    assert!(home.body.contains("chain is overdue"), "{}", home.body);
    // A log that cannot be read is not called whole.
    tamper(&ground.database, "ALTER TABLE audit_log RENAME COLUMN details TO other").await.unwrap();
    let work = ground.work();
    let tried = async || work.printed().contains("the audit log is not walked along").then_some(());
    eventually(SOON, "a walk that fails", tried).await.unwrap();
    assert!(attention(&vendor, "audit_walk_overdue_since").await.is_string());
    let back = "ALTER TABLE audit_log RENAME COLUMN other TO details";
    tamper(&ground.database, back).await.unwrap();

    let whole = "SELECT count(*) FROM audit_walk WHERE whole_at = ended_at";
    ground.wait_for_count(whole, 1).await;
    assert_eq!(attention(&vendor, "audit_walk_overdue_since").await, Value::Null);
    let calm =
        async || (ground.figure_of_work("audit_log_walk_overdue").await == 0.0).then_some(());
    eventually(SOON, "the end of the alarm", calm).await.unwrap();
}
