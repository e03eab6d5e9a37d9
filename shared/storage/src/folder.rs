//! The folder that holds all objects, and the mark by which it is known again.
//!
//! A disk that is not mounted any more leaves an empty folder behind or none, and whoever writes a file
//! makes the folders above it. So the folder is made, and marked with a file of its own, only where a
//! program opens it; a call counts only if the mark stands there before it and after it. What another
//! folder does not have is not lost, and what was written there is not kept.

use std::{
    fs,
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use hotelhub_core::keys::random_bytes;

use crate::StorageError;

/// What the mark is called.
const MARK: &str = ".hotelhub-storage";

/// A folder that was opened.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// What the mark says: no other folder's does.
    mark: String,
}

impl Folder {
    /// Opens the folder; makes and marks it if nobody has yet.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        // Where a link leads later on is another folder.
        let path = fs::canonicalize(path)?;
        let mark = find_or_leave_mark(&path)?;
        Ok(Self { path, mark })
    }

    pub(crate) fn mark(&self) -> &str {
        &self.mark
    }

    /// The same place, which is the right one only if its mark says this.
    pub(crate) fn known_by(self, mark: String) -> Self {
        Self { mark, ..self }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Finds the folder where it was when it was opened.
    pub(crate) async fn find(&self) -> Result<(), StorageError> {
        let source = match tokio::fs::read_to_string(self.path.join(MARK)).await {
            Ok(mark) if mark == self.mark => return Ok(()),
            Ok(_) => io::Error::other("another folder stands there"),
            Err(error) => error,
        };
        Err(StorageError::Away { folder: self.path.clone(), source })
    }
}

/// The mark of the folder. Of those who find none at the same time, one leaves it.
fn find_or_leave_mark(folder: &Path) -> io::Result<String> {
    let mark = folder.join(MARK);
    match fs::read_to_string(&mark) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Ok(empty) if empty.is_empty() => {
            let what =
                format!("{MARK} in it is empty: bring the one that belongs there, or delete it");
            return Err(io::Error::other(what));
        }
        found => return found,
    }
    let own = u128::from_ne_bytes(random_bytes()).to_string();
    // Named as an object that is not whole yet: if we die here, it is swept as one.
    let begun = folder.join(format!("{MARK}#{own}"));
    let mut file = fs::File::create_new(&begun)?;
    file.write_all(own.as_bytes())?;
    file.sync_all()?;
    let left = fs::hard_link(&begun, &mark);
    fs::remove_file(&begun)?;
    match left {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => fs::read_to_string(&mark),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Storage, StorageConfig};

    fn open(root: &Path) -> Storage {
        Storage::open(&StorageConfig::Folder(root.to_owned())).unwrap()
    }

    fn file() -> tokio::fs::File {
        tokio::fs::File::from_std(tempfile::tempfile().unwrap())
    }

    /// Asks for everything that a storage does.
    async fn ask_for_all(storage: &Storage) -> Vec<Result<(), StorageError>> {
        vec![
            storage.stamp("a/b").await.map(drop),
            storage.get("a/b").await.map(drop),
            storage.put("a/c", b"new".to_vec(), None).await.map(drop),
            storage.put_large("a/d", &mut file()).await,
            storage.get_large("a/b", &mut file()).await.map(drop),
            storage.stream("a/b").await.map(drop),
            storage.copy_if_absent("a/b", "e/f").await.map(drop),
            storage.delete("a/b").await,
            storage.list("a").await.map(drop),
            storage.sweep_unfinished("", Duration::ZERO).await.map(drop),
        ]
    }

    async fn assert_away(storage: &Storage, root: &Path) {
        for (number, asked) in ask_for_all(storage).await.into_iter().enumerate() {
            let away = asked.unwrap_err();
            assert!(matches!(away, StorageError::Away { .. }), "{number}: {away}");
            let text = away.to_string();
            assert!(text.contains(root.to_str().unwrap()), "{text}");
            assert!(text.contains("mount it again") && text.contains("STORAGE_URL"), "{text}");
        }
    }

    #[tokio::test]
    async fn a_folder_that_is_taken_away_has_lost_nothing_and_is_not_made_anew() {
        let home = tempfile::tempdir().unwrap();
        let (root, elsewhere) = (home.path().join("objects"), home.path().join("elsewhere"));
        let storage = open(&root);
        storage.put("a/b", b"one".to_vec(), None).await.unwrap();

        fs::rename(&root, &elsewhere).unwrap();
        assert_away(&storage, &root).await;
        assert!(!root.exists(), "nobody makes it anew");

        // Where a disk was mounted, an empty folder is left.
        fs::create_dir(&root).unwrap();
        assert_away(&storage, &root).await;
        assert_eq!(fs::read_dir(&root).unwrap().count(), 0, "nothing is written there");

        // Another program may have taken that for its own.
        let other = open(&root);
        assert_away(&storage, &root).await;
        assert!(other.get("a/b").await.unwrap().is_none());

        fs::remove_dir_all(&root).unwrap();
        fs::rename(&elsewhere, &root).unwrap();
        assert_eq!(storage.get("a/b").await.unwrap().unwrap().bytes, b"one");
        assert_away(&other, &root).await;
        for asked in ask_for_all(&open(&root)).await {
            asked.unwrap();
        }
    }

    #[tokio::test]
    async fn those_who_open_a_new_folder_at_once_share_it() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("objects");
        let open = || open(&root);
        let opened: Vec<Storage> = std::thread::scope(|scope| {
            let begun: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            begun.into_iter().map(|it| it.join().unwrap()).collect()
        });
        for (number, storage) in opened.iter().enumerate() {
            storage.put(&number.to_string(), b"one".to_vec(), None).await.unwrap();
        }
        assert_eq!(fs::read_dir(&root).unwrap().count(), 9, "all objects, and one mark");
    }
}
