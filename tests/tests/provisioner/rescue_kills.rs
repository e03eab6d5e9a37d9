//! kill -9 at every step in which a copy is saved that a restore had to leave on a lost server: what only
//! it has is in the copy or in a backup at every moment, and in the end in one backup and nowhere else.

use std::collections::BTreeMap;

use hotelhub_core::ids::{DatabaseId, TenantId};
use platform_tests::postgres::{Preset, connect};
use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{
    gates::{Gate, wait_for_session_as},
    killing::Line,
    shelf::{Shelf, carried},
    two_hosts::Place,
};

/// Drills have had their turn: one would hold the tenant's backups up.
const DRILLED: &str = "INSERT INTO restore_drills
       (id, tenant_id, backup_id, state, started_at, finished_at)
     VALUES (gen_random_uuid(), $1, $2, 'passed', now(), now())";

const SAVED: &str = "SELECT count(*) FROM backups WHERE kind = 'before_restore' AND state = 'kept'";
const UNSAVED: &str = "SELECT count(*) FROM databases WHERE state = 'unsaved'";

/// A hotel that went back while the server of its newest rows was lost, and that server, which is back.
struct Unsaved {
    shelf: Shelf,
    tenant: TenantId,
    /// The copy that no backup has.
    copy: DatabaseId,
    /// What it holds.
    newest: BTreeMap<String, (i64, String)>,
    /// Where the hotel works on.
    serving: Place,
}

impl Unsaved {
    async fn new() -> Self {
        let mut shelf = Shelf::new(Preset::Durable).await;
        let tenant = shelf.hotel.tenant;
        let moved = shelf.two.ask_move(tenant).await;
        shelf.two.finish(moved, "done").await;
        let backup = shelf.back_up().await;
        shelf.two.ground.control.execute(DRILLED, &[&tenant, &backup]).await.unwrap();
        let left = shelf.two.place(tenant).await;
        assert_eq!(left.host, "other");
        let inside = shelf.two.inside(tenant).await;
        let late = "INSERT INTO guests (id, full_name, created_at)
             VALUES (gen_random_uuid(), 'after the backup', now())";
        inside.simple_query(late).await.unwrap();
        let newest = carried(&inside).await;
        drop(inside);
        shelf.two.lose_other().await;
        let wish = json!({ "backup_id": backup, "end": "swap" });
        shelf.done("restore_tenant", wish, "done").await;
        assert_eq!(shelf.count(UNSAVED).await, 1);
        shelf.two.other.start().await.unwrap();
        let serving = shelf.two.place(tenant).await;
        assert_eq!(serving.host, "local");
        Self { shelf, tenant, copy: left.database, newest, serving }
    }

