//! Object storage: a folder, or a bucket of S3, R2 or its like, behind the same few calls.
//!
//! An object is written whole or not at all, and every call ends in time. [`Storage::put`] says over
//! what it writes: where the storage can compare (S3 and its like), another writer's object is never
//! overwritten unseen. A folder cannot; its writers look again after a while. A folder that is taken away
//! is a storage that fails, and not an empty one.

mod address;
mod bucket;
pub mod certificates;
mod failure;
mod folder;
mod large;

use std::{future::Future, sync::Arc, time::SystemTime};

use object_store::{
    ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, UpdateVersion,
    local::LocalFileSystem, path::Path, prefix::PrefixStore,
};
use tokio::time::timeout;

use self::folder::Folder;
pub use self::{
    address::{Bucket, StorageConfig},
    bucket::Patience,
    failure::StorageError,
    large::Listed,
};

/// Which writing of an object it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp(Option<String>);

/// An object that was read.
#[derive(Clone, Debug)]
pub struct Object {
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Which writing it is.
    pub stamp: Stamp,
    /// When it was written, by the storage's clock.
    pub written_at: SystemTime,
}

/// What became of an object that was to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is there.
    Written(Stamp),
    /// Another writer came first; nothing was written.
    Overtaken,
}

/// A place for objects. Cheap to clone.
///
/// The name of an object is its path as it is, in parts between slashes; none is empty, `.` or `..`.
#[derive(Clone, Debug)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    /// The same place, reached with more patience.
    large: Arc<dyn ObjectStore>,
    /// If it is one.
    folder: Option<Folder>,
    patience: Patience,
}

impl Storage {
    /// Opens the place. A folder is made if it is not there, now and never later; a bucket is not asked
    /// for before the first call.
    ///
    /// # Errors
    /// Fails if the folder cannot be made or the bucket's address is of no use.
    pub fn open(config: &StorageConfig) -> Result<Self, StorageError> {
        Self::open_with(config, Patience::default())
    }

    /// By what a folder is known again, on any machine and in any other place; `None` for a bucket.
    #[must_use]
    pub fn mark(&self) -> Option<&str> {
        self.folder.as_ref().map(Folder::mark)
    }

    /// The same place, which is away as long as the mark that stands there is not this one.
    #[must_use]
    pub fn known_by(self, mark: String) -> Self {
        let folder = self.folder.map(|it| it.known_by(mark));
        Self { folder, ..self }
    }

    /// As [`Storage::open`], with another patience.
    ///
    /// # Errors
    /// As [`Storage::open`].
    pub fn open_with(config: &StorageConfig, patience: Patience) -> Result<Self, StorageError> {
        match config {
            StorageConfig::Folder(path) => {
                let failed = |source| StorageError::Folder { folder: path.clone(), source };
                let folder = Folder::open(path).map_err(failed)?;
                // What was written outlives the machine's crash, as in a bucket.
                let store = LocalFileSystem::new_with_prefix(folder.path())?.with_fsync(true);
                let store: Arc<dyn ObjectStore> = Arc::new(store);
                Ok(Self { store: store.clone(), large: store, folder: Some(folder), patience })
            }
            StorageConfig::Bucket(bucket) => {
                let below = |store| Arc::new(PrefixStore::new(store, &*bucket.prefix));
                let store = below(bucket::small(bucket, &patience)?);
                let large = below(bucket::large(bucket, &patience)?);
                Ok(Self { store, large, folder: None, patience })
            }
        }
    }

    /// Which writing of an object is there; `None` if there is no object.
    ///
    /// # Errors
    /// Fails if the storage does.
    pub async fn stamp(&self, name: &str) -> Result<Option<Stamp>, StorageError> {
        let found = self.in_time(self.store.head(&path(name)?)).await;
        Ok(if_found(found)?.map(|it| stamp_of(&it)))
    }

