//! Objects that are too large to be held in memory: written and read in parts, listed and deleted.
//!
//! A large object appears when its last part is there, and not before. A writer that died leaves
//! parts that nobody can read: [`Storage::sweep_unfinished`] takes them out of a folder; a bucket has
//! a rule of its own for that (abort incomplete multipart uploads after a day).

use std::{
    path::{Path as FilePath, PathBuf},
    time::{Duration, SystemTime},
};

use futures_util::{Stream, StreamExt as _, stream};
use object_store::{
    CopyMode, CopyOptions, GetResult, ObjectStore as _, ObjectStoreExt as _, PutPayload,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use crate::{Storage, StorageError, if_found, path};

/// S3 takes ten thousand parts at most, so this is the largest object's 160 GB.
const PART: usize = 16 * 1024 * 1024;

/// An object, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was written, by the storage's clock.
    pub written_at: SystemTime,
}

impl Storage {
    /// Writes all that is left of `from` as an object, over one that may be there.
    ///
    /// # Errors
    /// Fails if the storage does, e.g. because it is full. Then nothing of it can be read, and what
    /// was there before still stands.
    pub async fn put_large(
        &self,
        name: &str,
        from: &mut tokio::fs::File,
    ) -> Result<(), StorageError> {
        let (name, limit) = (path(name)?, self.patience.part);
        let first = read_part(from).await?;
        if first.len() < PART {
            let put = self.large.put(&name, PutPayload::from(first));
            self.in_place(async { Ok(timeout(limit, put).await??) }).await?;
            return Ok(());
        }
        let mut upload = self.in_time(self.large.put_multipart(&name)).await?;
        let written = async {
            let mut part = first;
            while !part.is_empty() {
                timeout(limit, upload.put_part(PutPayload::from(part))).await??;
                part = read_part(from).await?;
            }
            timeout(self.patience.completion, upload.complete()).await??;
            Ok(())
        };
        let written = self.in_place(written).await;
        if written.is_err() {
            // The parts cost room until the storage forgets them; the first error says more.
            if let Err(error) = self.in_time(upload.abort()).await {
                tracing::debug!(%error, "an upload that failed could not be aborted");
            }
        }
        written
    }

    /// Writes an object into `to`; `false` if there is none.
    ///
    /// # Errors
    /// Fails if the storage does, or the file cannot be written.
    pub async fn get_large(
        &self,
        name: &str,
        to: &mut tokio::fs::File,
    ) -> Result<bool, StorageError> {
        let Some(found) = self.begin(name).await? else { return Ok(false) };
        let mut pieces = std::pin::pin!(self.pieces(found));
        while let Some(piece) = pieces.next().await {
            to.write_all(&piece?).await?;
        }
        to.flush().await?;
        Ok(true)
    }

    /// The object in pieces, with its size; `None` if there is none.
    ///
    /// # Errors
    /// Fails if the storage does; a piece fails likewise.
    pub async fn stream(
        &self,
        name: &str,
    ) -> Result<
        Option<(u64, impl Stream<Item = Result<Vec<u8>, StorageError>> + use<>)>,
        StorageError,
    > {
        let found = self.begin(name).await?;
        Ok(found.map(|found| (found.meta.size, self.pieces(found))))
    }

    async fn begin(&self, name: &str) -> Result<Option<GetResult>, StorageError> {
        if_found(self.in_time(self.large.get(&path(name)?)).await)
    }

    /// The pieces of an object, as long as they come.
    fn pieces(
        &self,
        found: GetResult,
    ) -> impl Stream<Item = Result<Vec<u8>, StorageError>> + use<> {
        let silence = self.patience.silence;
        stream::try_unfold(found.into_stream(), move |mut pieces| async move {
            let next = timeout(silence, pieces.next()).await;
            match next.map_err(|_elapsed| StorageError::Silent(silence.as_secs()))? {
                Some(piece) => Ok(Some((Vec::from(piece?), pieces))),
                None => Ok(None),
            }
        })
    }

