//! Takes a bundle in from a client, piece by piece, and puts it into object storage.
//!
//! It lies in a file without a name until it is whole and says of itself what it should: whoever
//! breaks off, or brings something else, leaves nothing behind.

use std::{io::Seek as _, time::Duration};

use actix_web::web::Payload;
use futures_util::StreamExt as _;
use hotelhub_bundle::{Bundle, Checked, Limits, Manifest, Refused};
use hotelhub_core::ids::{BackupId, TenantId};
use hotelhub_http::error::{ApiError, ApiResult};
use hotelhub_storage::Storage;
use tokio::{io::AsyncWriteExt as _, time::timeout};

use super::{bundle_routes::storage_failed, upload_of};

/// A client that says nothing for so long has gone.
const SILENCE: Duration = Duration::from_secs(30);
/// Greater than the bundle of any hotel.
const LIMIT: u64 = 32 << 30;

/// A bundle that was taken in.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) id: BackupId,
    pub(super) sha256: String,
    pub(super) manifest: Manifest,
}

/// Takes a bundle in.
///
/// # Errors
/// Refuses what is no bundle, or too large; fails if the storage does.
pub(super) async fn take_in(
    storage: &Storage,
    tenant: TenantId,
    payload: Payload,
) -> ApiResult<Upload> {
    let (file, sha256) = receive(payload).await?;
    let read = tokio::task::spawn_blocking(move || {
        let mut bundle = Bundle::open(&file, &Limits::default())?;
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

async fn receive(mut payload: Payload) -> ApiResult<(std::fs::File, String)> {
    let file = tempfile::tempfile().map_err(ApiError::internal)?;
    let mut file = tokio::fs::File::from_std(file);
    let mut seen = Checked::default();
    let silent = |_| ApiError::malformed("the upload stopped on its way; send it again");
    while let Some(piece) = timeout(SILENCE, payload.next()).await.map_err(silent)? {
        let piece = piece.map_err(|error| ApiError::malformed(format!("the upload: {error}")))?;
        seen.add(&piece);
        if seen.bytes() > LIMIT {
            return Err(refused(Refused::TooLarge { limit: LIMIT }));
        }
        file.write_all(&piece).await.map_err(ApiError::internal)?;
    }
    file.flush().await.map_err(ApiError::internal)?;
    Ok((file.into_std().await, seen.sha256()))
}

/// The refusal of a bundle, with its reason in words.
pub(super) fn refused(refused: Refused) -> ApiError {
    if refused.is_of_the_machine() {
        return ApiError::internal(refused);
    }
    let status = actix_web::http::StatusCode::UNPROCESSABLE_ENTITY;
    ApiError::refused(status, "BUNDLE_REFUSED", refused.to_string())
}
