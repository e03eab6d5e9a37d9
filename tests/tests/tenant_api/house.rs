//! The platform that most tests share, and a hotel that each test has for itself.

use std::sync::{Arc, Weak};

use hotelhub_core::tasks::Tasks;
use hotelhub_jobs::broker::Broker;
use platform_tests::{
    client::{ControlPlane, Hotel, Signup, Site},
    platform::{HOTEL_DEADLINE, Platform, Role, Stage},
    postgres::{Preset, connect},
    secrets,
    waiting::eventually,
};
use serde_json::{Value, json};
use tokio::{
    runtime::{Builder, Runtime},
    sync::Mutex,
};
use url::Url;

/// The password of every owner.
pub(crate) const PASSWORD: &str = "kunci-kamar-tujuh-belas";

/// A platform with the servers it needs.
pub(crate) struct House {
    pub(crate) platform: Platform,
    pub(crate) stage: Stage,
}

impl House {
    /// A platform that the test has for itself, with a broker that it can stop.
    pub(crate) async fn own() -> Self {
        let stage = Stage::with_own_broker(Preset::Fast).await.unwrap();
        Self::on(stage).await
    }

    /// A platform that the test has for itself, with these settings of `tenant-api serve`.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let stage = Stage::new(Preset::Fast).await.unwrap();
        let serve = Role::TenantServe(0);
        let builder = settings
            .iter()
            .fold(stage.platform(1).unwrap(), |it, (name, value)| it.env_of(serve, name, value));
        let platform = builder.start().await.unwrap();
        Self { platform, stage }
    }

    /// A platform that the test has for itself, whose routes are published at this address.
    pub(crate) async fn publishing(storage_url: &str) -> Self {
        let stage = Stage::new(Preset::Fast).await.unwrap();
        let builder = stage.platform(1).unwrap().env("STORAGE_URL", storage_url);
        let platform = builder.start().await.unwrap();
        Self { platform, stage }
    }

    /// A platform that the test has for itself, with so many replicas of `tenant-api serve`.
    pub(crate) async fn with_replicas(replicas: usize) -> Self {
        let stage = Stage::new(Preset::Fast).await.unwrap();
        let platform = stage.platform(replicas).unwrap().start().await.unwrap();
        Self { platform, stage }
    }

    async fn on(stage: Stage) -> Self {
        let platform = stage.platform(1).unwrap().start().await.unwrap();
        Self { platform, stage }
    }

    /// Runs a statement in the control database, past all programs.
    pub(crate) async fn control_sql(&self, statement: &str) {
        run_script(&self.control_session().await, statement).await;
    }

    /// A superuser's session in the control database, past all programs.
    pub(crate) async fn control_session(&self) -> tokio_postgres::Client {
        let mut url = self.stage.postgres.urls().unwrap().superuser;
        url.set_path("/hotelhub_control");
        connect(&url).await.unwrap()
    }

    /// A figure of a program's metrics, summed over its labels; 0 before it was first written.
    pub(crate) async fn figure(&self, role: Role, name: &str) -> f64 {
        self.platform.figure(role, name).await.unwrap()
    }

    /// Ends a move that has paused the hotel's writers, as if the next copy were here: it has the
    /// next generation, what is connected is turned out, and the route says so last.
    pub(crate) async fn move_in_place(&self, it: &TestHotel) {
        let (there, control) = (it.session().await, self.control_session().await);
        let close = "UPDATE tenant_identity SET generation = generation + 1;
             UPDATE move_pause SET is_paused = false;
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let publish = format!(
            "UPDATE databases SET generation = generation + 1
             WHERE tenant_id = '{}' AND state = 'assigned'",
            it.tenant
        );
        run_script(&there, close).await;
        run_script(&control, &publish).await;
    }

    /// Sends a hotel a tick.
    pub(crate) async fn tick(&self, it: &TestHotel) {
        let tasks = Tasks::default();
        let broker = Broker::start(self.stage.amqp_url(), "a test's tick", &tasks);
        let connected = async || broker.is_connected().then_some(());
        eventually(HOTEL_DEADLINE, "the broker", connected).await.unwrap();
        broker.publish_tick(it.tenant.parse().unwrap()).await.unwrap();
        tasks.stop();
    }

    /// A fresh hotel.
    pub(crate) async fn open_hotel(&self) -> TestHotel {
        let superuser = self.stage.postgres.urls().unwrap().superuser;
        TestHotel::open(&self.platform.control().unwrap(), &superuser).await
    }
}

