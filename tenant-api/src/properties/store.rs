//! Reads and writes properties and their business days.

use chrono::{DateTime, NaiveDate, Utc};
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
    pub(crate) business_date: NaiveDate,
}

const COLUMNS: &str = "p.id, p.code, p.name, p.time_zone, p.city, p.region, d.business_date \
     FROM properties p JOIN business_days d ON d.property_id = p.id AND d.state <> 'closed'";

fn property(row: &Row) -> Property {
    Property {
        id: row.get(0),
        code: row.get(1),
        name: row.get(2),
        time_zone: row.get(3),
        city: row.get(4),
        region: row.get(5),
        business_date: row.get(6),
    }
}

pub(crate) async fn list(db: &impl Query) -> Result<Vec<Property>, Error> {
    let sql = format!("SELECT {COLUMNS} ORDER BY p.created_at, p.id LIMIT 200");
    Ok(db.query(&sql, &[]).await?.iter().map(property).collect())
}

pub(crate) async fn find(db: &impl Query, id: PropertyId) -> Result<Option<Property>, Error> {
    let sql = format!("SELECT {COLUMNS} WHERE p.id = $1");
    Ok(db.query_opt(&sql, &[&id]).await?.as_ref().map(property))
}

/// The accounting day that a property is at.
pub(crate) async fn open_business_date(
    db: &impl Query,
    id: PropertyId,
) -> Result<Option<NaiveDate>, Error> {
    let sql =
        "SELECT business_date FROM business_days WHERE property_id = $1 AND state <> 'closed'";
    Ok(db.query_opt(sql, &[&id]).await?.map(|it| it.get(0)))
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
