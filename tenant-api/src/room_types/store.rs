//! Reads and writes room types.

use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::{PropertyId, RoomTypeId},
    sql::Query,
};
use tokio_postgres::{Error, Row};

/// A kind of room.
#[derive(Clone, Debug)]
pub(crate) struct RoomType {
    pub(crate) id: RoomTypeId,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) max_adults: i32,
    pub(crate) max_children: i32,
    /// How many rooms are of it.
    pub(crate) rooms: i64,
}

const COLUMNS: &str = "t.id, t.code, t.name, t.max_adults, t.max_children, \
     (SELECT count(*) FROM rooms r WHERE r.room_type_id = t.id) FROM room_types t";

fn room_type(row: &Row) -> RoomType {
    RoomType {
        id: row.get(0),
        code: row.get(1),
        name: row.get(2),
        max_adults: row.get(3),
        max_children: row.get(4),
        rooms: row.get(5),
    }
}

pub(crate) async fn list(db: &impl Query, property: PropertyId) -> Result<Vec<RoomType>, Error> {
    let sql = format!("SELECT {COLUMNS} WHERE t.property_id = $1 ORDER BY t.code LIMIT 200");
    Ok(db.query(&sql, &[&property]).await?.iter().map(room_type).collect())
}

pub(crate) async fn find(
    db: &impl Query,
    property: PropertyId,
    id: RoomTypeId,
) -> Result<Option<RoomType>, Error> {
    let sql = format!("SELECT {COLUMNS} WHERE t.property_id = $1 AND t.id = $2");
    Ok(db.query_opt(&sql, &[&property, &id]).await?.as_ref().map(room_type))
}

/// Holds a room type until the transaction ends: whoever counts its rooms and whoever adds one
/// wait for each other.
///
/// Not `FOR UPDATE`: that would also wait for those who write a row that points at the room type,
/// a booking on nights that are counted already among them, while they wait for the nights.
pub(crate) async fn hold(
    db: &impl Query,
    property: PropertyId,
    id: RoomTypeId,
) -> Result<bool, Error> {
    let sql = "SELECT FROM room_types WHERE property_id = $1 AND id = $2 FOR NO KEY UPDATE";
    Ok(db.query_opt(sql, &[&property, &id]).await?.is_some())
}

pub(crate) async fn insert(
    db: &impl Query,
    property: PropertyId,
    it: &RoomType,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "INSERT INTO room_types \
               (id, property_id, code, name, max_adults, max_children, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let parameters: hotelhub_core::sql::Params<'_> =
        &[&it.id, &property, &it.code, &it.name, &it.max_adults, &it.max_children, &now];
    db.execute(sql, parameters).await.map(drop)
}
