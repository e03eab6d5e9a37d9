//! Why an object could not be read or written, and which of it somebody must make room for.

use std::{error::Error, io, path::PathBuf};

use tokio::time::error::Elapsed;

/// What storages that have no room say, by the status or the code of their answer.
const FULL: [&str; 5] =
    ["507 Insufficient Storage", "InsufficientStorage", "StorageFull", "QuotaExceeded", "DiskFull"];

/// What a folder says of names that it cannot have.
const NAME: [&str; 1] = ["Filenames containing trailing"];

/// Why an object could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The folder cannot be made, or has no mark and cannot be given one.
    #[error("make the folder {folder} (STORAGE_URL) and mark it")]
    Folder {
        /// Where objects are kept.
        folder: PathBuf,
        /// What the machine said.
        source: io::Error,
    },
    /// The folder is not the one that was opened: its disk is not mounted any more, or somebody deleted
    /// it. Nothing is known of any object in it.
    #[error(
        "the folder {folder} is not the one that objects are kept in: mount it again, or restart the \
         program with the right STORAGE_URL"
    )]
    Away {
        /// Where objects are kept.
        folder: PathBuf,
        /// What stands there instead.
        source: io::Error,
    },
    /// The storage has no room. Nothing of the object can be read.
    #[error(
        "object storage is full: give the place that STORAGE_URL names more room, \
         or delete there what is not HotelHub's"
    )]
    Full(#[source] object_store::Error),
    /// The storage cannot have an object of this name, now or later: one of its parts is too long, or a
    /// file stands where it wants a folder.
    #[error("object storage cannot keep an object of this name")]
    Name(#[source] object_store::Error),
    /// The storage failed or refused.
    #[error("read or write object storage")]
    Store(#[source] object_store::Error),
    /// The storage did not answer in time.
    #[error("object storage did not answer in time")]
    Slow(#[from] Elapsed),
    /// The storage fell silent in the middle of an object.
    #[error("object storage sent nothing for {0} s in the middle of an object")]
    Silent(u64),
    /// There is no room for what was read.
    #[error(
        "the folder for temporary files is full: make room there, or set TEMP_FOLDER to a larger one"
    )]
    TempFull(#[source] io::Error),
    /// What was to be written could not be read, or what was read could not be written.
    #[error("read or write a file for object storage")]
    File(#[source] io::Error),
}

impl From<object_store::Error> for StorageError {
    fn from(error: object_store::Error) -> Self {
        if says_full(&error) {
            Self::Full(error)
        } else if says_name(&error) {
            Self::Name(error)
        } else {
            Self::Store(error)
        }
    }
}

impl From<io::Error> for StorageError {
    fn from(error: io::Error) -> Self {
        if is_full(&error) { Self::TempFull(error) } else { Self::File(error) }
    }
}

/// Whether a disk, or what somebody may use of it, is full.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

fn is_of_a_name(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, IsADirectory, NotADirectory};
    matches!(error.kind(), InvalidFilename | IsADirectory | NotADirectory)
}

/// Whether the cause of it, however deep, is that there is no room.
fn says_full(error: &(dyn Error + 'static)) -> bool {
    says(error, is_full, &FULL)
}

/// Whether the cause of it, however deep, is the name.
fn says_name(error: &(dyn Error + 'static)) -> bool {
    says(error, is_of_a_name, &NAME)
}

fn says(error: &(dyn Error + 'static), is: fn(&io::Error) -> bool, texts: &[&str]) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if error.downcast_ref::<io::Error>().is_some_and(is)
            || texts.iter().any(|it| text.contains(it))
        {
            return true;
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_full_bucket_are_told_from_other_failures() {
        let of = |source: Box<dyn Error + Send + Sync>| {
            StorageError::from(object_store::Error::Generic { store: "any", source })
        };
        let disk = io::Error::from(io::ErrorKind::StorageFull);
        assert!(matches!(of(disk.into()), StorageError::Full(_)));
        let quota =
            "Server returned non-2xx status code: 403 Forbidden: <Code>QuotaExceeded</Code>";
        assert!(matches!(of(quota.into()), StorageError::Full(_)));
        assert!(matches!(of("507 Insufficient Storage".into()), StorageError::Full(_)));
        let file_above = io::Error::from(io::ErrorKind::NotADirectory);
        assert!(matches!(of(file_above.into()), StorageError::Name(_)));
        let away = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert!(matches!(of(away.into()), StorageError::Store(_)));
        let here = StorageError::from(io::Error::from(io::ErrorKind::StorageFull));
        assert!(here.to_string().contains("TEMP_FOLDER"), "{here}");
    }
}
