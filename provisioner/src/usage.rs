//! How much of the platform a tenant uses. Measured in the database that was just backed up: every
//! night, and whenever somebody asks for a backup or an export.

use hotelhub_core::{errors::Chain, ids::TenantId, sql::Query as _};
use hotelhub_storage::Storage;

use crate::{backups::files_of, engine::StepError, session::Session};

/// Measures a tenant. What cannot be measured stays as it was: no backup fails for it.
pub(crate) async fn note(control: &Session, inside: &Session, storage: &Storage, tenant: TenantId) {
    if let Err(error) = measure(control, inside, storage, tenant).await {
        tracing::warn!(tenant.id = %tenant, error = %Chain(&error), "a tenant was not measured");
    }
}

async fn measure(
    control: &Session,
    inside: &Session,
    storage: &Storage,
    tenant: TenantId,
) -> Result<(), StepError> {
    // Support is there for a time and is none of the hotel's people.
    let sql = "SELECT pg_database_size(current_database()), (SELECT count(*) FROM rooms),
         (SELECT count(*) FROM users u WHERE u.disabled_at IS NULL AND NOT EXISTS
           (SELECT FROM user_roles r WHERE r.user_id = u.id AND r.role = 'support'))";
    let row = inside.query_one(sql, &[]).await?;
    let (bytes, rooms, users): (i64, i64, i64) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let files = storage.list(&files_of(tenant)).await?;
    let file_bytes: u64 = files.iter().map(|it| it.bytes).sum();
    let file_bytes = i64::try_from(file_bytes).unwrap_or(i64::MAX);
    let write = "INSERT INTO tenant_usage
           (tenant_id, measured_at, database_bytes, file_bytes, users, rooms)
         VALUES ($1, clock_timestamp(), $2, $3, $4, $5)
         ON CONFLICT (tenant_id) DO UPDATE SET measured_at = excluded.measured_at,
           database_bytes = excluded.database_bytes, file_bytes = excluded.file_bytes,
           users = excluded.users, rooms = excluded.rooms";
    control.execute(write, &[&tenant, &bytes, &file_bytes, &users, &rooms]).await?;
    Ok(())
}
