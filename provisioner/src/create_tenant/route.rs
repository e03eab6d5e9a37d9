//! The last step: the tenant's host name leads to its database.

use hotelhub_core::sql::Query as _;

use super::{Work, content};
use crate::{engine::StepError, session::Session};

/// Hands the copy to the tenant and calls it ready, in one statement and so in one transaction. The
/// same transaction clears the owner's password here, since it stands in the hotel's own database.
///
/// What `tenant_identity.access` says in there is known if this run wrote it; otherwise it is for
/// whoever keeps it to find out.
pub(super) async fn publish(work: &mut Work, control: &Session) -> Result<(), StepError> {
    if !work.is_unpublished() {
        return Ok(());
    }
    let version = match work.schema_version {
        Some(version) => version,
        // Another process migrated it, and was killed before this step.
        None => content::read_version(work, control).await?,
    };
    let sql = "WITH placed AS (
           UPDATE databases SET state = 'assigned', schema_version = $3, access = $4
           WHERE id = $2 AND tenant_id = $1 AND state = 'claimed'
         )
         SELECT move_provisioning(id, 'ready')
         FROM tenants WHERE id = $1 AND provisioning = 'provisioning'";
    let copy = work.copy()?.id;
    control.query(sql, &[&work.tenant.id, &copy, &version, &work.written_access]).await?;
    Ok(())
}
