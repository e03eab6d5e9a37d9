//! The last backup, and the end of all that was there before it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::sql::Query as _;
use hotelhub_storage::{Storage, certificates};
use serde_json::{Value, json};

use super::Work;
use crate::{
    backups::{self, KEPT_DAYS, Kind, Wanted, store},
    engine::StepError,
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
    work.facts.final_backup = store::find_final(control, operation.id).await?;
    if work.facts.final_backup.is_some() {
        return Ok(());
    }
    let storage = backups::required(work.storage())?.clone();
    let (site, database) = work.enter(control).await?;
    let is_there = "SELECT EXISTS (
           SELECT FROM pg_database WHERE datname = $1 AND datallowconn AND datconnlimit <> -2)";
    if !site.session.query_one(is_there, &[&database.name()]).await?.try_get(0)? {
        return keep_newest(work, control).await;
    }
    let inside = site.inside(&database.name()).await?;
    let kind = Kind::Final(operation.id);
    let wanted = Wanted { tenant: operation.tenant, kind, database, keep_until };
    let backup = backups::take(control, &inside, &storage, &wanted, None).await?;
    work.facts.final_backup = Some(backup);
    Ok(())
}

/// No run of this operation drops the database before its last backup is whole: it was lost, and the
/// newest backup is the last that there will be.
async fn keep_newest(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let of = (work.operation.tenant, work.operation.id);
    let why = "the database was gone: the newest backup is kept in its stead";
    let kept = store::keep_newest_as_final(control, of, work.facts.final_until, why).await?;
    work.facts.final_backup = kept;
    tracing::warn!(tenant.id = %of.0, found = kept.is_some(), "a tenant's database was gone");
    if kept.is_none() {
        let none = "none: the database was gone, and there was no backup";
        note(work, control, &json!([{ "last_backup": none }])).await?;
    }
    Ok(())
}

/// Deletes all other backups, what was brought, the hotel's files, and the keys of its domains.
pub(super) async fn destroy(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let tenant = work.operation.tenant;
    let Some(storage) = work.storage().cloned() else {
        return note_no_storage(work, control).await;
    };
    // A nightly backup or a drill may be on its way: what it writes after this would outlive the
    // hotel.
    if !store::try_lock(control, tenant).await? {
        return Err(StepError::NotYet("a backup of the tenant is being made or tried".to_owned()));
    }
    let destroyed = destroy_stored(work, control, &storage).await;
    store::unlock(control, tenant).await?;
    destroyed
}

/// Where no object storage is set, nothing can have been put there; but it may have been set before.
async fn note_no_storage(work: &Work, control: &Session) -> Result<(), StepError> {
    let tenant = work.operation.tenant;
    let any = "SELECT EXISTS (SELECT FROM backups WHERE tenant_id = $1)";
    if control.query_one(any, &[&tenant]).await?.try_get(0)? {
        let unset = "the tenant has backups, and STORAGE_URL of the provisioner is not set";
        return Err(StepError::NotYet(unset.to_owned()));
    }
    let none = json!([{ "object_storage": "none is set: nothing was looked for" }]);
    note(work, control, &none).await
}

async fn destroy_stored(
    work: &mut Work,
    control: &Session,
    storage: &Storage,
) -> Result<(), StepError> {
    let (tenant, now) = (work.operation.tenant, work.now());
    let kept = store::find_final(control, work.operation.id).await?;
    work.facts.final_backup = kept;
    for backup in store::expire_all_but(control, tenant, kept).await? {
        storage.delete(&backup.object).await?;
        store::forget(control, backup.id, now).await?;
    }
    let folder = backups::folder_of(tenant);
    let last = match kept {
        Some(id) => store::find_kept(control, id).await?.map(|it| it.object),
        None => None,
    };
    for object in storage.list(&folder).await? {
        if Some(&object.name) == last.as_ref() {
            continue;
        }
        storage.delete(&object.name).await?;
        note(work, control, &json!([{ "object": object.name, "at": now }])).await?;
    }
    for hostname in list_own_names(work, control).await? {
        for object in storage.list(&certificates::folder_of(&hostname)).await? {
            storage.delete(&object.name).await?;
            note(work, control, &json!([{ "object": object.name, "at": now }])).await?;
        }
        let forget = "DELETE FROM certificates WHERE hostname = $1";
        control.execute(forget, &[&hostname]).await?;
    }
    // Parts of objects that somebody began who died.
    storage.sweep_unfinished(&folder, Duration::ZERO).await?;
    Ok(())
}

/// The names of its own that the tenant has or had, without those that are another one's by now.
async fn list_own_names(work: &Work, control: &Session) -> Result<Vec<String>, StepError> {
    let sql = "SELECT DISTINCT d.hostname FROM domains d
         WHERE d.tenant_id = $1 AND d.kind = 'custom' AND NOT EXISTS (
           SELECT FROM domains o WHERE o.hostname = d.hostname AND o.tenant_id <> d.tenant_id
             AND o.is_verified AND o.released_at IS NULL)";
    let rows = control.query(sql, &[&work.operation.tenant]).await?;
    let names = rows.iter().map(|it| it.try_get(0)).collect::<Result<_, tokio_postgres::Error>>();
    Ok(names?)
}

/// Adds to the proof what it does not have yet.
async fn note(work: &Work, control: &Session, destroyed: &Value) -> Result<(), StepError> {
    let sql = "UPDATE deletions SET destroyed = destroyed || $2
         WHERE tenant_id = $1 AND NOT destroyed @> $2";
    control.execute(sql, &[&work.operation.tenant, destroyed]).await?;
    Ok(())
}
