//! A hotel as its staff use it.

use std::sync::LazyLock;

use anyhow::{Context as _, Result};
use chrono::{Days, NaiveDate};
use hotelhub_core::clock::Clock;
use serde_json::{Value, json};

use super::Site;

/// The same for as long as this process lives: whoever asks twice means the same nights, also when
/// midnight has passed in between.
static TODAY: LazyLock<NaiveDate> = LazyLock::new(|| Clock::system().now().date_naive());

/// The first night and the day of departure of a stay that begins in `days` days.
#[must_use]
pub fn stay(days: u64, nights: u64) -> (String, String) {
    let arrival = *TODAY + Days::new(days);
    (arrival.to_string(), (arrival + Days::new(nights)).to_string())
}

/// One hotel's service.
#[derive(Clone, Debug)]
pub struct Hotel {
    site: Site,
}

impl Hotel {
    /// The hotel on `site`.
    #[must_use]
    pub const fn new(site: Site) -> Self {
        Self { site }
    }

    /// The site itself, for requests that have no method here.
    #[must_use]
    pub const fn site(&self) -> &Site {
        &self.site
    }

    /// The hotel with the token of one of its people.
    ///
    /// # Errors
    /// Fails if the login is refused.
    pub async fn log_in(&self, email: &str, password: &str) -> Result<Self> {
        Ok(Self { site: self.site.log_in(email, password).await.context("log in at the hotel")? })
    }

    /// The id of the first property: signing up makes one.
    ///
    /// # Errors
    /// Fails if there is none.
    pub async fn first_property(&self) -> Result<String> {
        let answer = self.site.get("/api/v1/properties").await?.expect_status(200)?;
        id_of(answer.data()?.get(0).context("the hotel has no property")?)
    }

    /// The id of the room type with this code, if there is one.
    ///
    /// # Errors
    /// Fails if the hotel refuses.
    pub async fn find_room_type(&self, property: &str, code: &str) -> Result<Option<String>> {
        let path = format!("/api/v1/properties/{property}/room-types");
        let list = self.site.get(&path).await?.expect_status(200)?.data()?;
        let mut types = list.as_array().into_iter().flatten();
        types.find(|it| it.get("code").is_some_and(|it| it == code)).map(id_of).transpose()
    }

    /// Makes a type of room and gives its id.
    ///
    /// # Errors
    /// Fails if the hotel refuses.
    pub async fn add_room_type(&self, property: &str, code: &str) -> Result<String> {
        let body = json!({ "code": code, "name": code, "max_adults": 2, "max_children": 1 });
        self.create(&format!("/api/v1/properties/{property}/room-types"), &body).await
    }

    /// The numbers of the first fifty rooms.
    ///
    /// # Errors
    /// Fails if the hotel refuses.
    pub async fn room_numbers(&self, property: &str) -> Result<Vec<String>> {
        let path = format!("/api/v1/properties/{property}/rooms");
        let list = self.site.get(&path).await?.expect_status(200)?.data()?;
        let numbers = list.as_array().into_iter().flatten();
        Ok(numbers.filter_map(|it| it.get("number")?.as_str().map(str::to_owned)).collect())
    }

    /// Makes a room and gives its id.
    ///
    /// # Errors
    /// Fails if the hotel refuses.
    pub async fn add_room(&self, property: &str, room_type: &str, number: &str) -> Result<String> {
        let body = json!({ "number": number, "room_type_id": room_type, "floor": "1" });
        self.create(&format!("/api/v1/properties/{property}/rooms"), &body).await
    }

    /// Sets the price of the nights `from..to`, in rupiah.
    ///
    /// # Errors
    /// Fails if the hotel refuses.
    pub async fn set_rate(
        &self,
        property: &str,
        room_type: &str,
        nights: (&str, &str),
        amount_idr: i64,
    ) -> Result<()> {
        let (from, to) = nights;
        let body = json!({
            "room_type_id": room_type, "from": from, "to": to, "amount_idr": amount_idr,
        });
        let path = format!("/api/v1/properties/{property}/rates");
        self.site.put(&path, &body).await?.data().map(drop)
    }

    /// Makes a reservation for two and gives the answer's data.
    ///
    /// # Errors
    /// Fails if the hotel refuses.
    pub async fn reserve(
        &self,
        property: &str,
        room_type: &str,
        nights: (&str, &str),
        guest_email: &str,
    ) -> Result<Value> {
        let (arrival, departure) = nights;
        let body = json!({
            "room_type_id": room_type,
            "arrival": arrival,
            "departure": departure,
            "adults": 2,
            "children": 0,
            "guest": {
                "full_name": "Budi Santoso", "email": guest_email, "phone": "+628111222333",
            },
        });
        let path = format!("/api/v1/properties/{property}/reservations");
        self.site.post(&path, &body).await?.expect_status(201)?.data()
    }

    async fn create(&self, path: &str, body: &Value) -> Result<String> {
        id_of(&self.site.post(path, body).await?.expect_status(201)?.data()?)
    }
}

fn id_of(data: &Value) -> Result<String> {
    let id = data.get("id").and_then(Value::as_str);
    id.map(str::to_owned).with_context(|| format!("no id in {data}"))
}
