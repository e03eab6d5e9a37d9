//! Reads and writes properties and their business days.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use hotelhub_core::{ids::PropertyId, sql::Query};
use tokio_postgres::{Error, Row};

/// A building.
#[derive(Clone, Debug)]
pub(crate) struct Property {
    pub(crate) id: PropertyId,
    pub(crate) code: String,
    pub(crate) name: String,
    /// IANA name.
    pub(crate) time_zone: String,
    pub(crate) city: String,
    pub(crate) region: String,
    /// The open business day, or today there if that has yet to be opened.
    pub(crate) business_date: NaiveDate,
}

const COLUMNS: &str = "p.id, p.code, p.name, p.time_zone, p.city, p.region, d.business_date \
     FROM properties p JOIN business_days d ON d.property_id = p.id AND d.state <> 'closed'";

fn property(row: &Row, now: DateTime<Utc>) -> Property {
    let time_zone: String = row.get(3);
    Property {
        id: row.get(0),
        code: row.get(1),
        name: row.get(2),
        business_date: day_at(row.get(6), &time_zone, now),
        time_zone,
        city: row.get(4),
        region: row.get(5),
    }
}

/// The business day, or the local date where that is later.
fn day_at(business_date: NaiveDate, time_zone: &str, now: DateTime<Utc>) -> NaiveDate {
    time_zone
        .parse()
        .map_or(business_date, |zone: Tz| business_date.max(now.with_timezone(&zone).date_naive()))
}

pub(crate) async fn list(db: &impl Query, now: DateTime<Utc>) -> Result<Vec<Property>, Error> {
    let sql = format!("SELECT {COLUMNS} ORDER BY p.created_at, p.id LIMIT 200");
    Ok(db.query(&sql, &[]).await?.iter().map(|it| property(it, now)).collect())
}

pub(crate) async fn find(
    db: &impl Query,
    id: PropertyId,
    now: DateTime<Utc>,
) -> Result<Option<Property>, Error> {
    let sql = format!("SELECT {COLUMNS} WHERE p.id = $1");
    Ok(db.query_opt(&sql, &[&id]).await?.as_ref().map(|it| property(it, now)))
}

/// The day that a property is at: its open business day, or the local date where that is later.
pub(crate) async fn today(
    db: &impl Query,
    id: PropertyId,
    now: DateTime<Utc>,
) -> Result<Option<NaiveDate>, Error> {
    let sql = "SELECT d.business_date, p.time_zone \
               FROM business_days d JOIN properties p ON p.id = d.property_id \
               WHERE p.id = $1 AND d.state <> 'closed'";
    let row = db.query_opt(sql, &[&id]).await?;
    Ok(row.map(|it| day_at(it.get(0), it.get(1), now)))
}

/// The time zone of the hotel's first property; that of Jakarta if there is none yet.
pub(crate) async fn zone(db: &impl Query) -> Result<Tz, Error> {
    let row = db.query_opt("SELECT time_zone FROM properties ORDER BY id LIMIT 1", &[]).await?;
    let zone = row.and_then(|it| it.get::<_, String>(0).parse().ok());
    Ok(zone.unwrap_or(Tz::Asia__Jakarta))
}

/// Closes the business day of a property if a later date has begun there, and opens that date;
/// `None` if it has not. Part of the caller's transaction.
///
/// A second caller waits for the first one's row and then finds it closed. A clock that goes back
/// opens nothing again.
pub(crate) async fn open_business_day(
    tx: &impl Query,
    property: PropertyId,
    now: DateTime<Utc>,
) -> Result<Option<NaiveDate>, Error> {
    let sql = "UPDATE business_days d SET state = 'closed', closed_at = $2 \
               FROM properties p WHERE p.id = d.property_id AND d.property_id = $1 \
                 AND d.state = 'open' \
                 AND d.business_date < ($2::timestamptz AT TIME ZONE p.time_zone)::date \
               RETURNING ($2::timestamptz AT TIME ZONE p.time_zone)::date";
    let Some(closed) = tx.query_opt(sql, &[&property, &now]).await? else { return Ok(None) };
    let date: NaiveDate = closed.get(0);
    let sql = "INSERT INTO business_days (property_id, business_date, state, opened_at) \
               VALUES ($1, $2, 'open', $3)";
    tx.execute(sql, &[&property, &date, &now]).await?;
    Ok(Some(date))
}

/// Writes a property with its first business day, its usual price list, and the service charge
/// that hotels start with (10 %).
pub(crate) async fn insert(
    db: &impl Query,
    property: &Property,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "INSERT INTO properties (id, code, name, time_zone, city, region, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let Property { id, code, name, time_zone, city, region, business_date } = property;
    db.execute(sql, &[id, code, name, time_zone, city, region, &now]).await?;
    let sql = "INSERT INTO business_days (property_id, business_date, state, opened_at) \
               VALUES ($1, $2, 'open', $3)";
    db.execute(sql, &[id, business_date, &now]).await?;
    let sql = "INSERT INTO rate_plans (id, property_id, code, name, tax_inclusive, created_at) \
               VALUES ($1, $2, 'BAR', 'Best available rate', true, $3)";
    db.execute(sql, &[&hotelhub_core::ids::RatePlanId::generate(), id, &now]).await?;
    let sql = "INSERT INTO service_charge_rules (property_id, rate_bp, valid) \
               VALUES ($1, 1000, daterange($2, NULL))";
    db.execute(sql, &[id, business_date]).await.map(drop)
}

/// The region of the hotel's first property: where a further one is, unless it says otherwise.
pub(crate) async fn usual_region(db: &impl Query) -> Result<Option<String>, Error> {
    let sql = "SELECT region FROM properties ORDER BY created_at, id LIMIT 1";
    Ok(db.query_opt(sql, &[]).await?.map(|it| it.get(0)))
}
