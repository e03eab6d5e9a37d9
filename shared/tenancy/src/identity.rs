//! Whose database a new connection has reached.

use deadpool_postgres::{Hook, HookError};
use hotelhub_core::{
    ids::{DatabaseId, TenantId},
    routes::Placement,
};

/// Every new connection proves whose database it reached before it is used.
pub(crate) fn identity_check(tenant: TenantId, placement: &Placement) -> Hook {
    let expected = (tenant, placement.database_id, placement.generation);
    Hook::async_fn(move |client, _| {
        Box::pin(async move {
            let row = client
                .query_opt("SELECT tenant_id, database_id, generation FROM tenant_identity", &[])
                .await
                .map_err(HookError::Backend)?;
            let found = row.map(|it| (it.get(0), it.get(1), it.get(2)));
            if found == Some(expected) {
                return Ok(());
            }
            // The very copy that was expected, which says that another one has replaced it.
            let retired = |(of, copy, generation): (TenantId, DatabaseId, i32)| {
                (of, copy) == (expected.0, expected.1) && generation > expected.2
            };
            if found.is_some_and(retired) {
                tracing::warn!(tenant.id = %tenant, "the tenant has moved; its route is on its way");
                return Err(HookError::message(RETIRED));
            }
            metrics::counter!("tenant_identity_mismatches_total").increment(1);
            tracing::error!(
                tenant.id = %tenant, ?expected, ?found,
                "ALARM: the database belongs to another tenant or copy; serving nobody from it"
            );
            Err(HookError::message(WRONG_IDENTITY))
        })
    })
}

/// What a pool says when the database is not the one that was expected.
pub(crate) const WRONG_IDENTITY: &str = "the database belongs to another tenant or copy";

/// What a pool says when the database has been replaced by another copy.
pub(crate) const RETIRED: &str = "the database has been replaced";
