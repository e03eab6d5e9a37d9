//! kill -9 at every point of a move: the hotel ends on its new server, whole, or where it was, and
//! nothing is left behind on either.

use std::collections::BTreeMap;

use platform_tests::{postgres::Preset, waiting::eventually};
use tokio_postgres::Client;

use crate::{
    gates::Gate,
    ground::{Asked, SOON},
    two_hosts::{TwoHosts, fingerprint},
};

const STEPS: [&str; 7] =
    ["place", "create_target", "capture", "copy", "catch_up", "switch", "retire"];

/// What becomes of the line that was about to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// It is lost with the process.
    Lost,
    /// The server writes it for its dead client.
    Written,
}

/// A hotel that goes to and fro, and what it must hold after each move.
struct Traveller {
    two: TwoHosts,
    hotel: Asked,
    sums: BTreeMap<String, (i64, String)>,
}

impl Traveller {
    async fn new() -> Self {
        let two = TwoHosts::new(Preset::Durable).await;
        let hotel = two.hotel("mandala").await;
        let sums = fingerprint(&two.inside(hotel.tenant).await).await;
        Self { two, hotel, sums }
    }

    /// Asks for a move, and kills the provisioner that stands before a line of the control database.
    async fn kill_at(
        &self,
        table: &'static str,
        event: &str,
        condition: &str,
        line: Line,
    ) -> Asked {
        let gate = Gate::close(&self.two.ground, table, event, condition).await;
        let moved = self.two.ask_move(self.hotel.tenant).await;
        let mut program = self.two.ground.start("killed").await;
        gate.wait_for_arrival().await;
        program.kill().await.unwrap();
        if line == Line::Lost {
            gate.wait_for_retreat().await;
        }
        gate.open().await;
        moved
    }

    /// Asks for a move, and kills the provisioner in a statement of `step` that waits for a lock,
    /// which `lock` takes on one side.
    async fn kill_in(&self, step: &str, side: Side, lock: &str) -> Asked {
        let before = self.two.place(self.hotel.tenant).await;
        let gate = Gate::before_step(&self.two.ground, step).await;
        let moved = self.two.ask_move(self.hotel.tenant).await;
        let mut program = self.two.ground.start("killed").await;
        gate.wait_for_arrival().await;
        let target = if before.host == "local" { "other" } else { "local" };
        let mut holder = match side {
            Side::Source => self.two.superuser(&before.host, &before.database.name()).await,
            Side::SourceServer => self.two.superuser(&before.host, "postgres").await,
            Side::Target => self.two.superuser(target, &self.claimed().await).await,
            Side::TargetServer => self.two.superuser(target, "postgres").await,
        };
        let held = holder.transaction().await.unwrap();
        held.simple_query(lock).await.unwrap();
        gate.open().await;
        let host =
            if matches!(side, Side::Source | Side::SourceServer) { &before.host } else { target };
        wait_for_lock(&self.two.superuser(host, "postgres").await).await;
        program.kill().await.unwrap();
        held.rollback().await.unwrap();
        moved
    }

