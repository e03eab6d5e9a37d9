//! Reads and writes reservations and the capacity they take.

use chrono::{DateTime, NaiveDate, Utc};
use hotelhub_core::{
    ids::{GuestId, PropertyId, RatePlanId, ReservationId, RoomTypeId, UserId},
    sql::{Params, Query},
};
use serde_json::Value;
use tokio_postgres::{Error, Row};

use super::model::{BookedNight, Reservation, ReservationState};
use crate::{
    availability::{Party, Stay},
    prices::NightPrice,
};

const COLUMNS: &str = "r.id, r.property_id, r.code, r.guest_id, g.full_name, r.room_type_id, t.name, \
     r.arrival, r.departure, r.adults, r.children, r.state, r.notes, r.version, r.created_at, \
     r.cancelled_at, \
     (SELECT coalesce(sum(base_idr + service_idr + tax_idr), 0)::bigint \
      FROM reservation_nights WHERE reservation_id = r.id) \
     FROM reservations r JOIN guests g ON g.id = r.guest_id \
     JOIN room_types t ON t.id = r.room_type_id";

fn reservation(row: &Row) -> Reservation {
    let state: &str = row.get(11);
    Reservation {
        id: row.get(0),
        property: row.get(1),
        code: row.get(2),
        guest: row.get(3),
        guest_name: row.get(4),
        room_type: row.get(5),
        room_type_name: row.get(6),
        arrival: row.get(7),
        departure: row.get(8),
        adults: row.get(9),
        children: row.get(10),
        #[expect(clippy::expect_used, reason = "a CHECK of the table lists the same states")]
        state: state.parse().expect("a state of the table"),
        notes: row.get(12),
        version: row.get(13),
        created_at: row.get(14),
        cancelled_at: row.get(15),
        total: row.get(16),
    }
}

pub(crate) async fn find(
    db: &impl Query,
    property: PropertyId,
    id: ReservationId,
) -> Result<Option<Reservation>, Error> {
    let sql = format!("SELECT {COLUMNS} WHERE r.property_id = $1 AND r.id = $2");
    Ok(db.query_opt(&sql, &[&property, &id]).await?.as_ref().map(reservation))
}

/// Finds a reservation, and holds it until the transaction ends.
pub(super) async fn find_for_update(
    db: &impl Query,
    property: PropertyId,
    id: ReservationId,
) -> Result<Option<Reservation>, Error> {
    let sql = format!("SELECT {COLUMNS} WHERE r.property_id = $1 AND r.id = $2 FOR UPDATE OF r");
    Ok(db.query_opt(&sql, &[&property, &id]).await?.as_ref().map(reservation))
}

pub(crate) async fn nights(db: &impl Query, id: ReservationId) -> Result<Vec<BookedNight>, Error> {
    let sql = "SELECT stay_date, base_idr, service_idr, tax_idr FROM reservation_nights \
               WHERE reservation_id = $1 ORDER BY stay_date";
    let rows = db.query(sql, &[&id]).await?;
    Ok(rows
        .iter()
        .map(|it| {
            let price =
                NightPrice { base_idr: it.get(1), service_idr: it.get(2), tax_idr: it.get(3) };
            (it.get(0), price)
        })
        .collect())
}

/// Which reservations to list.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListFilter {
    pub(crate) state: Option<ReservationState>,
    /// The day of arrival.
    pub(crate) arrival: Option<NaiveDate>,
    /// Part of the guest's name, or the code.
    pub(crate) text: Option<String>,
    /// The last one of the page before.
    pub(crate) after: Option<(DateTime<Utc>, ReservationId)>,
}

/// The newest reservations that the filter lets through.
pub(crate) async fn list(
    db: &impl Query,
    property: PropertyId,
    filter: &ListFilter,
    limit: i64,
) -> Result<Vec<Reservation>, Error> {
    let (after_at, after_id) = filter.after.unzip();
    let state = filter.state.map(ReservationState::as_str);
    let sql = format!(
        "SELECT {COLUMNS} WHERE r.property_id = $1 AND ($2::text IS NULL OR r.state = $2) \
           AND ($3::date IS NULL OR r.arrival = $3) \
           AND ($4::text IS NULL OR r.code = upper($4) \
                OR position(lower($4) IN lower(g.full_name)) > 0) \
           AND ($5::timestamptz IS NULL OR (r.created_at, r.id) < ($5, $6)) \
         ORDER BY r.created_at DESC, r.id DESC LIMIT $7"
    );
    let parameters: Params<'_> =
        &[&property, &state, &filter.arrival, &filter.text, &after_at, &after_id, &limit];
    Ok(db.query(&sql, parameters).await?.iter().map(reservation).collect())
}

/// Writes capacity rows for the nights that have none. The caller holds the room type.
pub(super) async fn insert_missing_capacity(
    db: &impl Query,
    room_type: RoomTypeId,
    stay: Stay,
) -> Result<(), Error> {
    let sql = "INSERT INTO inventory_days (room_type_id, stay_date, physical) \
               SELECT $1, night::date, (SELECT count(*) FROM rooms WHERE room_type_id = $1) \
               FROM generate_series($2::date, $3::date - 1, interval '1 day') AS night \
               ORDER BY night ON CONFLICT DO NOTHING";
    db.execute(sql, &[&room_type, &stay.arrival, &stay.departure]).await.map(drop)
}

