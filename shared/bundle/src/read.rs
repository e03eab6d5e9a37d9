//! Reads a bundle that may come from anybody.

use std::{
    collections::HashSet,
    io::{Read, Seek, SeekFrom},
};

use zip::{
    ZipArchive,
    read::{ArchiveOffset, Config, ZipFile},
};

use crate::{Checked, Limits, Manifest, Refused, directory, manifest::Promised, names};

const PIECE: usize = 64 * 1024;
/// The manifest of the largest bundle that has so many entries.
pub(crate) const MANIFEST_BYTES: u64 = 64 * 1024 * 1024;
const README_BYTES: u64 = 1024 * 1024;
/// Small bundles are mostly headers, and rows of zeros deflate well.
const ALWAYS: u64 = 16 * 1024 * 1024;

/// A bundle that was opened: its manifest is read, and the archive has just the entries that this
/// names. What they hold is not proven before [`Bundle::verify`].
pub struct Bundle<R> {
    archive: ZipArchive<R>,
    manifest: Manifest,
}

impl<R> std::fmt::Debug for Bundle<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bundle").field("manifest", &self.manifest).finish_non_exhaustive()
    }
}

impl<R: Read + Seek> Bundle<R> {
    /// Opens a bundle.
    ///
    /// # Errors
    /// Refuses what no writer of ours makes, and what goes over the limits.
    pub fn open(mut from: R, limits: &Limits) -> Result<Self, Refused> {
        let size = from.seek(SeekFrom::End(0))?;
        let is_too_many = |entries: u64| entries > limits.entries;
        let too_many = || Refused::TooMany { limit: limits.entries };
        if is_too_many(directory::claimed_entries(&mut from)?) {
            return Err(too_many());
        }
        from.rewind()?;
        let whole = Config { archive_offset: ArchiveOffset::Known(0) };
        let mut archive = ZipArchive::with_config(whole, from).map_err(Refused::of_archive)?;
        if is_too_many(u64::try_from(archive.len()).unwrap_or(u64::MAX)) {
            return Err(too_many());
        }
        if archive.has_duplicate_names() {
            return Err(Refused::Twice("…".to_owned()));
        }
        if archive.has_overlapping_files().map_err(Refused::of_archive)? {
            return Err(Refused::Bomb { ratio: limits.ratio });
        }
        let manifest = read_manifest(&mut archive, limits)?;
        let unpacked: u64 = manifest.entries().map(|it| it.bytes).fold(0, u64::saturating_add);
        if unpacked > ALWAYS.max(size.saturating_mul(limits.ratio)) {
            return Err(Refused::Bomb { ratio: limits.ratio });
        }
        let mut bundle = Self { archive, manifest };
        bundle.require_named()?;
        Ok(bundle)
    }

    /// What it says of itself.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Reads everything once and compares it with the manifest.
    ///
    /// # Errors
    /// Refuses what is not as the manifest says.
    pub fn verify(&mut self) -> Result<(), Refused> {
        for promised in self.manifest.entries().collect::<Vec<_>>() {
            self.read_entry(&promised, |_| Ok(()))?;
        }
        Ok(())
    }

    /// Hands out a table's CSV, piece by piece, and compares it at the end.
    ///
    /// # Errors
    /// Fails as `take` does, and refuses what is not as the manifest says: what was taken until then
    /// is to be thrown away.
    pub fn read_table(
        &mut self,
        name: &str,
        take: impl FnMut(&[u8]) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let entry = names::of_table(name);
        self.read_promised(&entry, take)
    }

    /// Hands out a file, piece by piece, and compares it at the end.
    ///
    /// # Errors
    /// As [`Bundle::read_table`].
    pub fn read_file(
        &mut self,
        name: &str,
        take: impl FnMut(&[u8]) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let entry = names::of_file(name);
        self.read_promised(&entry, take)
    }

    fn read_promised(
        &mut self,
        entry: &str,
        take: impl FnMut(&[u8]) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let promised = self.manifest.entries().find(|it| it.name == entry);
        let promised = promised.ok_or_else(|| Refused::Missing(entry.to_owned()))?;
        self.read_entry(&promised, take)
    }

    /// Never reads more than was promised: what comes after it is a lie in any case.
    fn read_entry(
        &mut self,
        promised: &Promised,
        mut take: impl FnMut(&[u8]) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let changed = || Refused::Changed(promised.name.clone());
        let entry = self.archive.by_name(&promised.name).map_err(Refused::of_archive)?;
        let mut entry = entry.take(promised.bytes.saturating_add(1));
        let mut seen = Checked::default();
        let mut piece = vec![0; PIECE];
        loop {
            let read = match entry.read(&mut piece) {
                Ok(read) => read,
                Err(error) => {
                    let of_reading = Refused::of_reading(error);
                    return Err(if of_reading.is_of_the_machine() {
                        of_reading
                    } else {
                        changed()
                    });
                }
            };
            let Some(piece) = piece.get(..read).filter(|it| !it.is_empty()) else { break };
            seen.add(piece);
            if seen.bytes() > promised.bytes {
                return Err(changed());
            }
            take(piece)?;
        }
        let is_same = seen.bytes() == promised.bytes && seen.sha256() == promised.sha256;
        if is_same { Ok(()) } else { Err(changed()) }
    }

    /// The archive has the entries of the manifest, all of them and no others, and each is a plain
    /// file.
    fn require_named(&mut self) -> Result<(), Refused> {
        let mut missing: HashSet<String> = self.manifest.entries().map(|it| it.name).collect();
        for index in 0..self.archive.len() {
            let entry = self.archive.by_index_raw(index).map_err(Refused::of_archive)?;
            let name = name_of(&entry)?;
            if !is_plain(&entry) {
                return Err(Refused::NotPlain(told(&name)));
            }
            if !missing.remove(&name) && !matches!(&*name, names::MANIFEST | names::README) {
                return Err(Refused::Unnamed(told(&name)));
            }
            if name == names::README && entry.size() > README_BYTES {
                return Err(Refused::Unnamed(told(&name)));
            }
        }
        match missing.into_iter().next() {
            Some(name) => Err(Refused::Missing(name)),
            None => Ok(()),
        }
    }
}

fn read_manifest<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    limits: &Limits,
) -> Result<Manifest, Refused> {
    let Some(index) = archive.index_for_name(names::MANIFEST) else {
        return Err(Refused::NoManifest);
    };
    let entry = archive.by_index(index).map_err(Refused::of_archive)?;
    let mut json = Vec::new();
    let read = entry.take(MANIFEST_BYTES + 1).read_to_end(&mut json);
    let read = read.map_err(Refused::of_reading)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > MANIFEST_BYTES {
        return Err(Refused::TooLarge { limit: MANIFEST_BYTES });
    }
    Manifest::read(&json, limits)
}

fn name_of<R: Read>(entry: &ZipFile<'_, R>) -> Result<String, Refused> {
    Ok(entry.name().map_err(Refused::of_archive)?.into_owned())
}

/// As much of an entry's name as a message has room for.
fn told(name: &str) -> String {
    name.chars().take(600).collect()
}

fn is_plain<R: Read>(entry: &ZipFile<'_, R>) -> bool {
    entry.is_file() && !entry.is_symlink() && !entry.encrypted()
}
