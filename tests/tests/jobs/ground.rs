//! A platform with a fleet of hotels, workers that know the kinds of tests, and a ledger.

use hotelhub_jobs::{ticket::Ticket, topology::WORK};
use nix::sys::signal::Signal;
use platform_tests::{
    fleet::{Fleet, FleetHotel, NewJobs},
    ledger::Ledger,
    platform::{Platform, Role, Stage, Worker},
    postgres::Preset,
    rabbit::{Depth, Queues},
    waiting::eventually,
};
use serde_json::json;
use tokio_postgres::Row;

use crate::SOON;

/// Where the tickets of the class `default` lie.
pub(crate) const QUEUE: &str = "jobs.default.v1";
/// What the workers take, and how much of it at a time.
const CLASSES: &str = "default:6,ota-ingest:6,ota-sync:2";
/// One for each of those and one to claim; a dozen workers fit into the server's 200.
const CONNECTIONS: &str = "15";

/// Everything that one test needs.
pub(crate) struct Ground {
    // The processes end before the servers that they use.
    pub(crate) platform: Platform,
    pub(crate) fleet: Fleet,
    pub(crate) ledger: Ledger,
    pub(crate) stage: Stage,
}

impl Ground {
    /// A fleet of so many hotels, and no worker yet.
    pub(crate) async fn new(hotels: usize) -> Self {
        Self::on(Stage::new(Preset::Fast).await.unwrap(), hotels, &[]).await
    }

    /// The same with these settings of the workers.
    pub(crate) async fn with_settings(hotels: usize, settings: &[(&str, &str)]) -> Self {
        Self::on(Stage::new(Preset::Fast).await.unwrap(), hotels, settings).await
    }

    /// The same with a broker that the test can stop and kill.
    pub(crate) async fn with_own_broker(hotels: usize) -> Self {
        Self::on(Stage::with_own_broker(Preset::Fast).await.unwrap(), hotels, &[]).await
    }

    /// The same on a database server that survives a crash.
    pub(crate) async fn with_durable_databases(hotels: usize) -> Self {
        Self::on(Stage::new(Preset::Durable).await.unwrap(), hotels, &[]).await
    }

    async fn on(stage: Stage, hotels: usize, settings: &[(&str, &str)]) -> Self {
        let ledger = Ledger::start().await.unwrap();
        // The product's own worker knows no kind of tests and would put their tickets aside.
        let builder = stage.platform(1).unwrap().without(Role::TenantWork);
        let builder = builder
            .without(Role::ControlWork)
            .without(Role::TenantServe(0))
            .env("LEDGER_URL", &ledger.url())
            .env("DB_CONNECTIONS_PER_HOST", CONNECTIONS);
        let builder = settings.iter().fold(builder, |it, (name, value)| it.env(name, value));
        let platform = builder.start().await.unwrap();
        let fleet = Fleet::open(&platform, hotels).await.unwrap();
        Self { platform, fleet, ledger, stage }
    }

    /// Starts workers with the numbers from 0.
    pub(crate) async fn start_workers(&mut self, count: usize) {
        for number in 0..count {
            self.platform.start_role(worker(number)).await.unwrap();
        }
    }

    /// The hotels.
    pub(crate) fn hotels(&self) -> &[FleetHotel] {
        self.fleet.hotels()
    }

    /// Puts so many jobs into each hotel and tells the broker that there is something to do.
    pub(crate) async fn add_jobs(&self, jobs: &NewJobs, count: usize) {
        self.fleet.insert_jobs(jobs, count).await.unwrap();
        self.tick_all().await;
    }

    /// Sends each hotel a tick.
    pub(crate) async fn tick_all(&self) {
        let ticks: Vec<Ticket> = self.hotels().iter().map(|it| Ticket::tick(it.tenant())).collect();
        self.publish(&ticks).await;
    }

    /// Publishes these tickets, in their order, into the class of each.
    pub(crate) async fn publish(&self, tickets: &[Ticket]) {
        let queues = self.queues().await;
        for of_class in tickets.chunk_by(|a, b| a.routing_key() == b.routing_key()) {
            let bodies: Vec<Vec<u8>> =
                of_class.iter().map(|it| serde_json::to_vec(it).unwrap()).collect();
            queues.publish(WORK, of_class[0].routing_key(), &bodies).await.unwrap();
        }
    }

