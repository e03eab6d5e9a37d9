//! Makes one backup, and brings one back.

use std::{fs::File, io::Seek as _};

use hotelhub_bundle::{Bundle, Checked, Limits, Refused};
use hotelhub_core::ids::BackupId;
use hotelhub_storage::Storage;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::{
    files_of,
    store::{self, Backup, Wanted},
};
use crate::{
    contents::dump::{self, Dumped},
    engine::{StepError, progress::Progress},
    session::Session,
};

/// Makes a backup of what `inside` shows, unless an earlier try has made it.
///
/// Killed before it is `kept`, the row says `making`, and the next try begins anew with an object of its
/// own. A try that another one has overtaken keeps nothing.
pub(crate) async fn take(
    control: &Session,
    inside: &Session,
    storage: &Storage,
    wanted: &Wanted,
    progress: Option<&mut Progress<'_>>,
) -> Result<BackupId, StepError> {
    let (backup, former) = store::begin(control, wanted).await?;
    if backup.sha256.is_some() {
        return Ok(backup.id);
    }
    if let Some(former) = former {
        // What is not there yet may still come; it is found as a stray then.
        storage.delete(&former).await?;
    }
    let tenant = store::tenant_entry(control, wanted.tenant).await?;
    let files = files_of(wanted.tenant);
    let dumped = dump::dump(inside, tenant, (storage, &files), progress).await?;
    let dumped = upload(storage, &backup.object, dumped).await?;
    if !store::keep(control, &backup, wanted.database, &dumped).await? {
        // Its row stands for another try's object, or is gone.
        storage.delete(&backup.object).await?;
        return Err(StepError::NotYet("the backup was given up while it was made".to_owned()));
    }
    tracing::info!(
        tenant.id = %wanted.tenant, backup.id = %backup.id, kind = ?wanted.kind,
        rows = dumped.manifest.rows(), bytes = dumped.bytes, "made a backup"
    );
    Ok(backup.id)
}

async fn upload(storage: &Storage, object: &str, dumped: Dumped) -> Result<Dumped, StepError> {
    let mut file = tokio::fs::File::from_std(dumped.file);
    storage.put_large(object, &mut file).await?;
    Ok(Dumped { file: file.into_std().await, ..dumped })
}

/// Brings a backup's bundle back, and proves that it is the one that was made.
pub(crate) async fn fetch(storage: &Storage, backup: &Backup) -> Result<Bundle<File>, StepError> {
    let sha256 = backup.sha256.clone().unwrap_or_default();
    // It is proven to be ours: whatever the hotel has is restored.
    fetch_object(storage, (&backup.object, &sha256), Limits::of_our_own()).await
}

/// Brings a bundle from object storage, and reads all of it once: what is refused here was never
/// loaded anywhere.
pub(crate) async fn fetch_object(
    storage: &Storage,
    (object, sha256): (&str, &str),
    limits: Limits,
) -> Result<Bundle<File>, StepError> {
    let mut file = tokio::fs::File::from_std(dump::unnamed_file()?);
    if !storage.get_large(object, &mut file).await? {
        return Err(StepError::Never(format!("object storage has no `{object}` any more")));
    }
    file.rewind().await.map_err(Refused::Io)?;
    let mut seen = Checked::default();
    let mut piece = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut piece).await.map_err(Refused::Io)?;
        let Some(piece) = piece.get(..read).filter(|it| !it.is_empty()) else { break };
        seen.add(piece);
    }
    if seen.sha256() != sha256 {
        return Err(StepError::Never(format!(
            "`{object}` is not the bundle that was written: it was damaged or changed"
        )));
    }
    let mut file = file.into_std().await;
    file.rewind().map_err(Refused::Io)?;
    let verified = tokio::task::spawn_blocking(move || {
        let mut bundle = Bundle::open(file, &limits)?;
        bundle.verify()?;
        Ok::<_, Refused>(bundle)
    });
    let gone = |_| StepError::NotYet("the program stops while a bundle is read".to_owned());
    Ok(verified.await.map_err(gone)??)
}
