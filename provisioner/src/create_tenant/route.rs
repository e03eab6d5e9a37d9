//! The last step: the tenant's host name leads to its database.

use hotelhub_core::sql::Query as _;

use super::Work;
use crate::{engine::StepError, session::Session};

/// Places the tenant and calls it ready, in one statement and so in one transaction. The same
/// transaction clears the owner's password here, since it stands in the hotel's own database.
pub(super) async fn publish(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let facts = &work.facts;
    let version = facts
        .schema_version
        .ok_or_else(|| StepError::Never("the run has lost the schema version".to_owned()))?;
    let sql = "WITH placed AS (
           INSERT INTO databases (id, tenant_id, db_host_id, generation, schema_version, state)
           VALUES ($2, $1, $3, 1, $4, 'assigned')
           ON CONFLICT (id) DO NOTHING
         )
         SELECT move_provisioning(id, 'ready')
         FROM tenants WHERE id = $1 AND provisioning = 'provisioning'";
    let params: hotelhub_core::sql::Params<'_> =
        &[&work.tenant.id, &facts.database_id, &facts.db_host_id, &version];
    control.query(sql, params).await?;
    Ok(())
}

/// Takes the placement back.
pub(super) async fn withdraw(work: &mut Work, control: &Session) -> Result<(), StepError> {
    // Publishing is one transaction, so a tenant that is being undone was never ready.
    control.execute("DELETE FROM databases WHERE id = $1", &[&work.facts.database_id]).await?;
    Ok(())
}
