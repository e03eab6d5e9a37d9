//! How much a bundle may hold, and where it lies while it is made and unpacked.

use std::path::{Path, PathBuf};

use hotelhub_core::config::Reader;

/// More than a large hotel's years, and less than the disks of most machines.
const GIB: u64 = 20;
/// What deflates better than this was made to.
const RATIO: u64 = 100;
/// More than the schema's tables and a hotel's files by far.
const ENTRIES: u64 = 100_000;

/// How much a bundle may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all entries together, unpacked.
    pub bytes: u64,
    /// How many times its own size that may be.
    pub ratio: u64,
    /// Entries.
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: GIB << 30, ratio: RATIO, entries: ENTRIES }
    }
}

impl Limits {
    /// No limits, for a bundle that is proven to be one of our own: what a hotel has can be restored
    /// however much it is.
    #[must_use]
    pub const fn of_our_own() -> Self {
        Self { bytes: u64::MAX, ratio: u64::MAX, entries: u64::MAX }
    }

    /// Reads `BUNDLE_MAX_GIB`: how much a bundle that somebody brings may unpack to.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let gib = reader.or("BUNDLE_MAX_GIB", GIB)?;
        match gib.checked_mul(1 << 30) {
            Some(bytes) if bytes > 0 => Some(Self { bytes, ..Self::default() }),
            _ => reader.fault("BUNDLE_MAX_GIB", "is not between 1 and some billions"),
        }
    }
}

/// Reads `TEMP_FOLDER`: where bundles lie while they are made and unpacked; `Some(None)`: where the
/// system keeps such files.
pub fn read_temp_folder(reader: &mut Reader<'_>) -> Option<Option<PathBuf>> {
    let folder: Option<PathBuf> = reader.optional("TEMP_FOLDER")?;
    match folder {
        Some(folder) if !folder.is_dir() => {
            reader.fault("TEMP_FOLDER", format_args!("is `{}`: not a folder", folder.display()))
        }
        folder => Some(folder),
    }
}

/// Lets all temporary files of this process lie in `folder` from now on, if there is one.
pub fn keep_temporary_files_in(folder: Option<&Path>) {
    if let Some(folder) = folder {
        // Fails only for one who says it twice: the first word counts.
        drop(tempfile::env::override_temp_dir(folder));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(env: &BTreeMap<&str, &str>) -> Result<(Limits, Option<PathBuf>), String> {
        let mut reader = Reader::new(env);
        let limits = Limits::read(&mut reader);
        let folder = read_temp_folder(&mut reader);
        reader.finish(limits.zip(folder)).map_err(|it| it.to_string())
    }

    #[test]
    fn limits_have_usual_values_and_faults_are_named() {
        assert_eq!(read(&BTreeMap::new()).unwrap(), (Limits::default(), None));
        let env = BTreeMap::from([("BUNDLE_MAX_GIB", "2"), ("TEMP_FOLDER", "/")]);
        let (limits, folder) = read(&env).unwrap();
        assert_eq!((limits.bytes, folder), (2 << 30, Some(PathBuf::from("/"))));
        let env = BTreeMap::from([("BUNDLE_MAX_GIB", "0"), ("TEMP_FOLDER", "/not/there")]);
        let faults = read(&env).unwrap_err();
        assert!(faults.contains("BUNDLE_MAX_GIB") && faults.contains("/not/there"), "{faults}");
    }
}
