//! Reads and writes rooms, and the capacity that comes with one.

use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::{PropertyId, RoomId, RoomTypeId},
    sql::Query,
};
use tokio_postgres::{Error, Row};

/// A room.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    pub(crate) id: RoomId,
    pub(crate) number: String,
    pub(crate) floor: String,
    pub(crate) room_type_id: RoomTypeId,
    /// `dirty`, `cleaning`, `clean` or `inspected`.
    pub(crate) status: String,
}

fn room(row: &Row) -> Room {
    Room {
        id: row.get(0),
        number: row.get(1),
        floor: row.get(2),
        room_type_id: row.get(3),
        status: row.get(4),
    }
}

/// The rooms after `after` in the order of their numbers.
pub(crate) async fn list(
    db: &impl Query,
    property: PropertyId,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Room>, Error> {
    let sql = "SELECT id, number, floor, room_type_id, status FROM rooms \
               WHERE property_id = $1 AND ($2::text IS NULL OR number > $2) \
               ORDER BY number LIMIT $3";
    Ok(db.query(sql, &[&property, &after, &limit]).await?.iter().map(room).collect())
}

/// Writes a room, and adds it to the capacity of the nights that are already counted. The caller
/// holds the room type, so that nobody counts in between.
pub(crate) async fn insert(
    db: &impl Query,
    property: PropertyId,
    room: &Room,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "INSERT INTO rooms (id, property_id, room_type_id, number, floor, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let Room { id, number, floor, room_type_id, .. } = room;
    db.execute(sql, &[id, &property, room_type_id, number, floor, &now]).await?;
    // Locked in date order like everywhere, so that a booking and a new room never wait for each
    // other.
    let sql = "WITH counted AS ( \
                 SELECT room_type_id, stay_date FROM inventory_days WHERE room_type_id = $1 \
                 AND stay_date >= (SELECT business_date FROM business_days \
                                   WHERE property_id = $2 AND state <> 'closed') \
                 ORDER BY stay_date FOR UPDATE) \
               UPDATE inventory_days i SET physical = physical + 1 FROM counted \
               WHERE i.room_type_id = counted.room_type_id AND i.stay_date = counted.stay_date";
    db.execute(sql, &[room_type_id, &property]).await.map(drop)
}
