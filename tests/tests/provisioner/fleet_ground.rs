//! A fleet of hotels on the schema before the newest, and orders to migrate it, in SQL, as the
//! control plane would.

use std::{collections::BTreeMap, time::Duration};

use hotelhub_core::ids::TenantId;
use platform_tests::{postgres::Preset, process::Program, waiting::eventually};
use uuid::Uuid;

use crate::ground::{Asked, Ground, SOON, stop};

/// A tenant whose locks are not to be had is tried for half a minute, on a quiet machine.
const RUN_LIMIT: Duration = Duration::from_secs(300);

/// The schema that the fleet is on, and the one that it should come to.
pub(crate) const BEFORE: i32 = 4;
pub(crate) const AFTER: i32 = 8;

/// Hotels on the schema before the newest, and nobody at work.
pub(crate) struct Fleet {
    pub(crate) ground: Ground,
    pub(crate) hotels: Vec<Asked>,
}

impl Fleet {
    /// So many hotels, made by a provisioner that knows no newer schema.
    pub(crate) async fn of(size: usize) -> Self {
        let ground = Ground::new(Preset::Fast).await;
        let older = start_older(&ground, "older").await;
        let mut hotels = Vec::new();
        for number in 0..size {
            hotels.push(ground.ask(&format!("hotel-{number}")).await);
        }
        for asked in &hotels {
            ground.wait_until(*asked, "ready").await;
        }
        stop(older).await;
        Self { ground, hotels }
    }

    /// Asks for a fleet migration to the newest schema.
    pub(crate) async fn order(&self, canaries: &[Asked], max_failures: i32) -> Uuid {
        let id = Uuid::new_v4();
        let canaries: Vec<TenantId> = canaries.iter().map(|it| it.tenant).collect();
        let sql = "INSERT INTO fleet_migrations (id, canaries, max_failures) VALUES ($1, $2, $3)";
        self.ground.control.execute(sql, &[&id, &canaries, &max_failures]).await.unwrap();
        id
    }

    /// Asks for the run to go on, its quarantine included.
    pub(crate) async fn resume(&self, run: Uuid) {
        let sql = "UPDATE fleet_migrations SET resumes = resumes + 1 WHERE id = $1";
        self.ground.control.execute(sql, &[&run]).await.unwrap();
    }

    /// The hotel whose turn comes after all others', and the one before it.
    pub(crate) async fn last_two(&self) -> [Asked; 2] {
        let sql = "SELECT id FROM tenants ORDER BY md5(id::text) DESC LIMIT 2";
        let last = self.ground.control.query(sql, &[]).await.unwrap();
        let last = [last[0].get::<_, TenantId>(0), last[1].get(0)];
        last.map(|last| *self.hotels.iter().find(|it| it.tenant == last).unwrap())
    }

    /// Waits until the run is `state` and everything that was asked of it was heard.
    pub(crate) async fn wait_for(&self, run: Uuid, state: &str) {
        let sql = "SELECT r.state FROM fleet_runs r JOIN fleet_migrations m ON m.id = r.fleet_migration_id
             WHERE m.id = $1 AND r.state = $2 AND r.resumed = m.resumes";
        let what = format!("the run to be {state}");
        let reached = eventually(RUN_LIMIT, &what, async || {
            self.ground.control.query_opt(sql, &[&run, &state]).await.unwrap()
        });
        if let Err(late) = reached.await {
            panic!("{late:#}\n{}", self.record(run).await);
        }
    }

    /// Waits until so many tenants of the run are in a state.
    pub(crate) async fn wait_for_tenants(&self, run: Uuid, state: &str, least: i64) {
        let what = format!("{least} tenants to be {state}");
        let reached = eventually(SOON, &what, async || {
            let found = self.tenants(run).await.get(state).copied().unwrap_or_default();
            (found >= least).then_some(())
        });
        if let Err(late) = reached.await {
            panic!("{late:#}\n{}", self.record(run).await);
        }
    }

    /// How many tenants of the run are in which state.
    pub(crate) async fn tenants(&self, run: Uuid) -> BTreeMap<String, i64> {
        let sql = "SELECT state, count(*) FROM fleet_run_tenants WHERE fleet_migration_id = $1
             GROUP BY state";
        let rows = self.ground.control.query(sql, &[&run]).await.unwrap();
        rows.iter().map(|it| (it.get(0), it.get(1))).collect()
    }

    /// Of one tenant of the run: its state, SQLSTATE and error.
    pub(crate) async fn tenant(&self, run: Uuid, asked: Asked) -> (String, String, String) {
        let sql = "SELECT state, coalesce(sqlstate, ''), coalesce(error, '') FROM fleet_run_tenants
             WHERE fleet_migration_id = $1 AND tenant_id = $2";
        let row = self.ground.control.query_one(sql, &[&run, &asked.tenant]).await.unwrap();
        (row.get(0), row.get(1), row.get(2))
    }

    /// The record of a run, for messages.
    pub(crate) async fn record(&self, run: Uuid) -> String {
        let sql = "SELECT concat(to_jsonb(r), chr(10), (
               SELECT string_agg(to_jsonb(t)::text, chr(10)) FROM fleet_run_tenants t
               WHERE t.fleet_migration_id = r.fleet_migration_id AND t.state <> 'done'))
             FROM fleet_runs r WHERE r.fleet_migration_id = $1";
        let row = self.ground.control.query_opt(sql, &[&run]).await.unwrap();
        row.map_or_else(|| "there is no run".to_owned(), |it| it.get(0))
    }

    /// Makes the next migration fail in a hotel's database.
    pub(crate) async fn poison(&self, asked: Asked) {
        let inside = self.ground.superuser(&self.ground.database_of(asked).await).await;
        inside.simple_query("CREATE TABLE move_pause (poison int)").await.unwrap();
    }

    /// Takes the poison out again.
    pub(crate) async fn heal(&self, asked: Asked) {
        let inside = self.ground.superuser(&self.ground.database_of(asked).await).await;
        inside.simple_query("DROP TABLE move_pause").await.unwrap();
    }

    /// Asserts that a hotel's database has every migration up to `version` once, is whole, and that
    /// its route says so.
    pub(crate) async fn assert_at(&self, asked: Asked, version: i32) {
        let inside = self.ground.superuser(&self.ground.database_of(asked).await).await;
        let sql = "SELECT array_agg(version ORDER BY version),
               (SELECT count(*) FROM properties), (SELECT count(*) FROM users)
             FROM refinery_schema_history";
        let row = inside.query_one(sql, &[]).await.unwrap();
        assert_eq!(row.get::<_, Vec<i32>>(0), (1..=version).collect::<Vec<i32>>());
        assert_eq!((row.get::<_, i64>(1), row.get::<_, i64>(2)), (1, 1));
        let sql = "SELECT schema_version FROM routes WHERE tenant_id = $1";
        let row = self.ground.control.query_one(sql, &[&asked.tenant]).await.unwrap();
        assert_eq!(row.get::<_, i32>(0), version, "what the route says");
    }
}

/// Starts a provisioner of the release before.
pub(crate) async fn start_older(ground: &Ground, name: &str) -> Program {
    let launch = ground.launch(name, "run").env("TENANT_SCHEMA_VERSION", BEFORE.to_string());
    ground.started(&launch).await
}
