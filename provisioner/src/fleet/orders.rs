//! What was asked for, and how far it is: every statement on `fleet_migrations` and `fleet_runs`.

use hotelhub_core::{ids::TenantId, sql::Query as _};
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use crate::session::Session;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunState {
    Preparing,
    Running,
    Halted,
    /// It has ended, or was cancelled.
    Ended,
}

/// The record of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) state: RunState,
    pub(super) schema_version: i32,
    pub(super) ring: i32,
    /// How many of the order's `resumes` were followed.
    pub(super) resumed: i32,
}

/// A fleet migration that was asked for.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) id: Uuid,
    /// `None`: the newest.
    pub(super) schema_version: Option<i32>,
    pub(super) canaries: Vec<TenantId>,
    pub(super) workers: usize,
    pub(super) max_failures: i64,
    pub(super) resumes: i32,
    pub(super) set_aside: Vec<TenantId>,
    pub(super) is_cancelled: bool,
    pub(super) run: Option<Run>,
}

macro_rules! select {
    ($end:literal) => {
        concat!(
            "SELECT m.id, m.schema_version, m.canaries, m.workers, m.max_failures, m.resumes,
               m.set_aside, m.cancelled_at IS NOT NULL AS is_cancelled,
               r.state, r.schema_version AS run_schema_version, r.ring, r.resumed
             FROM fleet_migrations m LEFT JOIN fleet_runs r ON r.fleet_migration_id = m.id ",
            $end
        )
    };
}

impl Order {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let state: Option<&str> = row.try_get("state")?;
        let run = match state {
            None => None,
            Some(state) => Some(Run {
                state: match state {
                    "preparing" => RunState::Preparing,
                    "running" => RunState::Running,
                    "halted" => RunState::Halted,
                    _ => RunState::Ended,
                },
                schema_version: row.try_get("run_schema_version")?,
                ring: row.try_get("ring")?,
                resumed: row.try_get("resumed")?,
            }),
        };
        Ok(Self {
            id: row.try_get("id")?,
            schema_version: row.try_get("schema_version")?,
            canaries: row.try_get("canaries")?,
            workers: usize::try_from(row.try_get::<_, i32>("workers")?).unwrap_or(1),
            max_failures: row.try_get::<_, i32>("max_failures")?.into(),
            resumes: row.try_get("resumes")?,
            set_aside: row.try_get("set_aside")?,
            is_cancelled: row.try_get("is_cancelled")?,
            run,
        })
    }
}

/// The oldest order that there is something to do for.
pub(super) async fn find_open(control: &Session) -> Result<Option<Order>, Error> {
    let sql = select!(
        "WHERE r.state IS NULL OR r.state IN ('preparing', 'running')
           OR (r.state = 'halted' AND (m.cancelled_at IS NOT NULL OR m.resumes > r.resumed))
           OR (r.state = 'done' AND m.cancelled_at IS NULL AND m.resumes > r.resumed)
         ORDER BY m.requested_at, m.id LIMIT 1"
    );
    control.query_opt(sql, &[]).await?.as_ref().map(Order::from_row).transpose()
}

/// The order as it stands now.
pub(super) async fn find(control: &Session, id: Uuid) -> Result<Order, Error> {
    Order::from_row(&control.query_one(select!("WHERE m.id = $1"), &[&id]).await?)
}

/// Records that a run has begun.
pub(super) async fn begin(control: &Session, id: Uuid, version: i32) -> Result<(), Error> {
    let sql = "INSERT INTO fleet_runs (fleet_migration_id, state, schema_version)
         VALUES ($1, 'preparing', $2)";
    control.execute(sql, &[&id, &version]).await.map(drop)
}

/// Records that all that come first are ready.
pub(super) async fn start(control: &Session, id: Uuid) -> Result<(), Error> {
    let sql = "UPDATE fleet_runs SET state = 'running' WHERE fleet_migration_id = $1";
    control.execute(sql, &[&id]).await.map(drop)
}

/// Records that a ring has begun.
pub(super) async fn enter_ring(control: &Session, id: Uuid, ring: i32) -> Result<(), Error> {
    let sql = "UPDATE fleet_runs SET ring = $2 WHERE fleet_migration_id = $1";
    control.execute(sql, &[&id, &ring]).await.map(drop)
}

/// Records that the run goes no further until somebody resumes it.
pub(super) async fn halt(control: &Session, id: Uuid, reason: &str) -> Result<(), Error> {
    let sql = "UPDATE fleet_runs SET state = 'halted', halt_reason = $2
         WHERE fleet_migration_id = $1";
    control.execute(sql, &[&id, &reason]).await.map(drop)
}

/// Records that the run has ended.
pub(super) async fn end(control: &Session, id: Uuid, state: &str) -> Result<(), Error> {
    let sql = "UPDATE fleet_runs SET state = $2, finished_at = clock_timestamp()
         WHERE fleet_migration_id = $1";
    control.execute(sql, &[&id, &state]).await.map(drop)
}

/// Goes on where the run stopped, with those in quarantine too unless they were set aside.
pub(super) async fn resume(control: &Session, order: &Order) -> Result<(), Error> {
    let sql = "WITH again AS (
           UPDATE fleet_run_tenants
           SET state = 'pending', attempts = 0, retry_at = NULL, finished_at = NULL
           WHERE fleet_migration_id = $1
             AND (state = 'pending' OR (state = 'quarantined' AND tenant_id <> ALL ($3)))
         )
         UPDATE fleet_runs
         SET state = 'preparing', resumed = $2, halt_reason = NULL, finished_at = NULL
         WHERE fleet_migration_id = $1";
    control.execute(sql, &[&order.id, &order.resumes, &order.set_aside]).await.map(drop)
}

/// The servers that new tenants come to and whose template is older than `version`. One that is
/// away holds up nobody.
pub(super) async fn list_unprepared(control: &Session, version: i32) -> Result<Vec<String>, Error> {
    let sql = "SELECT h.name FROM db_hosts h
         LEFT JOIN db_host_reports r ON r.db_host_id = h.id
         WHERE h.state = 'active' AND r.is_reachable IS NOT FALSE AND NOT EXISTS (
           SELECT FROM templates t
           WHERE t.db_host_id = h.id AND t.is_current AND t.schema_version >= $1)
         ORDER BY h.name";
    control.query(sql, &[&version]).await?.iter().map(|it| it.try_get(0)).collect()
}

/// Whether a provisioner that knows a newer schema has built a template: what is the newest is for
/// that one to say.
pub(super) async fn is_newer_at_work(control: &Session, own_version: i32) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT FROM templates WHERE is_current AND schema_version > $1)";
    control.query_one(sql, &[&own_version]).await?.try_get(0)
}
