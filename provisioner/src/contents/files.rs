//! A hotel's files beside its rows: out of a bundle into object storage, and into the hotel's place.
//!
//! They lie in a folder of the copy that they came with, until that serves: whatever becomes of it,
//! no file of the hotel's was touched before. Then each goes to where the hotel's files are, unless
//! there is one of its name, or one whose name is a part of its, which is the newer one and stays.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Seek as _, Write as _},
};

use hotelhub_bundle::{Bundle, WriteError};
use hotelhub_storage::Storage;

use super::dump::unnamed_file;
use crate::engine::StepError;

/// Writes the files of a bundle that was verified into `folder`, over what an earlier try has left
/// there.
pub(crate) async fn unpack(
    storage: &Storage,
    folder: &str,
    mut bundle: Bundle<File>,
) -> Result<Bundle<File>, StepError> {
    let files = bundle.manifest().files.clone();
    for file in files {
        let object = format!("{folder}/{}", file.kept_name());
        let read = tokio::task::spawn_blocking(move || {
            let mut content = unnamed_file()?;
            bundle.read_file(&file.name, |piece| Ok(content.write_all(piece)?))?;
            content.rewind().map_err(WriteError::from)?;
            Ok::<_, StepError>((bundle, content))
        });
        let gone = |_| StepError::NotYet("the program stops while a bundle is read".to_owned());
        let (whole, content) = read.await.map_err(gone)??;
        bundle = whole;
        storage.put_large(&object, &mut tokio::fs::File::from_std(content)).await?;
    }
    Ok(bundle)
}

/// Moves all files of `folder` to where the hotel's are; those that are there stay.
pub(crate) async fn take_over(
    storage: &Storage,
    folder: &str,
    hotels: &str,
) -> Result<(), StepError> {
    let brought = storage.list(folder).await?;
    if brought.is_empty() {
        return Ok(());
    }
    let present = storage.list(hotels).await?;
    let present: BTreeMap<String, u64> =
        present.into_iter().map(|it| (it.name, it.bytes)).collect();
    for file in brought {
        let Some(name) = file.name.strip_prefix(folder) else { continue };
        let target = format!("{hotels}{name}");
        let is_new = !stands_in_the_way(&present, &target)
            && storage.copy_if_absent(&file.name, &target).await?;
        if !is_new && present.get(&target) != Some(&file.bytes) {
            tracing::warn!(file = target, "a file that was restored gives way to a newer one");
        }
        // Killed in between, the next try finds it copied.
        storage.delete(&file.name).await?;
    }
    Ok(())
}

/// Whether a file is there where the name wants a folder, or a folder where it wants a file: no folder
/// has both.
fn stands_in_the_way(present: &BTreeMap<String, u64>, name: &str) -> bool {
    let below = format!("{name}/");
    let first_below = present.range(below.clone()..).next();
    first_below.is_some_and(|(it, _)| it.starts_with(&below))
        || name
            .match_indices('/')
            .any(|(at, _)| name.get(..at).is_some_and(|above| present.contains_key(above)))
}

/// Deletes all files of `folder`.
pub(crate) async fn discard(storage: &Storage, folder: &str) -> Result<(), StepError> {
    for file in storage.list(folder).await? {
        storage.delete(&file.name).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_stands_where_another_wants_a_folder() {
        let names = ["f/logo", "f/menu/dinner.pdf", "f/menus"];
        let present = names.map(|it| (it.to_owned(), 1)).into();
        for bad in ["f/logo/small.png", "f/menu", "f/logo/a/b"] {
            assert!(stands_in_the_way(&present, bad), "{bad}");
        }
        for good in ["f/logo", "f/logo.png", "f/menu/lunch.pdf", "f/men"] {
            assert!(!stands_in_the_way(&present, good), "{good}");
        }
    }
}
