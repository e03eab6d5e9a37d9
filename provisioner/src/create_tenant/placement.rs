//! The first step: a server is chosen, and the tenant is being made from now on. Its reverse is
//! the last thing that happens to a tenant that cannot be made.

use hotelhub_core::sql::Query as _;

use super::Work;
use crate::{engine::StepError, hosts, session::Session};

/// Chooses the database server.
pub(super) async fn place(work: &mut Work, control: &Session) -> Result<(), StepError> {
    if work.facts.db_host_id.is_none() {
        let host = hosts::find_roomiest(control).await?;
        let none = || StepError::NotYet("no database server has a template and room".to_owned());
        work.facts.db_host_id = Some(host.ok_or_else(none)?.id);
    }
    let begin = "SELECT move_provisioning(id, 'provisioning')
         FROM tenants WHERE id = $1 AND provisioning = 'pending'";
    control.query(begin, &[&work.tenant.id]).await?;
    Ok(())
}

/// Says that the tenant could not be made, which frees its slug.
pub(super) async fn give_up(work: &mut Work, control: &Session) -> Result<(), StepError> {
    // A run that failed before it was placed has not left `pending`.
    for (from, to) in [("pending", "provisioning"), ("provisioning", "failed")] {
        let step =
            "SELECT move_provisioning(id, $2) FROM tenants WHERE id = $1 AND provisioning = $3";
        control.query(step, &[&work.tenant.id, &to, &from]).await?;
    }
    Ok(())
}
