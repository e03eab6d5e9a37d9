//! Takes a bundle in from a client, piece by piece, and puts it into object storage.
//!
//! It lies in a file without a name until it is whole and says of itself what it should: whoever
//! breaks off, or brings something else, leaves nothing behind. Only so many are taken in at once,
//! since each may take as much room as the limit allows.

use std::{io::Seek as _, sync::Arc, time::Duration};

use actix_web::web::Payload;
use futures_util::StreamExt as _;
use hotelhub_bundle::{Bundle, Checked, Limits, Manifest, Refused, WriteError};
use hotelhub_core::ids::{BackupId, TenantId};
use hotelhub_http::error::{ApiError, ApiResult};
use hotelhub_storage::Storage;
use tokio::{
    io::AsyncWriteExt as _,
    sync::{Semaphore, TryAcquireError},
    time::timeout,
};

use super::{bundle_routes::storage_failed, upload_of};
use crate::config::ImportsConfig;

/// A client that says nothing for so long has gone.
const SILENCE: Duration = Duration::from_secs(30);
/// Most bundles are taken in within that.
const BUSY_SECONDS: u32 = 30;

/// Takes in bundles. Clones share their turns.
#[derive(Clone, Debug)]
pub(crate) struct Imports {
    limits: Limits,
    turns: Arc<Semaphore>,
}

/// A bundle that was taken in.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) id: BackupId,
    pub(super) sha256: String,
    pub(super) manifest: Manifest,
}

impl Imports {
    /// With these limits.
    pub(crate) fn new(config: &ImportsConfig) -> Self {
        let turns = config.at_once.get().min(Semaphore::MAX_PERMITS);
        Self { limits: config.limits, turns: Arc::new(Semaphore::new(turns)) }
    }

    /// Takes a bundle in.
    ///
    /// # Errors
    /// Refuses what is no bundle, or too large, and asks to come again while others are at it; fails
    /// if the storage does.
    pub(super) async fn take_in(
        &self,
        storage: &Storage,
        tenant: TenantId,
        payload: Payload,
    ) -> ApiResult<Upload> {
        let _turn = self.turns.try_acquire().map_err(busy)?;
        let limits = self.limits;
        let (file, sha256) = receive(payload, limits.bytes).await?;
        let read = tokio::task::spawn_blocking(move || {
            let mut bundle = Bundle::open(&file, &limits)?;
            bundle.verify()?;
            let manifest = bundle.manifest().clone();
            drop(bundle);
            Ok::<_, Refused>((file, manifest))
        });
        let (mut file, manifest) = read.await.map_err(ApiError::internal)?.map_err(refused)?;
        file.rewind().map_err(ApiError::internal)?;
        let id = BackupId::generate();
        let mut file = tokio::fs::File::from_std(file);
        storage.put_large(&upload_of(tenant, id), &mut file).await.map_err(storage_failed)?;
        Ok(Upload { id, sha256, manifest })
    }
}

fn busy(_: TryAcquireError) -> ApiError {
    ApiError::unavailable(
        "IMPORTS_BUSY",
        "as many bundles are being taken in as this program may at once; send yours again soon",
        BUSY_SECONDS,
    )
}

/// The whole body as a file; a bundle is never larger than what it unpacks to may be.
async fn receive(mut payload: Payload, limit: u64) -> ApiResult<(std::fs::File, String)> {
    let file = tempfile::tempfile().map_err(no_room)?;
    let mut file = tokio::fs::File::from_std(file);
    let mut seen = Checked::default();
    let silent = |_| ApiError::malformed("the upload stopped on its way; send it again");
    while let Some(piece) = timeout(SILENCE, payload.next()).await.map_err(silent)? {
        let piece = piece.map_err(|error| ApiError::malformed(format!("the upload: {error}")))?;
        seen.add(&piece);
        if seen.bytes() > limit {
            return Err(refused(Refused::TooLarge { limit }));
        }
        file.write_all(&piece).await.map_err(no_room)?;
    }
    file.flush().await.map_err(no_room)?;
    Ok((file.into_std().await, seen.sha256()))
}

/// A temporary file could not be written; the log says what to do about it.
fn no_room(error: std::io::Error) -> ApiError {
    ApiError::internal(WriteError::from(error))
}

/// The refusal of a bundle, with its reason in words.
pub(super) fn refused(refused: Refused) -> ApiError {
    if refused.is_of_the_machine() {
        return ApiError::internal(refused);
    }
    let status = actix_web::http::StatusCode::UNPROCESSABLE_ENTITY;
    ApiError::refused(status, "BUNDLE_REFUSED", refused.to_string())
}
