//! Reads and writes guests.

use chrono::{DateTime, Utc};
use hotelhub_core::{ids::GuestId, sql::Query};
use tokio_postgres::{Error, Row};

use super::model::{Guest, NewGuest};

const COLUMNS: &str = "id, full_name, email, phone, language FROM guests";

fn guest(row: &Row) -> Guest {
    Guest {
        id: row.get(0),
        full_name: row.get(1),
        email: row.get(2),
        phone: row.get(3),
        language: row.get(4),
    }
}

pub(crate) async fn find(db: &impl Query, id: GuestId) -> Result<Option<Guest>, Error> {
    let sql = format!("SELECT {COLUMNS} WHERE id = $1");
    Ok(db.query_opt(&sql, &[&id]).await?.as_ref().map(guest))
}

/// The guests after `after` in the order of their names, those whose name begins with `name`.
pub(crate) async fn list(
    db: &impl Query,
    name: &str,
    after: Option<&(String, GuestId)>,
    limit: i64,
) -> Result<Vec<Guest>, Error> {
    let (after_name, after_id) = after.cloned().unzip();
    let sql = format!(
        "SELECT {COLUMNS} WHERE starts_with(lower(full_name), lower($1)) \
           AND ($2::text IS NULL OR (lower(full_name), id) > ($2, $3)) \
         ORDER BY lower(full_name), id LIMIT $4"
    );
    let rows = db.query(&sql, &[&name, &after_name, &after_id, &limit]).await?;
    Ok(rows.iter().map(guest).collect())
}

pub(crate) async fn insert(
    db: &impl Query,
    NewGuest(guest): &NewGuest,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "INSERT INTO guests (id, full_name, email, phone, language, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let Guest { id, full_name, email, phone, language } = guest;
    db.execute(sql, &[id, full_name, email, phone, language, &now]).await.map(drop)
}

/// The e-mail address and the language of a guest.
pub(crate) async fn contact(
    db: &impl Query,
    id: GuestId,
) -> Result<Option<(String, String)>, Error> {
    Ok(find(db, id).await?.map(|it| (it.email, it.language)))
}