    /// The broker, seen from outside.
    pub(crate) async fn queues(&self) -> Queues {
        Queues::connect(self.stage.amqp_url()).await.unwrap()
    }

    /// Asks every hotel's database the same.
    pub(crate) async fn ask_all(&self, sql: &str) -> Vec<Row> {
        let mut rows = Vec::new();
        for hotel in self.hotels() {
            rows.extend(ask(hotel, sql).await);
        }
        rows
    }

    /// The sum of what every hotel's database answers.
    pub(crate) async fn sum(&self, sql: &str) -> i64 {
        self.ask_all(sql).await.iter().map(|it| it.get::<_, i64>(0)).sum()
    }

    /// The jobs of tests for which this holds, in words, by what they have in common.
    pub(crate) async fn those(&self, condition: &str) -> Vec<String> {
        let sql = format!(
            "SELECT count(*) || ' ' || kind || ' ' || state || ', attempt ' || attempt \
               || ', crashes ' || crash_count || ', ' || coalesce(last_error_code, 'no error') \
               || ': ' || coalesce(max(last_error_text), '') \
             FROM jobs WHERE kind LIKE 'test%' AND ({condition}) GROUP BY kind, state, attempt, crash_count, last_error_code"
        );
        self.ask_all(&sql).await.iter().map(|it| it.get(0)).collect()
    }

    /// No job has needed a second try, and none has ended otherwise than well.
    pub(crate) async fn expect_no_try_lost(&self) {
        let odd = self.those("state <> 'done' OR attempt <> 1").await;
        assert!(odd.is_empty(), "{odd:#?}");
    }

    /// How many jobs of tests are done, in all hotels: those of the hotels' own days come and go.
    pub(crate) async fn done(&self) -> usize {
        let sql = "SELECT count(*) FROM jobs WHERE state = 'done' AND kind LIKE 'test%'";
        let done = self.sum(sql).await;
        usize::try_from(done).unwrap()
    }

    /// How the lease owner's name of this worker ends.
    pub(crate) fn owner(&mut self, worker: Role) -> String {
        format!("@{}", self.platform.program(worker).unwrap().pid())
    }

    /// Waits until so many workers take tickets of the class `default`: whoever has started may not be
    /// connected yet.
    pub(crate) async fn wait_for_workers(&self, wanted: u32) {
        let queues = self.queues().await;
        let taking = async || {
            let Depth { consumers, .. } = queues.depth(QUEUE).await.ok()?;
            (consumers == wanted).then_some(())
        };
        eventually(SOON, &format!("{wanted} workers to take tickets"), taking).await.unwrap();
    }

    /// Sends a worker's process a signal.
    pub(crate) fn signal(&mut self, worker: Role, signal: Signal) {
        self.platform.program(worker).unwrap().signal(signal).unwrap();
    }

    /// Has a worker stand still in the middle of so many jobs that each write a row: whatever happens to
    /// it next happens to those.
    pub(crate) async fn stall_at_work(&mut self, worker: Role, jobs: i64) {
        let owner = self.owner(worker);
        let held = format!(
            "SELECT count(*) FROM jobs WHERE state = 'running' AND kind = 'test_insert' \
               AND lease_owner LIKE '%{owner}'"
        );
        let stalled = eventually(SOON, "a worker in the middle of its jobs", async || {
            self.signal(worker, Signal::SIGSTOP);
            if self.sum(&held).await >= jobs {
                return Some(());
            }
            self.signal(worker, Signal::SIGCONT);
            None
        });
        stalled.await.unwrap();
    }
}

/// A worker with the kinds of tests.
pub(crate) fn worker(number: usize) -> Role {
    Role::Worker(Worker::of_tests(number, CLASSES))
}

/// Asks a hotel's database, past all programs.
pub(crate) async fn ask(hotel: &FleetHotel, sql: &str) -> Vec<Row> {
    hotel.session().await.unwrap().query(sql, &[]).await.unwrap()
}

/// Jobs that each write one row, after so many milliseconds.
pub(crate) fn inserts(wait_ms: u64) -> NewJobs {
    NewJobs::of("test_insert", "default").with_payload(json!({ "wait_ms": wait_ms }))
}

/// Jobs that each call the ledger once.
pub(crate) fn calls() -> NewJobs {
    let jobs = NewJobs::of("test_call", "ota-ingest").calling("ledger");
    jobs.with_payload(json!({ "effect": "{job}" }))
}
