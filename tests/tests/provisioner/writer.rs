//! A hotel that is written to while something is done to its database, over its own login, as its
//! own programs would: what was acknowledged is remembered.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use hotelhub_core::ids::TenantId;
use platform_tests::postgres::connect;
use tokio::time::sleep;
use tokio_postgres::{Client, Error};
use uuid::Uuid;

use crate::two_hosts::TwoHosts;

/// What the tenant's programs answer with "try again": the move has stopped the writers.
const STOPPED: &str = "25006";

/// What was written, and how it went.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Guests that were put in and stay.
    pub(crate) guests: Vec<Uuid>,
    /// How often the one guest was changed.
    pub(crate) changes: i32,
    /// Events that were appended.
    pub(crate) events: i64,
    /// Nights that were closed, each of which opens the next.
    pub(crate) nights: i64,
    /// Sessions that were ended and begun anew.
    pub(crate) sessions: Vec<Uuid>,
    /// Writes that were refused because writers were stopped.
    pub(crate) stopped: u32,
    /// From the first refusal to the next success; the longest.
    pub(crate) longest_stop: Duration,
    /// The slowest answer to a write, and to a read.
    pub(crate) slowest_write: Duration,
    pub(crate) slowest_read: Duration,
    /// Errors that no write should have got.
    pub(crate) strange: Vec<String>,
}

/// Writes until `stop` is set.
pub(crate) async fn write_until(two: &TwoHosts, tenant: TenantId, stop: &Cell<bool>) -> Written {
    let mut written = Written::default();
    let mut hotel = enter(two, tenant).await;
    let mut stopped_at: Option<Instant> = None;
    let mut number = 0_u32;
    while !stop.get() {
        number += 1;
        let began = Instant::now();
        let read = hotel.query("SELECT count(*) FROM users", &[]).await;
        if read.is_ok() {
            written.slowest_read = written.slowest_read.max(began.elapsed());
        }
        let began = Instant::now();
        match written.write(&hotel, number).await {
            Ok(()) => {
                written.slowest_write = written.slowest_write.max(began.elapsed());
                if let Some(at) = stopped_at.take() {
                    written.longest_stop = written.longest_stop.max(at.elapsed());
                }
            }
            Err(error) if error.code().is_some_and(|it| it.code() == STOPPED) => {
                written.stopped += 1;
                stopped_at.get_or_insert(began);
            }
            // The session was ended with the old copy.
            Err(error) if hotel.is_closed() || error.is_closed() => {
                hotel = enter(two, tenant).await;
            }
            // The server says so before it hangs up.
            Err(error) if error.code().is_some_and(|it| it.code() == "57P01") => {}
            Err(error) => written.strange.push(format!("{number}: {error:?}")),
        }
        sleep(Duration::from_millis(2)).await;
    }
    written
}

/// Enters wherever the route leads, as often as it takes.
async fn enter(two: &TwoHosts, tenant: TenantId) -> Client {
    loop {
        let place = two.place(tenant).await;
        match connect(&two.login(&place)).await {
            Ok(hotel) => return hotel,
            Err(_moved) => sleep(Duration::from_millis(5)).await,
        }
    }
}

impl Written {
    /// One transaction, of a kind that depends on the number.
    async fn write(&mut self, hotel: &Client, number: u32) -> Result<(), Error> {
        match number % 5 {
            0 => {
                let id = Uuid::new_v4();
                let sql = format!(
                    "INSERT INTO guests (id, full_name, created_at) VALUES ('{id}', 'Baru', now())"
                );
                hotel.simple_query(&sql).await?;
                self.guests.push(id);
            }
            1 => {
                hotel.simple_query(CHANGE).await?;
                self.changes += 1;
            }
            2 => {
                hotel.simple_query(APPEND).await?;
                self.events += 1;
            }
            3 => {
                hotel.simple_query(CLOSE).await?;
                self.nights += 1;
            }
            _ => {
                let (old, id) = (self.sessions.last().copied(), Uuid::new_v4());
                let sql = format!(
                    "DELETE FROM sessions WHERE id = '{}';
                     INSERT INTO sessions (id, user_id, kind, refresh_sha256, created_at,
                       expires_at)
                     SELECT '{id}', id, 'page', sha256('{id}'), now(), now() FROM users LIMIT 1",
                    old.unwrap_or_default()
                );
                hotel.simple_query(&sql).await?;
                self.sessions.pop();
                self.sessions.push(id);
            }
        }
        Ok(())
    }

    /// Asserts that each acknowledged write is there exactly once, and no other. The numbers are
    /// what stood there before.
    pub(crate) async fn assert_there(&self, inside: &Client) {
        let row = inside
            .query_one(
                "SELECT (SELECT count(*) FROM guests WHERE id = ANY ($1)),
                   (SELECT count(*) FROM guests WHERE full_name = 'Baru'),
                   (SELECT version FROM guests WHERE full_name = 'Tamu 1'),
                   (SELECT count(*) FROM reservation_events WHERE kind = 'appended'),
                   (SELECT count(*) FROM business_days WHERE state = 'closed'),
                   (SELECT array_agg(id) FROM sessions WHERE kind = 'page'),
                   (SELECT count(*) FROM room_occupancies WHERE kind = 'day_use')",
                &[&self.guests],
            )
            .await
            .unwrap();
        let guests = i64::try_from(self.guests.len()).unwrap();
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (guests, guests), "guests");
        assert_eq!(row.get::<_, i32>(2), 1 + self.changes, "changes of one row");
        assert_eq!(row.get::<_, i64>(3), self.events, "events");
        assert_eq!(row.get::<_, i64>(4), self.nights, "nights");
        assert_eq!(row.get::<_, i64>(6), self.nights, "one occupancy a night");
        let sessions: Option<Vec<Uuid>> = row.get(5);
        assert_eq!(sessions.unwrap_or_default(), self.sessions, "sessions");
    }
}

const CHANGE: &str = "UPDATE guests SET version = version + 1 WHERE full_name = 'Tamu 1'";

const APPEND: &str = "INSERT INTO reservation_events
     (reservation_id, happened_at, actor, request_id, kind)
   SELECT id, now(), created_by, 'r', 'appended' FROM reservations WHERE code = 'R1'";

/// Two rows that an index keeps apart change places, and an occupancy gives way to another in the
/// same hours: a copy that puts rows in one by one would trip over both.
const CLOSE: &str = "
   UPDATE business_days SET state = 'closed', closed_at = now() WHERE state = 'open';
   INSERT INTO business_days (property_id, business_date, state, opened_at)
     SELECT property_id, max(business_date) + 1, 'open', now() FROM business_days
     GROUP BY property_id;
   UPDATE room_occupancies SET released_at = now()
     WHERE kind = 'day_use' AND released_at IS NULL;
   INSERT INTO room_occupancies (room_id, kind, during)
     SELECT id, 'day_use', tstzrange('2030-01-01 00:00+00', '2030-01-02 00:00+00')
     FROM rooms WHERE number = '101'";
