//! The bundle: brought from object storage, read whole, and refused if this program cannot load it.

use std::fs::File;

use hotelhub_bundle::{Bundle, Refused};

use super::{
    Work,
    work::{Source, missing},
};
use crate::{backups, engine::StepError, session::Session};

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
            backups::fetch_object(storage, &object, sha256).await?
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

/// A bundle that was brought is not kept, whether it was taken or refused.
pub(super) async fn forget_upload(work: &mut Work, _control: &Session) -> Result<(), StepError> {
    let Some(Source::Upload { id, .. }) = &work.facts.source else { return Ok(()) };
    let object = backups::upload_of(work.operation.tenant, *id);
    Ok(backups::required(work.tools.storage.as_ref())?.delete(&object).await?)
}
