//! Object storage: a folder, or a bucket of S3, R2 or its like, behind the same few calls.
//!
//! An object is written whole or not at all, and every call ends in time. [`Storage::put`] says over
//! what it writes: where the storage can compare (S3 and its like), another writer's object is never
//! overwritten unseen. A folder cannot; its writers look again after a while.

mod address;
pub mod certificates;
mod large;

use std::{
    future::Future,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use object_store::{
    ClientOptions, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload,
    RetryConfig, UpdateVersion, aws::AmazonS3Builder, local::LocalFileSystem, path::Path,
    prefix::PrefixStore,
};
use secrecy::ExposeSecret as _;
use tokio::time::{error::Elapsed, timeout};

pub use self::{
    address::{Bucket, StorageConfig},
    large::Listed,
};

/// Longest time of one call, retries included.
const CALL: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(3);
const ATTEMPT: Duration = Duration::from_secs(8);

/// Why an object could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The folder cannot be made.
    #[error("make the folder {folder} (STORAGE_URL)")]
    Folder {
        /// Where objects are kept.
        folder: PathBuf,
        /// What the machine said.
        source: std::io::Error,
    },
    /// The storage failed or refused.
    #[error("read or write object storage")]
    Store(#[from] object_store::Error),
    /// The storage did not answer in time.
    #[error("object storage did not answer in time")]
    Slow(#[from] Elapsed),
    /// What was to be written could not be read, or what was read could not be written.
    #[error("read or write a file for object storage")]
    File(#[from] std::io::Error),
}

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
#[derive(Clone, Debug)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    /// If it is one.
    folder: Option<PathBuf>,
}

impl Storage {
    /// Opens the place. A bucket is not asked for before the first call.
    ///
    /// # Errors
    /// Fails if the folder cannot be made or the bucket's address is of no use.
    pub fn open(config: &StorageConfig) -> Result<Self, StorageError> {
        let folder = match config {
            StorageConfig::Folder(folder) => Some(folder.clone()),
            StorageConfig::Bucket(_) => None,
        };
        let store: Arc<dyn ObjectStore> = match config {
            StorageConfig::Folder(folder) => {
                let failed = |source| StorageError::Folder { folder: folder.clone(), source };
                std::fs::create_dir_all(folder).map_err(failed)?;
                // What was written outlives the machine's crash, as in a bucket.
                Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true))
            }
            StorageConfig::Bucket(bucket) => {
                Arc::new(PrefixStore::new(s3(bucket)?.build()?, &*bucket.prefix))
            }
        };
        Ok(Self { store, folder })
    }

    /// Which writing of an object is there; `None` if there is no object.
    ///
    /// # Errors
    /// Fails if the storage does.
    pub async fn stamp(&self, name: &str) -> Result<Option<Stamp>, StorageError> {
        let found = in_time(self.store.head(&Path::from(name))).await;
        Ok(if_found(found)?.map(|it| stamp_of(&it)))
    }

    /// The object with this name; `None` if there is none.
    ///
    /// # Errors
    /// Fails if the storage does.
    pub async fn get(&self, name: &str) -> Result<Option<Object>, StorageError> {
        let name = Path::from(name);
        let reading = async {
            let found = self.store.get(&name).await?;
            let meta = found.meta.clone();
            Ok((found.bytes().await?, meta))
        };
        let found = if_found(in_time(reading).await)?;
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
        let payload = PutPayload::from(bytes);
        let mode = match seen {
            None => PutMode::Create,
            Some(Stamp(e_tag)) => {
                PutMode::Update(UpdateVersion { e_tag: e_tag.clone(), version: None })
            }
        };
        let put = async |mode| {
            let options = PutOptions::from(mode);
            in_time(self.store.put_opts(&Path::from(name), payload.clone(), options)).await
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
}

fn s3(bucket: &Bucket) -> Result<AmazonS3Builder, StorageError> {
    let allow_http = bucket.endpoint.as_ref().is_some_and(|it| it.scheme() == "http");
    let options = ClientOptions::new()
        .with_connect_timeout(CONNECT)
        .with_timeout(ATTEMPT)
        .with_allow_http(allow_http);
    let retry = RetryConfig { max_retries: 2, retry_timeout: CALL, ..RetryConfig::default() };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_access_key_id(bucket.access_key_id.expose_secret())
        .with_secret_access_key(bucket.secret_access_key.expose_secret())
        .with_client_options(options)
        .with_retry(retry);
    if let Some(token) = &bucket.session_token {
        builder = builder.with_token(token.expose_secret());
    }
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
    }
    Ok(builder)
}

async fn in_time<T>(
    call: impl Future<Output = Result<T, object_store::Error>>,
) -> Result<T, StorageError> {
    Ok(timeout(CALL, call).await??)
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
