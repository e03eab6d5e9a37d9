//! The new database: made closed, opened for its owner, emptied; and dropped when all is undone.

use hotelhub_core::{errors::Chain, sql::Query as _};
use tokio_postgres::error::SqlState;

use super::{Work, tables, work::missing};
use crate::{copies, engine::StepError, locks::Lock, session::Session};

/// Makes the database and its login role, which may not enter yet.
pub(super) async fn create(work: &mut Work, control: &Session) -> Result<(), StepError> {
    register(work, control).await?;
    copy_template(work, control).await?;
    create_role(work, control).await?;
    empty(work.target(control).await?).await
}

/// The new copy is on record before it exists. Under the lock of all who take room, so that no
/// server gets more than its `max_databases`.
async fn register(work: &Work, control: &Session) -> Result<(), StepError> {
    let generation = work.facts.from_generation.ok_or_else(|| missing("the generation"))? + 1;
    let host = work.facts.db_host_id.ok_or_else(|| missing("a database server"))?;
    let (id, tenant, by) = (work.facts.database_id, work.operation.tenant, work.operation.id);
    let (version, lock) = (work.schema_version()?, Lock::Room.key());
    control
        .run(&format!(
            "SELECT pg_advisory_xact_lock({lock});
             INSERT INTO databases
               (id, tenant_id, db_host_id, generation, schema_version, state, operation_id)
             SELECT '{id}', '{tenant}', '{host}', {generation}, {version}, 'claimed', '{by}'
             FROM db_hosts h WHERE h.id = '{host}' AND h.max_databases >
               (SELECT count(*) FROM databases d WHERE d.db_host_id = h.id)
             ON CONFLICT (id) DO NOTHING"
        ))
        .await?;
    let is_there = "SELECT 1 FROM databases WHERE id = $1";
    if control.query_opt(is_there, &[&id]).await?.is_none() {
        // Somebody else took the last room; a new move chooses anew.
        return Err(StepError::Never("the database server is full".to_owned()));
    }
    Ok(())
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
    let site = work.target_site(control).await?;
    let verifier = copies::begin_verifier(&tools.db_host_keys, &site.host, id)?;
    // Only a runtime that shuts down gives it up.
    let verifier = verifier
        .await
        .map_err(|error| StepError::NotYet(format!("make the verifier: {}", Chain(&error))))?;
    let create = copies::create_role(id, &verifier);
    copies::unless(site.session.run(&create).await, &SqlState::DUPLICATE_OBJECT)
}

/// Takes out the seeds, and for the time of the copy whatever acts on rows by itself: foreign
/// keys, since tables come one after the other, and triggers, which have fired on the source.
async fn empty(target: &Session) -> Result<(), StepError> {
    drop_foreign_keys(target).await?;
    let mut sql = "TRUNCATE tenant_identity".to_owned();
    for table in tables::list(target).await? {
        sql.push_str(", ");
        sql.push_str(&table.sql_name());
    }
    for trigger in list_triggers(target, "O").await? {
        sql.push_str(&format!("; ALTER TABLE {} DISABLE TRIGGER {}", trigger.0, trigger.1));
    }
    Ok(target.run(&sql).await?)
}

/// Drops the foreign keys of the new copy. The switch takes them over from the old one.
pub(super) async fn drop_foreign_keys(target: &Session) -> Result<(), StepError> {
    let drops: String = list_foreign_keys(target)
        .await?
        .iter()
        .map(|it| format!("ALTER TABLE {} DROP CONSTRAINT {};", it.table, it.name))
        .collect();
    Ok(target.run(&drops).await?)
}

/// A foreign key, its names quoted.
pub(super) struct ForeignKey {
    pub(super) table: String,
    pub(super) name: String,
    pub(super) definition: String,
    pub(super) is_validated: bool,
}

/// All foreign keys of a database.
pub(super) async fn list_foreign_keys(inside: &Session) -> Result<Vec<ForeignKey>, StepError> {
    let rows = inside
        .query(
            "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid),
               convalidated
             FROM pg_constraint
             WHERE contype = 'f' AND connamespace = 'public'::regnamespace
             ORDER BY 1, 2",
            &[],
        )
        .await?;
    let key = |row: &tokio_postgres::Row| {
        Ok(ForeignKey {
            table: row.try_get(0)?,
            name: row.try_get(1)?,
            definition: row.try_get(2)?,
            is_validated: row.try_get(3)?,
        })
    };
    rows.iter().map(key).collect()
}

/// The triggers of the schema itself in this state of `tgenabled`, with their tables, quoted.
pub(super) async fn list_triggers(
    inside: &Session,
    state: &str,
) -> Result<Vec<(String, String)>, StepError> {
    let rows = inside
        .query(
            "SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger
             WHERE NOT tgisinternal AND tgenabled::text = $1 AND tgname <> $2
             ORDER BY 1, 2",
            &[&state, &super::capture::TRIGGER],
        )
        .await?;
    rows.iter().map(|it| Ok((it.try_get(0)?, it.try_get(1)?))).collect()
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
