//! The last backup, and the end of all that was there before it.

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::sql::Query as _;
use hotelhub_storage::Storage;

use super::Work;
use crate::{
    backups::{self, KEPT_DAYS, Kind, Wanted, store},
    engine::StepError,
    restore_tenant,
    session::Session,
};

/// Until when the last backup is kept; `None` if the vendor wants none, or backups are not made here.
pub(super) async fn final_until(
    work: &Work,
    control: &Session,
) -> Result<Option<DateTime<Utc>>, StepError> {
    let sql = "SELECT coalesce((wish ->> 'final_backup')::boolean, true)
         FROM operations WHERE id = $1";
    let wanted: bool = control.query_one(sql, &[&work.operation.id]).await?.try_get(0)?;
    let until = work.now() + TimeDelta::days(KEPT_DAYS);
    Ok((wanted && work.storage().is_some()).then_some(until))
}

/// Makes the last backup: nobody can add to the database any more.
pub(super) async fn back_up(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let (operation, keep_until) = (work.operation, work.facts.final_until);
    let storage = backups::required(work.storage())?.clone();
    let (site, database) = work.enter(control).await?;
    // A database that an earlier try has dropped was backed up before.
    let is_there = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datallowconn)";
    if !site.session.query_one(is_there, &[&database.name()]).await?.try_get(0)? {
        return Ok(());
    }
    let inside = site.inside(&database.name()).await?;
    let kind = Kind::Final(operation.id);
    let wanted = Wanted { tenant: operation.tenant, kind, database, keep_until };
    let backup = backups::take(control, &inside, &storage, &wanted, None).await?;
    work.facts.final_backup = Some(backup);
    Ok(())
}

/// Deletes all other backups, the preview, what was brought, and the hotel's files.
pub(super) async fn destroy(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let (tenant, now) = (work.operation.tenant, work.now());
    restore_tenant::discard_all_of(control, tenant).await?;
    let Some(storage) = work.storage().cloned() else { return Ok(()) };
    // A nightly backup may be on its way: what it writes after this would outlive the hotel.
    if !store::try_lock(control, tenant).await? {
        return Err(StepError::NotYet("a nightly backup of the tenant is being made".to_owned()));
    }
    let kept = store::find_final(control, work.operation.id).await?;
    work.facts.final_backup = kept;
    for backup in store::expire_all_but(control, tenant, kept).await? {
        storage.delete(&backups::object_of(tenant, backup.id)).await?;
        store::forget(control, backup.id, now).await?;
    }
    destroy_objects(&storage, work, control).await?;
    Ok(store::unlock(control, tenant).await?)
}

async fn destroy_objects(
    storage: &Storage,
    work: &Work,
    control: &Session,
) -> Result<(), StepError> {
    let tenant = work.operation.tenant;
    let last = work.facts.final_backup.map(|it| backups::object_of(tenant, it));
    for object in storage.list(&backups::folder_of(tenant)).await? {
        if Some(&object.name) == last.as_ref() {
            continue;
        }
        storage.delete(&object.name).await?;
        let note = "UPDATE deletions SET destroyed = destroyed || jsonb_build_array(
               jsonb_build_object('object', $2::text, 'at', $3::timestamptz)) WHERE tenant_id = $1";
        control.execute(note, &[&tenant, &object.name, &work.now()]).await?;
    }
    Ok(())
}