/// A platform that tests share while they run beside each other. It has a runtime of its own, since
/// that of the test that started it ends with that test.
pub(crate) struct SharedHouse {
    house: Option<House>,
    runtime: Option<Runtime>,
}

static SHARED: Mutex<Weak<SharedHouse>> = Mutex::const_new(Weak::new());

/// The shared platform, started by the first test that asks, stopped by the last one that ends.
pub(crate) async fn shared() -> Arc<SharedHouse> {
    let mut slot = SHARED.lock().await;
    if let Some(running) = slot.upgrade() {
        return running;
    }
    let start = || {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let house =
            runtime.block_on(async { House::on(Stage::new(Preset::Fast).await.unwrap()).await });
        Arc::new(SharedHouse { house: Some(house), runtime: Some(runtime) })
    };
    let started = tokio::task::spawn_blocking(start).await.unwrap();
    *slot = Arc::downgrade(&started);
    started
}

impl std::ops::Deref for SharedHouse {
    type Target = House;

    fn deref(&self) -> &House {
        self.house.as_ref().unwrap()
    }
}

impl Drop for SharedHouse {
    fn drop(&mut self) {
        drop(self.house.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A hotel, as its owner uses it.
pub(crate) struct TestHotel {
    pub(crate) hotel: Hotel,
    pub(crate) email: String,
    pub(crate) tenant: String,
    pub(crate) property: String,
    superuser: Url,
}

impl TestHotel {
    async fn open(control: &ControlPlane, superuser: &Url) -> Self {
        let signup = Signup {
            password: PASSWORD.to_owned(),
            ..Signup::of(&format!("hotel-{}", secrets::tag()))
        };
        let taken = control.sign_up(&signup).await.unwrap();
        control.wait_ready(&taken.tenant_id, HOTEL_DEADLINE).await.unwrap();
        let hotel = control.hotel(&taken.host).unwrap();
        let hotel = hotel.log_in(&signup.owner_email, PASSWORD).await.unwrap();
        let property = hotel.first_property().await.unwrap();
        let superuser = superuser.clone();
        Self { hotel, email: signup.owner_email, tenant: taken.tenant_id, property, superuser }
    }

    pub(crate) fn site(&self) -> &Site {
        self.hotel.site()
    }

    /// The same hotel, on the replica that serves on `port`.
    pub(crate) fn on_port(&self, port: u16) -> Self {
        let site = Site::new(port, self.site().host()).unwrap();
        Self {
            hotel: Hotel::new(site.with_token(self.site().token().unwrap())),
            email: self.email.clone(),
            tenant: self.tenant.clone(),
            property: self.property.clone(),
            superuser: self.superuser.clone(),
        }
    }

    /// Writes into the hotel's own row what it may do.
    pub(crate) async fn set_row(&self, access: &str) {
        self.sql(&format!("UPDATE tenant_identity SET access = '{access}'")).await;
    }

    /// Stops those who write, as a move does for a moment.
    pub(crate) async fn pause_writers(&self) {
        let mut sql = String::new();
        for table in ["guests", "jobs", "reservations", "sessions"] {
            sql += &format!(
                "CREATE OR REPLACE TRIGGER paused AFTER INSERT OR UPDATE OR DELETE ON {table}
                   FOR EACH ROW EXECUTE FUNCTION note_move_change('id');"
            );
        }
        sql += "UPDATE move_pause SET is_paused = true";
        run_script(&self.session().await, &sql).await;
    }

    /// Has the hotel's sessions wait for locks as long as whoever asks lets them, instead of some
    /// seconds.
    pub(crate) async fn wait_for_ever(&self) {
        let role = self.database().await;
        for setting in ["lock_timeout", "statement_timeout"] {
            self.sql(&format!("ALTER ROLE {role} SET {setting} = 0")).await;
        }
        self.sql(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
        let served = async || {
            let answer = self.site().get("/api/v1/properties").await.unwrap();
            (answer.status == 200).then_some(())
        };
        eventually(HOTEL_DEADLINE, "the hotel on new sessions", served).await.unwrap();
    }

    /// The name of the hotel's database and login role.
    pub(crate) async fn database(&self) -> String {
        self.sql("SELECT current_database()::text").await[0].get(0)
    }

    /// Adds somebody with the owner's password and this role; the e-mail address.
    pub(crate) async fn add_person(&self, role: &str) -> String {
        let email = format!("{role}@{}", self.email.split('@').next_back().unwrap());
        let sql = format!(
            "WITH made AS (INSERT INTO users (id, email, name, password_hash, created_at)
                   SELECT gen_random_uuid(), '{email}', 'Komang', password_hash, now() FROM users
                   WHERE email = '{}' RETURNING id)
                 INSERT INTO user_roles (user_id, role) SELECT id, '{role}' FROM made",
            self.email
        );
        run_script(&self.session().await, &sql).await;
        email
    }

    /// Below the property, e.g. `reservations`.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/v1/properties/{}/{rest}", self.property)
    }

    /// A kind of room with so many rooms, at Rp750.000 for the next 60 nights; its id.
    pub(crate) async fn sells(&self, rooms: usize) -> String {
        let room_type = self.hotel.add_room_type(&self.property, "DLX").await.unwrap();
        for number in 0..rooms {
            let number = (101 + number).to_string();
            let body = json!({ "number": number, "room_type_id": room_type });
            let answer = self.site().post(&self.path("rooms"), &body).await.unwrap();
            answer.expect_status(201).unwrap();
        }
        let (from, to) = platform_tests::client::stay(0, 60);
        let nights = (from.as_str(), to.as_str());
        self.hotel.set_rate(&self.property, &room_type, nights, 750_000).await.unwrap();
        room_type
    }

    /// Lets a schedule be late by so many days.
    pub(crate) async fn let_be_late(&self, schedule: &str, days: u32) {
        let property = match schedule {
            "clean_up" => "'00000000-0000-0000-0000-000000000000'::uuid",
            _ => "id",
        };
        self.sql(&format!(
            "INSERT INTO schedules (name, property_id, next_fire_at)
             SELECT '{schedule}', {property}, now() - interval '{days} days' FROM properties
             ON CONFLICT (name, property_id) DO UPDATE SET next_fire_at = excluded.next_fire_at"
        ))
        .await;
    }

    /// The body that books this kind of room for so many nights in so many days.
    pub(crate) fn booking(room_type: &str, days: u64, nights: u64, email: &str) -> Value {
        let (arrival, departure) = platform_tests::client::stay(days, nights);
        json!({
            "room_type_id": room_type, "arrival": arrival, "departure": departure, "adults": 2,
            "guest": { "full_name": "Ni Luh Sari", "email": email },
        })
    }

    /// Runs a statement in the hotel's database, past all programs.
    pub(crate) async fn sql(&self, statement: &str) -> Vec<tokio_postgres::Row> {
        self.session().await.query(statement, &[]).await.unwrap()
    }

    /// A superuser's session in the hotel's database, past all programs.
    pub(crate) async fn session(&self) -> tokio_postgres::Client {
        let mut url = self.superuser.clone();
        url.set_path("/hotelhub_control");
        let control = connect(&url).await.unwrap();
        let found = control
            .query_one(
                "SELECT replace(id::text, '-', '') FROM databases
                 WHERE tenant_id::text = $1 AND state = 'assigned'",
                &[&self.tenant],
            )
            .await
            .unwrap();
        url.set_path(&format!("/tenant_{}", found.get::<_, &str>(0)));
        connect(&url).await.unwrap()
    }
}

/// Runs several statements that give nothing back.
#[expect(clippy::disallowed_methods, reason = "no statement here begins a transaction")]
pub(crate) async fn run_script(session: &tokio_postgres::Client, sql: &str) {
    session.batch_execute(sql).await.unwrap();
}

/// An error's body without the id that every request has of its own.
pub(crate) fn without_request_id(body: &Value) -> Value {
    let mut body = body.clone();
    body["error"]["request_id"] = Value::Null;
    body
}
