//! Reads what the hotel may do.

use hotelhub_core::{life::Access, sql::Query};
use tokio_postgres::Error;

use super::read_access;

/// What the hotel may do, by its own row.
pub(crate) async fn access_of(db: &impl Query) -> Result<Access, Error> {
    let row = db.query_one("SELECT access FROM tenant_identity", &[]).await?;
    Ok(read_access(row.get(0)))
}