    /// Kills a provisioner that is about to write to the control database.
    async fn kill_at(&self, (table, event, condition): (&'static str, &str, &str), line: Line) {
        let gate = Gate::close(&self.shelf.two.ground, table, event, condition).await;
        let mut program = self.shelf.two.ground.start("killed").await;
        gate.wait_for_arrival().await;
        program.kill().await.unwrap();
        if line == Line::Lost {
            gate.wait_for_retreat().await;
        }
        gate.open().await;
        self.assert_safe(&format!("{event} on {table} where {condition}: {line:?}")).await;
    }

    /// Kills a provisioner whose statement on the copy's server waits for what `lock` holds.
    async fn kill_in_statement(&self, database: &str, lock: &str, statement: &str) {
        let (locker, watcher) = (self.on_server(database).await, self.on_server("postgres").await);
        locker.simple_query(&format!("BEGIN; {lock}")).await.unwrap();
        let mut program = self.shelf.two.ground.start("killed").await;
        let waiting = format!("wait_event_type = 'Lock' AND query LIKE '{statement}'");
        wait_for_session_as(&watcher, &waiting).await;
        program.kill().await.unwrap();
        // The statement goes on for its dead client, unless the server has noticed.
        locker.simple_query("ROLLBACK").await.unwrap();
        self.assert_safe(statement).await;
    }

    /// The newest rows are in a backup, or in the copy and that is known; and the hotel works.
    async fn assert_safe(&self, killed: &str) {
        let known = "SELECT count(*) FROM pg_database WHERE datname = $1";
        let server = self.on_server("postgres").await;
        let row = server.query_one(known, &[&self.copy.name()]).await.unwrap();
        let is_in_copy = row.get::<_, i64>(0) == 1 && self.shelf.count(UNSAVED).await == 1;
        assert!(is_in_copy || self.shelf.count(SAVED).await == 1, "{killed}");
        assert_eq!(self.shelf.two.place(self.tenant).await, self.serving, "{killed}");
        let hotel = connect(&self.shelf.two.login(&self.serving)).await.unwrap();
        hotel.query_one("SELECT count(*) FROM rooms", &[]).await.unwrap();
    }

    /// A session of the superuser on the copy's server.
    async fn on_server(&self, database: &str) -> Client {
        self.shelf.two.superuser("other", database).await
    }
}

#[tokio::test]
async fn a_kill_while_a_replaced_copy_is_saved_loses_no_row_and_saves_it_once() {
    let it = Box::pin(Unsaved::new()).await;
    let (given_up, gone) = (
        format!("NEW.id = '{}' AND NEW.state = 'discarding'", it.copy),
        format!("OLD.id = '{}'", it.copy),
    );
    let begun = ("backups", "INSERT", "NEW.kind = 'before_restore'");
    let kept = ("backups", "UPDATE", "NEW.kind = 'before_restore' AND NEW.state = 'kept'");
    let told = ("operation_runs", "UPDATE", "NEW.figures @> '{\"replaced_is_unsaved\": false}'");
    let given_up = ("databases", "UPDATE", &*given_up);
    let gone = ("databases", "DELETE", &*gone);
    let roles = "LOCK TABLE pg_authid IN SHARE MODE";
    let databases = "LOCK TABLE pg_database IN SHARE MODE";
    let rows = "LOCK TABLE guests IN ACCESS EXCLUSIVE MODE";

    // Each successor comes one step further, and is killed there.
    it.kill_in_statement("postgres", roles, "ALTER ROLE tenant%").await;
    it.kill_at(begun, Line::Lost).await;
    it.kill_at(begun, Line::Written).await;
    it.kill_in_statement(&it.copy.name(), rows, "%LOCK TABLE%").await;
    it.kill_at(kept, Line::Lost).await;
    assert_eq!(it.shelf.count(SAVED).await, 0, "nothing but its object is there");
    it.kill_at(kept, Line::Written).await;
    it.kill_at(told, Line::Lost).await;
    it.kill_at(given_up, Line::Lost).await;
    assert_eq!(it.shelf.count(UNSAVED).await, 1, "it is in a backup, which is not noted yet");
    it.kill_at(given_up, Line::Written).await;
    it.kill_in_statement("postgres", databases, "DROP DATABASE IF EXISTS tenant%").await;
    it.kill_in_statement("postgres", roles, "DROP ROLE IF EXISTS tenant%").await;
    it.kill_at(gone, Line::Lost).await;
    it.kill_at(gone, Line::Written).await;

    it.shelf.assert_nothing_stray().await;
    it.shelf.two.assert_untouched(it.tenant).await;
    let sql = "SELECT id FROM backups WHERE kind = 'before_restore'";
    let control = &it.shelf.two.ground.control;
    let saved: Uuid = control.query_one(sql, &[]).await.unwrap().get(0);
    let sql = "SELECT figures FROM operation_runs WHERE figures ? 'replaced_is_unsaved'";
    let figures: Value = control.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(figures["replaced_is_unsaved"], false, "{figures}");
    assert_eq!(figures["backup_id"], json!(saved), "the restore tells of its backup");
    let wish = json!({ "backup_id": saved, "end": "swap" });
    it.shelf.done("restore_tenant", wish, "done").await;
    assert_eq!(carried(&it.shelf.two.inside(it.tenant).await).await, it.newest);
}
