//! The first step: a server is chosen. And what a tenant is called meanwhile: being made from the
//! first statement on its server until it is ready, or failed once everything was undone.

use hotelhub_core::sql::Query as _;

use super::Work;
use crate::{
    engine::{Operation, StepError},
    hosts,
    session::Session,
};

/// Chooses the database server.
pub(super) async fn place(work: &mut Work, control: &Session) -> Result<(), StepError> {
    if work.facts.db_host_id.is_some() {
        return Ok(());
    }
    let found = hosts::find_roomiest(control).await?;
    let none = || StepError::NotYet("no database server has a template and room".to_owned());
    work.choose(found.ok_or_else(none)?);
    Ok(())
}

/// Says that the tenant is being made.
pub(super) async fn announce(operation: Operation, control: &Session) -> Result<(), StepError> {
    let begin = "SELECT move_provisioning(id, 'provisioning')
         FROM tenants WHERE id = $1 AND provisioning = 'pending'";
    control.query(begin, &[&operation.tenant]).await?;
    Ok(())
}

/// Says that the tenant could not be made, which frees its slug.
pub(super) async fn give_up(work: &mut Work, control: &Session) -> Result<(), StepError> {
    // A run that failed before it was announced has not left `pending`.
    for (from, to) in [("pending", "provisioning"), ("provisioning", "failed")] {
        let step =
            "SELECT move_provisioning(id, $2) FROM tenants WHERE id = $1 AND provisioning = $3";
        control.query(step, &[&work.tenant.id, &to, &from]).await?;
    }
    Ok(())
}
