//! Carries what a tenant may do into its own database.
//!
//! The route feed is the fast path of a change of `tenants.access`; the row `tenant_identity.access`
//! in the tenant's database is the truth that holds even when the feed is cut. A reconciler: woken
//! by the change, and looking every second anyway.
//!
//! How the row never ends up with an older word than the last one, whoever dies in between:
//!
//! 1. `databases.access` is forgotten (NULL) before the row is touched, so that an unfinished change
//!    is found again.
//! 2. What is intended is read while the row is locked, so that of two who write, the later one has
//!    read later.
//! 3. What was written is recorded last; if it is not what is intended by then, all of this is done
//!    again.

mod keeper;
mod pen;

use hotelhub_core::{
    ids::{DatabaseId, TenantId},
    sql::Query,
};
use tokio_postgres::Error;

pub use self::keeper::AccessKeeper;

/// What the tenant may do, as the control plane wants it.
pub(crate) async fn intended(control: &impl Query, tenant: TenantId) -> Result<String, Error> {
    let sql = "SELECT access FROM tenants WHERE id = $1";
    control.query_one(sql, &[&tenant]).await?.try_get(0)
}

/// Forgets what these databases say, before it is changed.
pub(crate) async fn forget(control: &impl Query, databases: &[DatabaseId]) -> Result<(), Error> {
    let sql = "UPDATE databases SET access = NULL WHERE id = ANY ($1) AND access IS NOT NULL";
    control.execute(sql, &[&databases]).await.map(drop)
}
