//! Copies of the routes, for a replica that starts while the control plane is away: its own on disk,
//! and the one that the control plane publishes in object storage.
//!
//! Both are signed with the feed's token. One that is torn or comes from elsewhere is refused, and
//! the other one serves.

use std::{io::ErrorKind, path::PathBuf, time::SystemTime};

use hotelhub_core::{
    errors::Chain,
    route_copy::{self, RouteCopyError},
    routes::RoutePage,
};
use hotelhub_storage::{Storage, StorageError};
use secrecy::SecretString;
use tokio::task::{JoinError, spawn_blocking};

use crate::routes::Routes;

/// Why a copy is of no use, or was not written.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The copy on disk could not be read or written.
    #[error("read or write the copy of the routes at {path}")]
    Disk {
        /// Where the copy lies.
        path: PathBuf,
        /// What the machine said.
        source: std::io::Error,
    },
    /// The copy in object storage could not be read.
    #[error("read the copy of the routes in object storage")]
    Storage(#[from] StorageError),
    /// The copy is not believed.
    #[error(transparent)]
    Refused(#[from] RouteCopyError),
    /// The routes could not be written as JSON.
    #[error("write the routes down")]
    Json(#[from] serde_json::Error),
    /// The program stops, or a thread of it panicked.
    #[error("work beside the requests")]
    Beside(#[from] JoinError),
}

/// A copy that is believed.
pub(crate) struct RouteCopy {
    pub(crate) page: RoutePage,
    pub(crate) from: Source,
    pub(crate) written_at: SystemTime,
}

/// Where a copy was.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    Disk,
    Storage,
}

/// Where copies lie.
#[derive(Clone, Debug)]
pub(crate) struct Copies {
    pub(crate) file: PathBuf,
    pub(crate) storage: Option<Storage>,
    pub(crate) token: SecretString,
}

impl Copies {
    /// The copy to start with: the published one, or that on disk if it is of the same epoch and has
    /// come as far.
    pub(crate) async fn best(&self) -> Option<RouteCopy> {
        let (published, own) = futures_util::join!(
            self.believed(self.read_storage()),
            self.believed(self.read_disk())
        );
        match (published, own) {
            (Some(published), Some(own)) => {
                let (there, here) = (published.page.position, own.page.position);
                let is_own_newer = there.epoch == here.epoch && there.version <= here.version;
                Some(if is_own_newer { own } else { published })
            }
            (published, own) => published.or(own),
        }
    }

    async fn believed(
        &self,
        copy: impl Future<Output = Result<Option<RouteCopy>, CopyError>>,
    ) -> Option<RouteCopy> {
        copy.await.unwrap_or_else(|error| {
            tracing::error!(error = %Chain(&error), "a copy of the routes is of no use");
            None
        })
    }

    async fn read_storage(&self) -> Result<Option<RouteCopy>, CopyError> {
        let Some(storage) = &self.storage else { return Ok(None) };
        let Some(object) = storage.get(route_copy::OBJECT).await? else { return Ok(None) };
        self.opened(object.bytes, Source::Storage, object.written_at).await.map(Some)
    }

    async fn read_disk(&self) -> Result<Option<RouteCopy>, CopyError> {
        let disk = |source| CopyError::Disk { path: self.file.clone(), source };
        let bytes = match tokio::fs::read(&self.file).await {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(disk(source)),
        };
        let written_at = tokio::fs::metadata(&self.file).await.and_then(|it| it.modified());
        self.opened(bytes, Source::Disk, written_at.map_err(disk)?).await.map(Some)
    }

    async fn opened(
        &self,
        bytes: Vec<u8>,
        from: Source,
        written_at: SystemTime,
    ) -> Result<RouteCopy, CopyError> {
        let token = self.token.clone();
        let page = spawn_blocking(move || route_copy::open(&token, &bytes)).await??;
        Ok(RouteCopy { page, from, written_at })
    }

    /// Writes the copy on disk, once there is something to write.
    pub(crate) async fn write(&self, routes: &Routes) -> Result<(), CopyError> {
        let (path, token, routes) = (self.file.clone(), self.token.clone(), routes.clone());
        spawn_blocking(move || {
            let Some(page) = routes.snapshot()? else { return Ok(()) };
            let disk = |source| CopyError::Disk { path: path.clone(), source };
            // A reader sees the old copy or the new one, never half of it.
            let fresh = path.with_extension("new");
            std::fs::write(&fresh, route_copy::seal(&token, &page)).map_err(disk)?;
            std::fs::rename(&fresh, &path).map_err(disk)
        })
        .await?
    }
}
