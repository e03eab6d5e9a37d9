//! Reads and writes nightly rates of the usual price list.

use chrono::NaiveDate;
use hotelhub_core::{
    ids::{PropertyId, RatePlanId, RoomTypeId},
    money::Rupiah,
    sql::Query,
};
use tokio_postgres::Error;

/// The price list that is sold from unless another one is named.
pub(crate) async fn find_usual_plan(
    db: &impl Query,
    property: PropertyId,
) -> Result<Option<RatePlanId>, Error> {
    let sql = "SELECT id FROM rate_plans WHERE property_id = $1 AND code = 'BAR'";
    Ok(db.query_opt(sql, &[&property]).await?.map(|it| it.get(0)))
}

/// Sets the same price for the nights from `from` to before `to`; the number of nights.
pub(crate) async fn set(
    db: &impl Query,
    plan: RatePlanId,
    room_type: RoomTypeId,
    (from, to): (NaiveDate, NaiveDate),
    amount: Rupiah,
) -> Result<u64, Error> {
    let sql = "INSERT INTO rate_days (rate_plan_id, room_type_id, stay_date, amount_idr) \
               SELECT $1, $2, day::date, $5 \
               FROM generate_series($3::date, $4::date - 1, interval '1 day') AS day \
               ON CONFLICT (rate_plan_id, room_type_id, stay_date) \
               DO UPDATE SET amount_idr = excluded.amount_idr";
    db.execute(sql, &[&plan, &room_type, &from, &to, &amount]).await
}

/// The rates of a kind of room from `from` to before `to`.
pub(crate) async fn list(
    db: &impl Query,
    property: PropertyId,
    room_type: RoomTypeId,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<(NaiveDate, Rupiah)>, Error> {
    let sql = "SELECT d.stay_date, d.amount_idr \
               FROM rate_days d JOIN rate_plans p ON p.id = d.rate_plan_id \
               WHERE p.property_id = $1 AND p.code = 'BAR' AND d.room_type_id = $2 \
                 AND d.stay_date >= $3 AND d.stay_date < $4 ORDER BY d.stay_date";
    let rows = db.query(sql, &[&property, &room_type, &from, &to]).await?;
    Ok(rows.iter().map(|it| (it.get(0), it.get(1))).collect())
}
