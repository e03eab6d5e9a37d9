//! The platform that most tests share, and a hotel that each test has for itself.

use std::sync::{Arc, Weak};

use platform_tests::{
    client::{ControlPlane, Hotel, Signup, Site},
    platform::{HOTEL_DEADLINE, Platform, Role, Stage},
    postgres::{Preset, connect},
    secrets,
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

    async fn on(stage: Stage) -> Self {
        let platform = stage.platform(1).unwrap().start().await.unwrap();
        Self { platform, stage }
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

/// An error's body without the id that every request has of its own.
pub(crate) fn without_request_id(body: &Value) -> Value {
    let mut body = body.clone();
    body["error"]["request_id"] = Value::Null;
    body
}
