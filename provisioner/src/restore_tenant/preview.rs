//! A copy beside the hotel, on a host name of its own: shown, discarded, or forgotten in time.
//!
//! Its row and the state of its database change in one statement, so no route ever leads to a copy
//! that is on its way out.

use chrono::{DateTime, Utc};
use hotelhub_core::{ids::TenantId, sql::Query as _};
use serde_json::json;
use tokio_postgres::Error;

use super::{
    Work, settle,
    work::{Source, missing},
};
use crate::{
    contents, copies,
    engine::{StepError, progress},
    session::Session,
};

/// Lets the preview's login in, and publishes its route. In place of an older one, which goes.
pub(super) async fn show(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let id = work.facts.database_id;
    let site = work.new_site(control).await?;
    site.session.run(&copies::grant_access(id)).await?;
    let backup = match &work.facts.source {
        Some(Source::Backup { id }) => Some(*id),
        _ => None,
    };
    let until = work.facts.until.ok_or_else(|| missing("the preview's end"))?;
    let (tenant, preview, operation) =
        (work.operation.tenant, work.facts.preview_id, work.operation.id);
    // The older one goes if the new one is shown, and only then; `claimed` reads what became of it
    // so that it goes first.
    let sql = "WITH place AS (
           SELECT regexp_replace(d.hostname, '^[^.]+', t.slug || '--preview') AS hostname
           FROM tenants t JOIN domains d ON d.tenant_id = t.id
             AND d.released_at IS NULL AND d.kind = 'subdomain'
           WHERE t.id = $2 ORDER BY d.created_at, d.id LIMIT 1
         ), older AS (
           DELETE FROM previews WHERE tenant_id = $2 AND database_id <> $3 RETURNING database_id
         ), discarded AS (
           UPDATE databases SET state = 'discarding', tenant_id = NULL, operation_id = NULL
           FROM older WHERE databases.id = older.database_id RETURNING databases.id
         ), claimed AS (
           UPDATE databases SET state = 'preview', operation_id = NULL
           WHERE id = $3 AND state = 'claimed' AND EXISTS (SELECT FROM place)
             AND (SELECT count(*) FROM discarded) >= 0 RETURNING id
         )
         INSERT INTO previews (id, tenant_id, database_id, backup_id, taken_at, hostname, expires_at)
         SELECT $1, $2, c.id, $4, (r.figures ->> 'taken_at')::timestamptz, p.hostname, $5
         FROM claimed c, place p, operation_runs r WHERE r.operation_id = $6";
    control.execute(sql, &[&preview, &tenant, &id, &backup, &until, &operation]).await?;
    let host = "SELECT hostname FROM previews WHERE database_id = $1";
    let row = control.query_opt(host, &[&id]).await?;
    let nowhere = || StepError::Never("the tenant has no host name of the platform".to_owned());
    let host: String = row.ok_or_else(nowhere)?.try_get(0)?;
    let figures = json!({ "preview_host": host, "preview_until": until });
    Ok(progress::note(control, operation, &figures).await?)
}

/// A preview whose run came to nothing is none.
pub(super) async fn take_away(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let id = work.facts.database_id;
    Ok(control.execute(&discarding("database_id = $1"), &[&id]).await.map(drop)?)
}

/// Takes the preview away, and the files that came with it.
pub(super) async fn discard(work: &mut Work, control: &Session) -> Result<(), StepError> {
    discard_all_of(control, work.operation.tenant).await?;
    let Some(storage) = &work.tools.storage else { return Ok(()) };
    contents::files::discard(storage, &work.files_of_copy()).await
}

/// Takes a tenant's preview away, if it has one; its copy is then dropped by whoever discards copies.
pub(crate) async fn discard_all_of(control: &Session, tenant: TenantId) -> Result<(), Error> {
    control.execute(&discarding("tenant_id = $1"), &[&tenant]).await.map(drop)
}

/// Takes all previews away whose time is over.
pub(crate) async fn discard_expired(control: &Session, now: DateTime<Utc>) -> Result<(), Error> {
    let idle = "expires_at <= $1 AND NOT EXISTS (
           SELECT FROM operations o
           WHERE o.tenant_id = previews.tenant_id AND o.settled_at IS NULL)";
    control.execute(&discarding(idle), &[&now]).await.map(drop)
}

fn discarding(which: &str) -> String {
    format!(
        "WITH gone AS (DELETE FROM previews WHERE {which} RETURNING database_id)
         UPDATE databases SET state = 'discarding', tenant_id = NULL, operation_id = NULL
         FROM gone WHERE databases.id = gone.database_id"
    )
}

/// Brings a preview to the present schema and ends its logins, before it takes the hotel's place.
pub(super) async fn make_fit(inside: &mut Session, schema_version: i32) -> Result<(), StepError> {
    let limit = crate::session::LOCK_TIMEOUT;
    migrations::migrate_tenant(inside.client_mut(), schema_version, limit).await?;
    Ok(settle::end_what_was_open(inside, schema_version).await?)
}