    /// The object with this name; `None` if there is none.
    ///
    /// # Errors
    /// Fails if the storage does.
    pub async fn get(&self, name: &str) -> Result<Option<Object>, StorageError> {
        let name = path(name)?;
        let reading = async {
            let found = self.store.get(&name).await?;
            let meta = found.meta.clone();
            Ok((found.bytes().await?, meta))
        };
        let found = if_found(self.in_time(reading).await)?;
        Ok(found.map(|(bytes, meta)| Object {
            bytes: bytes.into(),
            stamp: stamp_of(&meta),
            written_at: meta.last_modified.into(),
        }))
    }

    /// Writes an object over the writing that was `seen`; `None`: none was there.
    ///
    /// # Errors
    /// Fails if the storage does. The object may have been written all the same, but never half.
    pub async fn put(
        &self,
        name: &str,
        bytes: Vec<u8>,
        seen: Option<&Stamp>,
    ) -> Result<Put, StorageError> {
        let (name, payload) = (path(name)?, PutPayload::from(bytes));
        let mode = match seen {
            None => PutMode::Create,
            Some(Stamp(e_tag)) => {
                PutMode::Update(UpdateVersion { e_tag: e_tag.clone(), version: None })
            }
        };
        let put = async |mode| {
            let options = PutOptions::from(mode);
            self.in_time(self.store.put_opts(&name, payload.clone(), options)).await
        };
        let written = match put(mode).await {
            Err(StorageError::Store(
                object_store::Error::NotImplemented { .. }
                | object_store::Error::NotSupported { .. },
            )) => put(PutMode::Overwrite).await,
            other => other,
        };
        match written {
            Ok(written) => Ok(Put::Written(Stamp(written.e_tag))),
            Err(StorageError::Store(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            )) => Ok(Put::Overtaken),
            Err(error) => Err(error),
        }
    }

    async fn in_time<T>(
        &self,
        call: impl Future<Output = Result<T, object_store::Error>>,
    ) -> Result<T, StorageError> {
        self.in_place(async { Ok(timeout(self.patience.call, call).await??) }).await
    }

    /// Makes a call where the storage was opened: what another folder in its place says counts for
    /// nothing.
    async fn in_place<T>(
        &self,
        call: impl Future<Output = Result<T, StorageError>>,
    ) -> Result<T, StorageError> {
        self.find_folder().await?;
        let answer = call.await;
        self.find_folder().await?;
        answer
    }

    /// Finds the folder in its place. A bucket that is not there says so itself.
    async fn find_folder(&self) -> Result<(), StorageError> {
        match &self.folder {
            Some(folder) => timeout(self.patience.call, folder.find()).await?,
            None => Ok(()),
        }
    }
}

/// The path of an object. Nothing is encoded: what a list shows is what a call takes.
fn path(name: &str) -> Result<Path, StorageError> {
    Ok(Path::parse(name).map_err(object_store::Error::from)?)
}

fn if_found<T>(found: Result<T, StorageError>) -> Result<Option<T>, StorageError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(StorageError::Store(object_store::Error::NotFound { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}

fn stamp_of(meta: &ObjectMeta) -> Stamp {
    Stamp(meta.e_tag.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_keeps_the_last_object_of_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let config = StorageConfig::Folder(folder.path().join("not/yet/there"));
        let storage = Storage::open(&config).unwrap();
        assert_eq!(storage.stamp("routes").await.unwrap(), None);
        assert!(storage.get("routes").await.unwrap().is_none());

        let Put::Written(first) = storage.put("routes", b"one".to_vec(), None).await.unwrap()
        else {
            panic!("nobody else writes here");
        };
        assert_eq!(storage.stamp("routes").await.unwrap(), Some(first.clone()));
        let again = storage.put("routes", b"other".to_vec(), None).await.unwrap();
        assert_eq!(again, Put::Overtaken, "it said that there was none");
        storage.put("routes", b"second".to_vec(), Some(&first)).await.unwrap();

        let found = storage.get("routes").await.unwrap().unwrap();
        assert_eq!(found.bytes, b"second");
        assert_ne!(found.stamp, first);
    }
}
