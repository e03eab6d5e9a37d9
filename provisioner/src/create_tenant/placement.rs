//! The first step: a warm copy is claimed, or room for a new one. And what a tenant is called
//! meanwhile: being made from the first statement on its server until it is ready, or failed once
//! everything was undone.

use hotelhub_core::sql::Query as _;

use super::{Work, copy};
use crate::{
    engine::{Operation, StepError},
    session::Session,
};

/// Claims a copy, unless an earlier try did; and another one if that one's server is away.
pub(super) async fn place(work: &mut Work, control: &Session) -> Result<(), StepError> {
    if let Some(copy) = &work.copy {
        if copy.is_assigned || !copy::leave(control, copy).await? {
            return Ok(());
        }
        tracing::warn!(
            operation.id = %work.operation.id, tenant.id = %work.tenant.id,
            db_host = copy.host.name, "the server is away and the tenant goes to another"
        );
    }
    let kept = work.tools.kept.ids();
    let claimed = match copy::claim_warm(control, work.operation, &kept).await? {
        Some(warm) => Some(warm),
        None => copy::claim_room(control, work.operation).await?,
    };
    let none = || StepError::NotYet("no database server has a template and room".to_owned());
    work.take(claimed.ok_or_else(none)?);
    Ok(())
}

/// Says that the tenant is being made.
pub(super) async fn announce(operation: Operation, control: &Session) -> Result<(), StepError> {
    let begin = "SELECT move_provisioning(id, 'provisioning')
         FROM tenants, set_config('synchronous_commit', 'off', true)
         WHERE id = $1 AND provisioning = 'pending'";
    control.query(begin, &[&operation.tenant]).await?;
    Ok(())
}

/// Forgets the claim and says that the tenant could not be made, which frees its slug.
pub(super) async fn give_up(work: &mut Work, control: &Session) -> Result<(), StepError> {
    copy::forget(control, work.operation).await?;
    // A run that failed before it was announced has not left `pending`.
    for (from, to) in [("pending", "provisioning"), ("provisioning", "failed")] {
        let step =
            "SELECT move_provisioning(id, $2) FROM tenants WHERE id = $1 AND provisioning = $3";
        control.query(step, &[&work.tenant.id, &to, &from]).await?;
    }
    Ok(())
}