    async fn claimed(&self) -> String {
        let sql = "SELECT 'tenant_' || replace(id::text, '-', '') FROM databases
             WHERE state = 'claimed' AND tenant_id IS NOT NULL";
        self.two.ground.control.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// A new provisioner ends the move; the hotel is whole, on the other server.
    async fn arrives(&self, moved: Asked, from: &str) {
        self.two.finish(moved, "done").await;
        let to = if from == "local" { "other" } else { "local" };
        assert_eq!(self.two.place(self.hotel.tenant).await.host, to);
        self.assert_whole().await;
    }

    /// A new provisioner undoes the move; the hotel is whole, where it was.
    async fn stays(&self, moved: Asked, at: &str) {
        self.two.finish(moved, "undone").await;
        assert_eq!(self.two.place(self.hotel.tenant).await.host, at);
        self.assert_whole().await;
    }

    async fn assert_whole(&self) {
        assert_eq!(fingerprint(&self.two.inside(self.hotel.tenant).await).await, self.sums);
        self.two.assert_untouched(self.hotel.tenant).await;
        self.two.assert_nothing_stray().await;
    }

    async fn host(&self) -> String {
        self.two.place(self.hotel.tenant).await.host
    }
}

/// Where somebody stands in the way.
#[derive(Clone, Copy, Debug)]
enum Side {
    Source,
    SourceServer,
    Target,
    TargetServer,
}

#[tokio::test]
async fn a_kill_between_two_steps_of_a_move_is_survived_whether_the_record_was_written_or_not() {
    let traveller = Traveller::new().await;

    for line in [Line::Lost, Line::Written] {
        let moments = STEPS.iter().map(|step| (*step, "running"));
        for (step, state) in moments.chain([("retire", "done")]) {
            let from = traveller.host().await;
            let condition = format!("NEW.name = '{step}' AND NEW.state = '{state}'");
            let moved =
                traveller.kill_at("operation_steps", "INSERT OR UPDATE", &condition, line).await;
            traveller.arrives(moved, &from).await;
        }
    }
}

#[tokio::test]
async fn a_kill_at_a_line_about_the_copies_is_survived() {
    let traveller = Traveller::new().await;

    for (table, event, condition) in [
        ("databases", "INSERT", "NEW.state = 'claimed'"),
        // The sixth table of the copy.
        (
            "operation_runs",
            "UPDATE",
            "NEW.figures ->> 'tables' = '6' AND NOT NEW.figures ? 'rounds'",
        ),
        ("operation_runs", "UPDATE", "NEW.figures ? 'rounds'"),
        // The point of no return itself.
        ("databases", "UPDATE", "OLD.state = 'assigned' AND NEW.state = 'retired'"),
        ("databases", "UPDATE", "OLD.state = 'claimed' AND NEW.state = 'assigned'"),
        ("operation_runs", "UPDATE", "NEW.figures ? 'write_pause_ms'"),
        ("databases", "DELETE", "OLD.state = 'retired'"),
    ] {
        for line in [Line::Lost, Line::Written] {
            let from = traveller.host().await;
            let moved = traveller.kill_at(table, event, condition, line).await;
            traveller.arrives(moved, &from).await;
        }
    }
}

#[tokio::test]
async fn a_kill_in_the_middle_of_a_step_of_a_move_is_survived() {
    let traveller = Traveller::new().await;

    for (step, side, lock) in [
        ("create_target", Side::TargetServer, "LOCK TABLE pg_database IN SHARE MODE"),
        ("create_target", Side::TargetServer, "LOCK TABLE pg_authid IN SHARE MODE"),
        ("capture", Side::Source, "LOCK TABLE guests IN ROW EXCLUSIVE MODE"),
        ("copy", Side::Source, "LOCK TABLE guests IN ACCESS EXCLUSIVE MODE"),
        ("copy", Side::Target, "LOCK TABLE guests IN ACCESS EXCLUSIVE MODE"),
        ("catch_up", Side::Source, "LOCK TABLE move_changes IN ACCESS EXCLUSIVE MODE"),
        ("switch", Side::Source, "LOCK TABLE move_pause IN ACCESS SHARE MODE"),
        // Writers are stopped by then.
        ("switch", Side::Source, "LOCK TABLE refinery_schema_history IN ROW EXCLUSIVE MODE"),
        ("switch", Side::Target, "LOCK TABLE tenant_identity IN ACCESS EXCLUSIVE MODE"),
        ("switch", Side::TargetServer, "LOCK TABLE pg_database IN SHARE MODE"),
        ("retire", Side::SourceServer, "LOCK TABLE pg_authid IN SHARE MODE"),
        ("retire", Side::SourceServer, "LOCK TABLE pg_database IN SHARE MODE"),
    ] {
        let from = traveller.host().await;
        let moved = traveller.kill_in(step, side, lock).await;
        traveller.arrives(moved, &from).await;
    }
}

#[tokio::test]
async fn a_kill_while_a_move_is_undone_is_survived() {
    let mut traveller = Traveller::new().await;
    let odd = "ALTER TABLE guests ADD COLUMN odd text";
    let inside = traveller.two.inside(traveller.hotel.tenant).await;
    inside.simple_query(odd).await.unwrap();
    traveller.sums = fingerprint(&inside).await;
    drop(inside);

    for line in [Line::Lost, Line::Written] {
        for (step, state) in [
            ("copy", "undoing"),
            ("capture", "undoing"),
            ("create_target", "undoing"),
            ("create_target", "undone"),
            ("place", "undone"),
        ] {
            let from = traveller.host().await;
            let condition = format!("NEW.name = '{step}' AND NEW.state = '{state}'");
            let moved =
                traveller.kill_at("operation_steps", "INSERT OR UPDATE", &condition, line).await;
            traveller.stays(moved, &from).await;
        }
    }
}

#[tokio::test]
async fn a_schema_that_changes_during_a_move_undoes_it_and_writers_go_on() {
    let traveller = Traveller::new().await;
    let gate = Gate::before_step(&traveller.two.ground, "switch").await;
    let moved = traveller.two.ask_move(traveller.hotel.tenant).await;
    let mut program = traveller.two.ground.start("killed").await;
    gate.wait_for_arrival().await;
    let inside = traveller.two.inside(traveller.hotel.tenant).await;
    let migrated = "INSERT INTO refinery_schema_history (version, name) VALUES (99, 'newer')";
    inside.simple_query(migrated).await.unwrap();
    drop(inside);
    gate.open().await;
    // Killed while it turns back with a source that was paused.
    traveller.two.wait_for_error(moved, "schema was changed").await;
    program.kill().await.unwrap();

    traveller.two.finish(moved, "undone").await;
    assert_eq!(traveller.host().await, "local");
    traveller.two.assert_untouched(traveller.hotel.tenant).await;
    traveller.two.assert_nothing_stray().await;
}

/// Waits until a session of the provisioner waits for a lock of ours.
async fn wait_for_lock(superuser: &Client) {
    let sql = "SELECT 1 FROM pg_stat_activity
         WHERE application_name = 'provisioner' AND wait_event_type = 'Lock'
           AND wait_event <> 'advisory'";
    eventually(SOON, "somebody to wait for a lock", async || {
        (!superuser.query(sql, &[]).await.unwrap().is_empty()).then_some(())
    })
    .await
    .unwrap();
}
