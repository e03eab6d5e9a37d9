//! The first step: what was asked for, and where the copy is to be.

use chrono::TimeDelta;
use hotelhub_core::{
    errors::Chain,
    ids::{BackupId, DbHostId, TenantId},
    sql::Query as _,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Work,
    work::{End, Source, missing},
};
use crate::{
    backups::{KEPT_DAYS, store},
    engine::{StepError, progress},
    hosts::usable,
    session::Session,
};

/// How long a preview is shown, in days.
const SHOWN_DAYS: i64 = 7;

/// What the control plane asked for.
#[derive(Debug, Deserialize)]
struct Wish {
    backup_id: Option<BackupId>,
    upload_id: Option<BackupId>,
    sha256: Option<String>,
    end: End,
}

/// Reads the wish, finds the copy that serves, and chooses a server.
pub(super) async fn place(work: &mut Work, control: &Session) -> Result<(), StepError> {
    if work.facts.db_host_id.is_some() {
        return Ok(());
    }
    let wish = "SELECT wish FROM operations WHERE id = $1";
    let wish = control.query_one(wish, &[&work.operation.id]).await?.try_get(0)?;
    let wish: Wish = serde_json::from_value(wish)
        .map_err(|error| StepError::Never(format!("read what was asked for: {error}")))?;
    find_serving(work, control).await?;
    let days = if wish.end == End::Preview { SHOWN_DAYS } else { KEPT_DAYS };
    work.facts.until = Some(work.tools.clock.now() + TimeDelta::days(days));
    work.facts.end = Some(wish.end);
    match (wish.backup_id, wish.upload_id.zip(wish.sha256)) {
        (Some(id), None) => {
            let backup = store::find_kept(control, id).await?;
            let is_own = backup.is_some_and(|it| it.tenant == work.operation.tenant);
            if !is_own {
                return Err(StepError::Never("the tenant has no such backup".to_owned()));
            }
            work.facts.source = Some(Source::Backup { id });
            choose_server(work, control).await
        }
        (None, Some((id, sha256))) => {
            work.facts.source = Some(Source::Upload { id, sha256 });
            choose_server(work, control).await
        }
        (None, None) => find_preview(work, control).await,
        (Some(_), Some(_)) => Err(StepError::Never("two bundles were named".to_owned())),
    }
}

async fn find_serving(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let sql = "SELECT d.id, d.db_host_id, d.generation
         FROM tenants t JOIN databases d ON d.tenant_id = t.id AND d.state = 'assigned'
         WHERE t.id = $1 AND t.provisioning = 'ready'";
    let row = control.query_opt(sql, &[&work.operation.tenant]).await?;
    let row = row.ok_or_else(|| StepError::Never("the tenant is not ready".to_owned()))?;
    work.facts.from = Some((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    Ok(())
}

/// The preview that is shown is what this is about.
async fn find_preview(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let sql = "SELECT p.id, p.database_id, d.db_host_id
         FROM previews p JOIN databases d ON d.id = p.database_id WHERE p.tenant_id = $1";
    let row = control.query_opt(sql, &[&work.operation.tenant]).await?;
    let row = row.ok_or_else(|| StepError::Never("the tenant has no preview".to_owned()))?;
    let id: TenantId = row.try_get(0)?;
    work.facts.source = Some(Source::Preview { id });
    work.facts.preview_id = id;
    work.facts.database_id = row.try_get(1)?;
    work.facts.db_host_id = Some(row.try_get(2)?);
    // Whose data it shows is known to the run that loaded it.
    let origin = "SELECT r.figures -> 'origin' FROM operations o
         JOIN operation_runs r ON r.operation_id = o.id
         WHERE o.tenant_id = $1 AND o.kind = 'restore_tenant' AND r.facts ->> 'preview_id' = $2
           AND r.figures ? 'origin'
         ORDER BY o.requested_at LIMIT 1";
    let preview = id.to_string();
    if let Some(row) = control.query_opt(origin, &[&work.operation.tenant, &preview]).await? {
        let origin: Value = row.try_get(0)?;
        progress::note(control, work.operation.id, &json!({ "origin": origin })).await?;
    }
    Ok(())
}

/// Where the hotel is if there is room, else where there is most, on a server that answers.
async fn choose_server(work: &mut Work, control: &Session) -> Result<(), StepError> {
    if work.facts.end == Some(End::Discard) {
        return Err(missing("the preview that it was to discard"));
    }
    let (_, present, _) = work.from()?;
    for row in control.query(BY_ROOM, &[&present]).await? {
        work.facts.db_host_id = Some(row.try_get::<_, DbHostId>(0)?);
        let Err(error) = work.new_site(control).await.map(drop) else { return Ok(()) };
        // What was last seen of a server that is lost may be half a minute old.
        tracing::warn!(tenant.id = %work.operation.tenant, error = %Chain(&error), "another server");
    }
    work.facts.db_host_id = None;
    Err(StepError::NotYet("no database server that is reachable has room".to_owned()))
}

const BY_ROOM: &str = concat!(
    "SELECT h.id FROM db_hosts h
     CROSS JOIN LATERAL (
       SELECT h.max_databases - count(*) AS left_over FROM databases d WHERE d.db_host_id = h.id
     ) AS room
     WHERE room.left_over > 0 AND ",
    usable!(),
    " ORDER BY h.id = $1 DESC, room.left_over DESC, h.name"
);
