//! Reads the figures of a day, and who is to have them.

use chrono::NaiveDate;
use hotelhub_core::{ids::PropertyId, sql::Query};
use hotelhub_http::language::Language;
use tokio_postgres::Error;

use super::{DayFigures, Reader};

/// The figures of a day. A night that nobody has booked or set yet has no capacity row: all rooms of
/// the kind were free.
pub(crate) async fn find_day(
    db: &impl Query,
    property: PropertyId,
    day: NaiveDate,
) -> Result<DayFigures, Error> {
    let sql = "\
        WITH stays AS (SELECT id, arrival, departure FROM reservations \
          WHERE property_id = $1 AND state IN ('confirmed', 'in_house', 'checked_out') \
            AND arrival BETWEEN $2::date - 365 AND $2 AND departure >= $2) \
        SELECT (SELECT count(*) FROM stays WHERE arrival = $2), \
          (SELECT count(*) FROM stays WHERE departure = $2), \
          (SELECT count(*) FROM stays WHERE departure > $2), \
          (SELECT coalesce(sum(coalesce(i.physical - i.out_of_order, \
                    (SELECT count(*) FROM rooms WHERE room_type_id = t.id))), 0)::bigint \
           FROM room_types t \
           LEFT JOIN inventory_days i ON i.room_type_id = t.id AND i.stay_date = $2 \
           WHERE t.property_id = $1), \
          (SELECT coalesce(sum(n.base_idr), 0)::bigint \
           FROM stays JOIN reservation_nights n ON n.reservation_id = stays.id \
           WHERE n.stay_date = $2)";
    let row = db.query_one(sql, &[&property, &day]).await?;
    Ok(DayFigures {
        arrivals: row.get(0),
        departures: row.get(1),
        in_house: row.get(2),
        available: row.get(3),
        room_revenue: row.get(4),
    })
}

/// The hotel's owners who have an address.
pub(crate) async fn list_readers(db: &impl Query) -> Result<Vec<Reader>, Error> {
    let sql = "SELECT u.id, u.name, u.email FROM users u JOIN user_roles r ON r.user_id = u.id \
               WHERE r.role = 'owner' AND u.disabled_at IS NULL AND u.email <> '' ORDER BY u.id";
    let rows = db.query(sql, &[]).await?;
    Ok(rows.iter().map(|it| Reader { id: it.get(0), name: it.get(1), email: it.get(2) }).collect())
}

/// The language that the hotel is written to in.
pub(crate) async fn find_language(db: &impl Query) -> Result<Language, Error> {
    let row = db.query_one("SELECT language FROM tenant_identity", &[]).await?;
    Ok(Language::from_code(row.get(0)))
}
