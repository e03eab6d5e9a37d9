//! After the switch: the new copy is looked at once more, then the old one goes.

use hotelhub_core::sql::Query as _;

use super::Work;
use crate::{contents::rules, copies, engine::StepError, session::Session};

/// Shuts the old copy at once, proves the new one, and only then drops the old one. If its server
/// is away it is left to be discarded: its writers are stopped and no route points there.
pub(super) async fn retire(work: &mut Work, control: &Session) -> Result<(), StepError> {
    // What the switch left open there holds locks.
    work.hang_up();
    let shut = shut(work, control).await;
    prove(work, control).await?;
    match shut {
        Ok(()) => drop_old(work, control).await,
        Err(error) => {
            if copies::leave(control, work.old_id()?).await? {
                Ok(())
            } else {
                Err(error)
            }
        }
    }
}

/// Nobody enters the old copy any more, and whoever is in it leaves. Its identity is no route's.
async fn shut(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let old = work.old_id()?;
    copies::shut(work.source_site(control).await?, old).await
}

/// The new copy names itself rightly, its login may enter, and its foreign keys hold.
async fn prove(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let (id, name, tenant) = (work.facts.database_id, work.new_name(), work.operation.tenant);
    let target = work.target(control).await?;
    for key in rules::list_foreign_keys(target).await?.iter().filter(|it| !it.is_validated) {
        let prove = format!("ALTER TABLE {} VALIDATE CONSTRAINT {}", key.table, key.name);
        target.run(&prove).await?;
    }
    let row = target
        .query_one(
            "SELECT (tenant_id, database_id) = ($1, $2)
               AND has_database_privilege($3, current_database(), 'CONNECT')
               AND (SELECT count(*) > 0 FROM users)
             FROM tenant_identity",
            &[&tenant, &id, &name],
        )
        .await?;
    if row.try_get(0)? {
        return Ok(());
    }
    Err(StepError::NotYet("the new copy is not what it should be; the old one is kept".to_owned()))
}

async fn drop_old(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let old = work.old_id()?;
    copies::drop_all(&work.source_site(control).await?.session, old).await?;
    let forget = "DELETE FROM databases WHERE id = $1 AND state = 'retired'";
    control.execute(forget, &[&old]).await?;
    Ok(())
}