    /// Copies an object within the storage, unless there is one of the other name; `false` if there
    /// is. A bucket that cannot compare is asked first.
    ///
    /// # Errors
    /// Fails if the storage does, or if there is nothing to copy.
    pub async fn copy_if_absent(&self, from: &str, to: &str) -> Result<bool, StorageError> {
        let limit = self.patience.part;
        let (source, target) = (path(from)?, path(to)?);
        let create = CopyOptions::new().with_mode(CopyMode::Create);
        let copy = self.large.copy_opts(&source, &target, create);
        let copied = self.in_place(async { Ok(timeout(limit, copy).await?) }).await?;
        match copied {
            Ok(()) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(
                object_store::Error::NotImplemented { .. }
                | object_store::Error::NotSupported { .. },
            ) => {
                if self.stamp(to).await?.is_some() {
                    return Ok(false);
                }
                let copy = self.large.copy(&source, &target);
                self.in_place(async { Ok(timeout(limit, copy).await??) }).await?;
                Ok(true)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes an object; also one that is not there.
    ///
    /// # Errors
    /// Fails if the storage does.
    pub async fn delete(&self, name: &str) -> Result<(), StorageError> {
        if_found(self.in_time(self.store.delete(&path(name)?)).await).map(drop)
    }

    /// All objects below a folder, in no order.
    ///
    /// # Errors
    /// Fails if the storage does.
    pub async fn list(&self, below: &str) -> Result<Vec<Listed>, StorageError> {
        let below = path(below)?;
        let list = async {
            let mut metas = self.store.list(Some(&below));
            let mut found = Vec::new();
            while let Some(meta) = timeout(self.patience.call, metas.next()).await? {
                let meta = meta?;
                found.push(Listed {
                    name: meta.location.to_string(),
                    bytes: meta.size,
                    written_at: meta.last_modified.into(),
                });
            }
            Ok(found)
        };
        self.in_place(list).await
    }

    /// Takes out of a folder what writers left behind that died more than `age` ago, of objects whose
    /// names begin with the segments `below`; how many. A bucket does this by itself.
    ///
    /// # Errors
    /// Fails if the folder cannot be read.
    pub async fn sweep_unfinished(
        &self,
        below: &str,
        age: Duration,
    ) -> Result<usize, StorageError> {
        let Some(folder) = &self.folder else { return Ok(0) };
        let before = SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
        self.in_place(sweep(folder.path().join(below), before)).await
    }
}

/// Deletes what was begun below a folder, and written to last before then; how many.
async fn sweep(folder: PathBuf, before: SystemTime) -> Result<usize, StorageError> {
    if !tokio::fs::try_exists(&folder).await? {
        return Ok(0);
    }
    let mut folders = vec![folder];
    let mut swept = 0;
    while let Some(folder) = folders.pop() {
        let mut entries = tokio::fs::read_dir(&folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            let (path, kind) = (entry.path(), entry.file_type().await?);
            if kind.is_dir() {
                folders.push(path);
            } else if is_unfinished(&path) && entry.metadata().await?.modified()? < before {
                tokio::fs::remove_file(&path).await?;
                swept += 1;
            }
        }
    }
    Ok(swept)
}

/// A full part, or what is left.
async fn read_part(from: &mut tokio::fs::File) -> Result<Vec<u8>, StorageError> {
    let mut part = Vec::new();
    let limit = u64::try_from(PART).unwrap_or(u64::MAX);
    from.take(limit).read_to_end(&mut part).await?;
    Ok(part)
}

/// A file is written under its name, `#` and a number, and takes its name when it is whole.
fn is_unfinished(path: &FilePath) -> bool {
    let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
    let number = name.rsplit_once('#').map(|(_, number)| number);
    number.is_some_and(|it| !it.is_empty() && it.chars().all(|it| it.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::StorageConfig;

    fn open(folder: &tempfile::TempDir) -> Storage {
        Storage::open(&StorageConfig::Folder(folder.path().to_owned())).unwrap()
    }

    fn file_of(bytes: &[u8]) -> tokio::fs::File {
        use std::io::Seek as _;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        tokio::fs::File::from_std(file)
    }

    #[tokio::test]
    async fn what_is_larger_than_a_part_comes_back_whole() {
        use tokio::io::AsyncSeekExt as _;
        let folder = tempfile::tempdir().unwrap();
        let storage = open(&folder);
        for size in [0, 10, PART, PART + 1, 2 * PART + 7] {
            let bytes: Vec<u8> = (0..size).map(|it| u8::try_from(it % 251).unwrap()).collect();
            storage.put_large("a/b.zip", &mut file_of(&bytes)).await.unwrap();
            let mut back = file_of(b"");
            assert!(storage.get_large("a/b.zip", &mut back).await.unwrap());
            back.rewind().await.unwrap();
            let mut read = Vec::new();
            back.read_to_end(&mut read).await.unwrap();
            assert!(read == bytes, "{size}");
            assert_eq!(storage.list("a").await.unwrap().len(), 1);
        }
        storage.delete("a/b.zip").await.unwrap();
        storage.delete("a/b.zip").await.unwrap();
        assert!(storage.list("a").await.unwrap().is_empty());
        assert!(!storage.get_large("a/b.zip", &mut file_of(b"")).await.unwrap());
    }

    #[tokio::test]
    async fn a_name_is_the_same_in_every_call() {
        let folder = tempfile::tempdir().unwrap();
        let storage = open(&folder);
        let name = "a/caf\u{e9} ~1 100%25.png";
        storage.put_large(name, &mut file_of(b"one")).await.unwrap();
        assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), b"one");
        let listed = storage.list("a").await.unwrap();
        assert_eq!(listed[0].name, name);
        let copy = "b/caf\u{e9} ~1.png";
        assert!(storage.copy_if_absent(&listed[0].name, copy).await.unwrap());
        storage.put_large(name, &mut file_of(b"two")).await.unwrap();
        assert!(!storage.copy_if_absent(name, copy).await.unwrap(), "it is there already");
        assert_eq!(std::fs::read(folder.path().join(copy)).unwrap(), b"one");
        storage.delete(&listed[0].name).await.unwrap();
        assert!(storage.list("a").await.unwrap().is_empty());
        for odd in ["a//b", "a/../b"] {
            assert!(storage.delete(odd).await.is_err(), "{odd}");
        }
    }

    #[tokio::test]
    async fn what_a_dead_writer_left_is_swept_and_never_listed() {
        let folder = tempfile::tempdir().unwrap();
        let storage = open(&folder);
        storage.put_large("a/b.zip", &mut file_of(b"whole")).await.unwrap();
        std::fs::write(folder.path().join("a/c.zip#1"), b"half").unwrap();
        assert_eq!(storage.list("a").await.unwrap().len(), 1);
        assert_eq!(storage.sweep_unfinished("", Duration::from_secs(3600)).await.unwrap(), 0);
        assert_eq!(storage.sweep_unfinished("", Duration::ZERO).await.unwrap(), 1);
        assert_eq!(storage.list("a").await.unwrap().len(), 1);
    }
}
