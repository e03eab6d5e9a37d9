//! The new database: made closed, opened for its owner, emptied; and dropped when all is undone.

use hotelhub_core::sql::Query as _;

use super::{Work, work::missing};
use crate::{
    contents::{rules, tables},
    copies::{self, NewCopy},
    engine::StepError,
    session::Session,
};

/// Makes the database and its login role, which may not enter yet.
pub(super) async fn create(work: &mut Work, control: &Session) -> Result<(), StepError> {
    register(work, control).await?;
    copy_template(work, control).await?;
    create_role(work, control).await?;
    let target = work.target(control).await?;
    rules::empty(target, tables::list(target).await?.iter()).await
}

/// The new copy is on record before it exists.
async fn register(work: &Work, control: &Session) -> Result<(), StepError> {
    let generation = work.facts.from_generation.ok_or_else(|| missing("the generation"))? + 1;
    let host = work.facts.db_host_id.ok_or_else(|| missing("a database server"))?;
    let id = work.facts.database_id;
    let copy = NewCopy { id, host, generation, schema_version: work.schema_version()? };
    copies::register(control, work.operation, &copy).await
}

/// Copies the template, closed to everybody but the owner.
async fn copy_template(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let (id, host, version) =
        (work.facts.database_id, work.facts.db_host_id, work.schema_version()?);
    let sql = "SELECT name FROM templates
         WHERE db_host_id = $1 AND is_current AND schema_version = $2";
    let found = control.query_opt(sql, &[&host, &version]).await?;
    // It will not come back: a new move finds the tenant on the newer schema, or another server.
    let gone = || {
        StepError::Never(format!("the server has no template of schema version {version} any more"))
    };
    let template: String = found.ok_or_else(gone)?.try_get(0)?;
    let session = &work.target_site(control).await?.session;
    copies::create_database(session, id, &template).await?;
    Ok(session.run(&copies::open_database(id)).await?)
}

/// Makes the login role.
async fn create_role(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let (id, tools) = (work.facts.database_id, work.tools.clone());
    copies::make_role(work.target_site(control).await?, &tools.db_host_keys, id).await
}

/// Lets the login role of the new copy in.
pub(super) async fn let_in(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let grant = copies::grant_access(work.facts.database_id);
    Ok(work.target_site(control).await?.session.run(&grant).await?)
}

/// Drops the new copy, whoever is in it, and its role, and forgets it. On a server that is away it
/// is left to be discarded: the tenant does not wait for that.
pub(super) async fn drop_all(work: &mut Work, control: &Session) -> Result<(), StepError> {
    // The place is flushed to disk before anything is made.
    if work.facts.db_host_id.is_none() {
        return Ok(());
    }
    if super::switch::has_committed(work, control).await? {
        return Err(StepError::NotYet("the new copy serves and is not dropped".to_owned()));
    }
    let id = work.facts.database_id;
    work.hang_up();
    let dropped = match work.target_site(control).await {
        Ok(site) => copies::drop_all(&site.session, id).await.map_err(StepError::from),
        Err(away) => Err(away),
    };
    match dropped {
        Ok(()) => {
            control.execute("DELETE FROM databases WHERE id = $1", &[&id]).await?;
            Ok(())
        }
        Err(error) => {
            if copies::leave(control, id).await? {
                Ok(())
            } else {
                Err(error)
            }
        }
    }
}
