//! The copy: made with the bundle's own schema, filled, settled, brought to the present schema.

use hotelhub_core::{ids::TenantId, sql::Query as _};
use serde_json::json;

use super::{
    Work, settle, source,
    work::{End, missing},
};
use crate::{
    access, backups, contents,
    copies::{self, NewCopy},
    engine::{
        StepError,
        progress::{self, Progress},
    },
    session::{self, Session},
};

/// What is allowed in a preview, by its own row: nobody writes there, and no job runs.
const OF_PREVIEWS: &str = "read_only";

/// Makes the copy from the beginning, whatever an earlier try has left of it.
pub(super) async fn load(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let bundle = source::fetch(work, control).await?;
    let manifest = bundle.manifest().clone();
    let (version, operation) = (manifest.schema_version, work.operation);
    let (_, _, generation) = work.from()?;
    let host = work.facts.db_host_id.ok_or_else(|| missing("a database server"))?;
    let (id, tools) = (work.facts.database_id, work.tools.clone());
    let copy = NewCopy { id, host, generation: generation + 1, schema_version: version };
    copies::register(control, operation, &copy).await?;
    let storage = backups::required(tools.storage.as_ref())?;
    let bundle = contents::files::unpack(storage, &work.files_of_copy(), bundle).await?;

    let site = work.new_site(control).await?;
    let mut inside = site.make_fresh(id, version).await?;
    let mut progress = Progress::begin(control, operation.id);
    contents::load::load(&inside, bundle, Some(&mut progress)).await?;
    let served = tools.schema_version;
    migrations::migrate_tenant(inside.client_mut(), served, session::LOCK_TIMEOUT).await?;
    settle::end_what_was_open(&inside, served).await?;
    copies::make_role(site, &tools.db_host_keys, id).await?;
    let (tenant, access) = match work.facts.end {
        Some(End::Preview) => {
            if let Some(present) = work.open_present(control).await? {
                settle::carry_present(&present, &inside, tools.clock.now()).await?;
            }
            (work.facts.preview_id, OF_PREVIEWS.to_owned())
        }
        _ => (operation.tenant, access::intended(control, operation.tenant).await?),
    };
    let entry = backups::store::tenant_entry(control, operation.tenant).await?;
    let write = "INSERT INTO tenant_identity
           (tenant_id, database_id, generation, access, company_name, language)
         VALUES ($1, $2, $3, $4, $5, $6)";
    let generation = generation + 1;
    inside
        .execute(write, &[&tenant, &id, &generation, &access, &entry.company_name, &entry.language])
        .await?;
    let is_loaded = "UPDATE databases SET schema_version = $2 WHERE id = $1 AND state = 'claimed'";
    control.execute(is_loaded, &[&id, &served]).await?;
    let origin = source::origin(&manifest.tenant);
    let figures = json!({
        "taken_at": manifest.taken_at, "from_schema_version": version, "origin": origin,
    });
    Ok(progress::note(control, operation.id, &figures).await?)
}

/// Rewrites whose data it is, of a copy that is there.
pub(super) async fn rename(
    inside: &Session,
    (tenant, generation): (TenantId, i32),
    access: &str,
) -> Result<(), StepError> {
    let sql = "UPDATE tenant_identity SET tenant_id = $1, generation = $2, access = $3";
    inside.execute(sql, &[&tenant, &generation, &access]).await?;
    Ok(())
}

/// Drops the copy, whoever is in it, its role and the files that came with it, and forgets it. On a
/// server that is away it is left to be discarded.
pub(super) async fn drop_all(work: &mut Work, control: &Session) -> Result<(), StepError> {
    // The place is flushed to disk before anything is made; a preview was made by another run.
    if work.facts.db_host_id.is_none() || work.facts.is_of_preview() {
        return Ok(());
    }
    let id = work.facts.database_id;
    let sql = "SELECT state FROM databases WHERE id = $1";
    let row = control.query_opt(sql, &[&id]).await?;
    let state: Option<String> = row.map(|it| it.try_get(0)).transpose()?;
    if let Some(state) = &state
        && !["claimed", "discarding"].contains(&&**state)
    {
        return Err(StepError::NotYet(format!("the new copy is {state}, and stays")));
    }
    if let Some(storage) = &work.tools.storage {
        contents::files::discard(storage, &work.files_of_copy()).await?;
    }
    if state.is_none_or(|it| it == "discarding") {
        return Ok(());
    }
    let dropped = match work.new_site(control).await {
        Ok(site) => copies::drop_all(&site.session, id).await.map_err(StepError::from),
        Err(away) => Err(away),
    };
    match dropped {
        Ok(()) => {
            let forget = "DELETE FROM databases WHERE id = $1 AND state = 'claimed'";
            control.execute(forget, &[&id]).await?;
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
