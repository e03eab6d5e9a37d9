//! The switch, and what becomes of the copy that was replaced: shut, backed up, dropped, in this
//! order.

use hotelhub_core::sql::Query as _;
use serde_json::json;

use super::{
    Work, history, preview, settle, source, target,
    work::{End, missing},
};
use crate::{
    access,
    backups::{self, Kind, Wanted},
    contents::{self, audit},
    copies,
    engine::{
        Operation, StepError,
        progress::{self, Progress},
    },
    session::Session,
};

/// The new copy takes the hotel's name and place. The commit on the control database is the point of
/// no return. Whoever still writes to the old copy in that moment finds it in the backup that follows.
pub(super) async fn switch(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let id = work.facts.database_id;
    let sql = "SELECT state FROM databases WHERE id = $1";
    let state = control.query_opt(sql, &[&id]).await?.ok_or_else(|| missing("its copy"))?;
    let state: String = state.try_get(0)?;
    if state == "assigned" {
        return Ok(());
    }
    let (old, _, generation) = work.from()?;
    let (tenant, tools) = (work.operation.tenant, work.tools.clone());
    let site = work.new_site(control).await?;
    if state == "preview" {
        // Whoever looks at the preview is turned away from here on.
        copies::shut(site, id).await?;
    }
    let mut inside = site.inside(&id.name()).await?;
    if state == "preview" {
        preview::make_fit(&mut inside, tools.schema_version).await?;
        site.session.run(&format!("ALTER ROLE {} LOGIN", id.name())).await?;
    }
    let present = work.open_present(control).await?;
    if let Some(present) = &present {
        settle::carry_present(present, &inside, tools.clock.now()).await?;
    }
    if tools.schema_version >= audit::SINCE {
        let told = history::carry_on(work, control, present.as_ref(), &mut inside).await?;
        progress::note(control, work.operation.id, &json!({ "restored": told })).await?;
    }
    let site = work.new_site(control).await?;
    let allowed = access::intended(control, tenant).await?;
    target::rename(&inside, (tenant, generation + 1), &allowed).await?;
    site.session.run(&copies::grant_access(id)).await?;
    let numbered = "UPDATE databases SET generation = $2 WHERE id = $1 AND state <> 'assigned'";
    control.execute(numbered, &[&id, &(generation + 1)]).await?;
    copies::replace(control, old, (id, &state), tools.schema_version, &allowed).await
}

/// A preview whose switch did not commit is a preview again.
pub(super) async fn take_back(work: &mut Work, control: &Session) -> Result<(), StepError> {
    if !work.facts.is_of_preview() || work.facts.end != Some(End::Swap) {
        return Ok(());
    }
    let id = work.facts.database_id;
    let sql = "SELECT generation FROM databases WHERE id = $1 AND state = 'preview'";
    let Some(row) = control.query_opt(sql, &[&id]).await? else { return Ok(()) };
    let (generation, preview): (i32, _) = (row.try_get(0)?, work.facts.preview_id);
    let site = work.new_site(control).await?;
    let inside = site.inside(&id.name()).await?;
    target::rename(&inside, (preview, generation), "read_only").await?;
    Ok(site.session.run(&format!("ALTER ROLE {} LOGIN", id.name())).await?)
}

/// Gives the hotel the files that came with its new rows. Then shuts the old copy and backs up what
/// it has: nobody can add to it any more. Of one that is lost the backup waits (see [`drop_old`]).
pub(super) async fn back_up_old(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let (tools, operation) = (work.tools.clone(), work.operation);
    let (old, _, _) = work.from()?;
    let keep_until = work.facts.until;
    let storage = backups::required(tools.storage.as_ref())?;
    let files = backups::files_of(operation.tenant);
    contents::files::take_over(storage, &work.files_of_copy(), &files).await?;
    let kind = Kind::BeforeRestore(operation.id);
    if let Some(backup) = backups::store::find_made(control, operation.tenant, kind).await? {
        return Ok(progress::note(control, operation.id, &json!({ "backup_id": backup })).await?);
    }
    if work.has_lost_replaced(control).await? {
        tracing::warn!(tenant.id = %operation.tenant, "what was replaced is away: its backup waits for its server");
        return Ok(
            progress::note(control, operation.id, &json!({ "replaced_is_unsaved": true })).await?
        );
    }
    let site = work.old_site(control).await?;
    copies::shut(site, old).await?;
    let inside = site.inside(&old.name()).await?;
    let wanted = Wanted { tenant: operation.tenant, kind, database: old, keep_until };
    let mut progress = Progress::begin(control, operation.id);
    let backup = backups::take(control, &inside, storage, &wanted, Some(&mut progress)).await?;
    Ok(progress::note(control, operation.id, &json!({ "backup_id": backup })).await?)
}

/// Drops what was replaced, if anything was, and the bundle that was brought. What no backup has
/// stays: its server may come back, and [`Rescue`](backups::Rescue) with it.
pub(super) async fn drop_old(work: &mut Work, control: &Session) -> Result<(), StepError> {
    if work.facts.end == Some(End::Swap) {
        let (old, _, _) = work.from()?;
        let Operation { id, tenant } = work.operation;
        let kind = Kind::BeforeRestore(id);
        if backups::store::find_made(control, tenant, kind).await?.is_none() {
            copies::keep_unsaved(control, old, id).await?;
            return source::forget_upload(work, control).await;
        }
        match work.old_site(control).await {
            Ok(site) => {
                copies::drop_all(&site.session, old).await?;
                let forget = "DELETE FROM databases WHERE id = $1 AND state = 'retired'";
                control.execute(forget, &[&old]).await?;
            }
            Err(away) => {
                if !copies::leave(control, old).await? {
                    return Err(away);
                }
            }
        }
    }
    source::forget_upload(work, control).await
}