/// How many nights of a stay have a capacity row.
pub(super) async fn count_capacity(
    db: &impl Query,
    room_type: RoomTypeId,
    stay: Stay,
) -> Result<i64, Error> {
    let sql = "SELECT count(*) FROM inventory_days \
               WHERE room_type_id = $1 AND stay_date >= $2 AND stay_date < $3";
    Ok(db.query_one(sql, &[&room_type, &stay.arrival, &stay.departure]).await?.get(0))
}

/// Takes a room on every night of the stay, where one is left; the number of nights that had one.
///
/// The rows are locked in date order, so that two stays that overlap never wait for each other.
pub(super) async fn take_capacity(
    db: &impl Query,
    room_type: RoomTypeId,
    stay: Stay,
) -> Result<u64, Error> {
    hold_capacity(db, room_type, stay).await?;
    let sql = "UPDATE inventory_days SET sold = sold + 1 \
               WHERE room_type_id = $1 AND stay_date >= $2 AND stay_date < $3 \
                 AND sold + held + oversold + 1 <= physical - out_of_order + overbook_limit";
    db.execute(sql, &[&room_type, &stay.arrival, &stay.departure]).await
}

/// Gives a room back on every night of the stay; the number of nights.
pub(super) async fn return_capacity(
    db: &impl Query,
    room_type: RoomTypeId,
    stay: Stay,
) -> Result<u64, Error> {
    hold_capacity(db, room_type, stay).await?;
    let sql = "UPDATE inventory_days SET sold = sold - 1 \
               WHERE room_type_id = $1 AND stay_date >= $2 AND stay_date < $3";
    db.execute(sql, &[&room_type, &stay.arrival, &stay.departure]).await
}

async fn hold_capacity(db: &impl Query, room_type: RoomTypeId, stay: Stay) -> Result<(), Error> {
    let sql = "SELECT FROM inventory_days \
               WHERE room_type_id = $1 AND stay_date >= $2 AND stay_date < $3 \
               ORDER BY stay_date FOR UPDATE";
    db.query(sql, &[&room_type, &stay.arrival, &stay.departure]).await.map(drop)
}

/// A reservation to be written.
pub(super) struct NewReservation<'a> {
    pub(super) id: ReservationId,
    pub(super) property: PropertyId,
    pub(super) guest: GuestId,
    pub(super) room_type: RoomTypeId,
    pub(super) rate_plan: RatePlanId,
    pub(super) stay: Stay,
    pub(super) party: Party,
    pub(super) source: &'static str,
    pub(super) notes: &'a str,
    pub(super) created_by: UserId,
    pub(super) created_at: DateTime<Utc>,
}

/// Writes a reservation under `code`; `false` if another one of the property has it.
pub(super) async fn insert(
    db: &impl Query,
    code: &str,
    it: &NewReservation<'_>,
) -> Result<bool, Error> {
    let sql = "INSERT INTO reservations (id, property_id, code, guest_id, room_type_id, \
                 rate_plan_id, arrival, departure, adults, children, state, source, notes, \
                 created_by, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'confirmed', $11, $12, $13, $14) \
               ON CONFLICT (property_id, code) DO NOTHING";
    let parameters: Params<'_> = &[
        &it.id,
        &it.property,
        &code,
        &it.guest,
        &it.room_type,
        &it.rate_plan,
        &it.stay.arrival,
        &it.stay.departure,
        &it.party.adults,
        &it.party.children,
        &it.source,
        &it.notes,
        &it.created_by,
        &it.created_at,
    ];
    Ok(db.execute(sql, parameters).await? == 1)
}

pub(super) async fn insert_nights(
    db: &impl Query,
    reservation: ReservationId,
    nights: &[BookedNight],
) -> Result<(), Error> {
    let dates: Vec<NaiveDate> = nights.iter().map(|(date, _)| *date).collect();
    let amounts = |part: fn(&NightPrice) -> i64| -> Vec<i64> {
        nights.iter().map(|(_, price)| part(price)).collect()
    };
    let base = amounts(|it| it.base_idr.whole());
    let service = amounts(|it| it.service_idr.whole());
    let tax = amounts(|it| it.tax_idr.whole());
    let sql = "INSERT INTO reservation_nights \
                 (reservation_id, stay_date, base_idr, service_idr, tax_idr) \
               SELECT $1, * FROM unnest($2::date[], $3::bigint[], $4::bigint[], $5::bigint[])";
    db.execute(sql, &[&reservation, &dates, &base, &service, &tax]).await.map(drop)
}

pub(super) async fn mark_cancelled(
    db: &impl Query,
    id: ReservationId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "UPDATE reservations SET state = 'cancelled', cancelled_at = $2, \
               version = version + 1 WHERE id = $1";
    db.execute(sql, &[&id, &now]).await.map(drop)
}

/// Writes down what happened to a reservation.
pub(super) async fn insert_event(
    db: &impl Query,
    reservation: ReservationId,
    change: &crate::desk::Change<'_>,
    kind: &str,
    details: &Value,
) -> Result<(), Error> {
    let sql = "INSERT INTO reservation_events \
                 (reservation_id, happened_at, actor, request_id, kind, details) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let request = change.request.to_string();
    db.execute(sql, &[&reservation, &change.now, &change.person, &request, &kind, details])
        .await
        .map(drop)
}
