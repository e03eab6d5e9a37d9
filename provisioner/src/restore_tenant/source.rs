//! The bundle: brought from object storage, read whole, and refused if this program cannot load it.

use std::fs::File;

use hotelhub_bundle::{Bundle, Refused, TenantEntry};
use hotelhub_core::{ids::BackupId, sql::Query as _};
use serde_json::{Value, json};

use super::{
    Work,
    work::{Source, missing},
};
use crate::{backups, engine::StepError, session::Session};

/// No slug has more characters.
const LONGEST_ORIGIN: usize = 63;

/// Brings the bundle.
pub(super) async fn fetch(work: &Work, control: &Session) -> Result<Bundle<File>, StepError> {
    let storage = backups::required(work.tools.storage.as_ref())?;
    let bundle = match &work.facts.source {
        Some(Source::Backup { id }) => {
            let backup = backups::store::find_kept(control, *id).await?;
            let gone = || StepError::Never("the backup has expired meanwhile".to_owned());
            backups::fetch(storage, &backup.ok_or_else(gone)?).await?
        }
        Some(Source::Upload { id, sha256 }) => {
            let object = backups::upload_of(work.operation.tenant, *id);
            backups::fetch_object(storage, (&object, sha256), work.tools.limits).await?
        }
        Some(Source::Preview { .. }) | None => return Err(missing("its bundle")),
    };
    require_known(&bundle, work.tools.schema_version)?;
    Ok(bundle)
}

/// Refuses a schema that this program does not know, or that was never one of its own.
fn require_known(bundle: &Bundle<File>, known: i32) -> Result<(), Refused> {
    let (found, checksum) = (bundle.manifest().schema_version, &bundle.manifest().schema_checksum);
    if found > known {
        return Err(Refused::NewerSchema { found, known });
    }
    if found < 1 || *checksum != migrations::tenant_checksum(found) {
        return Err(Refused::OtherSchema(found));
    }
    Ok(())
}

/// Whose the data was, as the bundle says: of a stranger's, no more than a slug is put on record.
pub(super) fn origin(of: &TenantEntry) -> Value {
    let slug: String = of.slug.chars().take(LONGEST_ORIGIN).collect();
    json!({ "tenant_id": of.id, "slug": slug })
}

/// A bundle that was brought is not kept, whether it was taken or refused. What was asked for counts:
/// a run may end before it has read that.
pub(super) async fn forget_upload(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let sql = "SELECT (wish ->> 'upload_id')::uuid FROM operations WHERE id = $1";
    let upload = control.query_one(sql, &[&work.operation.id]).await?;
    let upload: Option<BackupId> = upload.try_get(0)?;
    let (Some(id), Some(storage)) = (upload, &work.tools.storage) else { return Ok(()) };
    Ok(storage.delete(&backups::upload_of(work.operation.tenant, id)).await?)
}
