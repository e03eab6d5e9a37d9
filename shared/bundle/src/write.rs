//! Makes a bundle, entry by entry.

use std::io::{self, Read, Seek, Write};

use aws_lc_rs::digest::{Context, SHA256};
use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

use crate::{FileEntry, Manifest, TableEntry, names, read::MANIFEST_BYTES};

/// Rows of hotels shrink to a seventh with little work; twice the work makes it an eighth.
const LEVEL: i64 = 2;
const PIECE: usize = 64 * 1024;

const README: &str = "\
HotelHub bundle

Semua data hotel Anda dalam format terbuka. / All of your hotel's data in an open format.

data/*.csv     satu berkas per tabel (CSV, UTF-8, waktu dalam UTC)
               one file per table (CSV, UTF-8, instants in UTC);
               an empty value without quotes is NULL, \"\" is an empty text
files/         berkas yang Anda unggah / files that you uploaded
manifest.json  isi, jumlah baris dan SHA-256 / contents, row counts and SHA-256

`hotelhub tenant import` memuat berkas ini ke pemasangan HotelHub lain.
`hotelhub tenant import` loads this file into another HotelHub installation.
";

/// A bundle could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// There is no room for it.
    #[error(
        "the folder for temporary files is full: make room there, or set TEMP_FOLDER to a larger one"
    )]
    Full(#[source] io::Error),
    /// The archive failed.
    #[error("write the bundle")]
    Archive(#[source] ZipError),
    /// The disk failed.
    #[error("write the bundle to disk")]
    Io(#[source] io::Error),
    /// The manifest could not be made into JSON.
    #[error("write the manifest")]
    Manifest(#[from] serde_json::Error),
    /// No reader would take an entry of this name.
    #[error("no bundle can have an entry of the name {0:?}: rename it or remove it")]
    BadName(String),
    /// No reader would take so long a manifest.
    #[error(
        "the manifest would have {bytes} bytes, and readers take {limit}: the hotel has too \
         many files for one bundle ({files})"
    )]
    TooMany {
        /// Bytes of the manifest.
        bytes: u64,
        /// The most that a reader takes.
        limit: u64,
        /// The hotel's files.
        files: usize,
    },
}

impl WriteError {
    /// Whether writing it again may end otherwise.
    #[must_use]
    pub const fn is_of_the_machine(&self) -> bool {
        !matches!(self, Self::BadName(_) | Self::TooMany { .. })
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::Full(error),
            _ => Self::Io(error),
        }
    }
}

impl From<ZipError> for WriteError {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::Io(error) => error.into(),
            other => Self::Archive(other),
        }
    }
}

/// Bytes that went by, counted and hashed.
pub struct Checked {
    hash: Context,
    bytes: u64,
}

impl std::fmt::Debug for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checked").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Default for Checked {
    fn default() -> Self {
        Self { hash: Context::new(&SHA256), bytes: 0 }
    }
}

impl Checked {
    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    }

    /// How many there were.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Their SHA-256 in hexadecimal digits.
    #[must_use]
    pub fn sha256(self) -> String {
        self.hash.finish().as_ref().iter().map(|it| format!("{it:02x}")).collect()
    }
}

/// A bundle that is being made.
pub struct BundleWriter<W: Write + Seek> {
    archive: ZipWriter<W>,
    tables: Vec<TableEntry>,
    files: Vec<FileEntry>,
    entry: Checked,
}

impl<W: Write + Seek> std::fmt::Debug for BundleWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BundleWriter").field("tables", &self.tables).finish_non_exhaustive()
    }
}

impl<W: Write + Seek> BundleWriter<W> {
    /// Begins one.
    ///
    /// # Errors
    /// Fails if it cannot be written.
    pub fn begin(to: W) -> Result<Self, WriteError> {
        let mut archive = ZipWriter::new(to);
        archive.start_file(names::README, options())?;
        archive.write_all(README.as_bytes())?;
        Ok(Self { archive, tables: Vec::new(), files: Vec::new(), entry: Checked::default() })
    }

    /// Begins the next table; its CSV with a header follows in pieces.
    ///
    /// # Errors
    /// Fails if it cannot be written, or if no reader would take the name.
    pub fn begin_table(&mut self, name: &str) -> Result<(), WriteError> {
        if !names::is_table(name) {
            return Err(bad_name(name));
        }
        self.archive.start_file(names::of_table(name), options())?;
        self.entry = Checked::default();
        Ok(())
    }

    /// Adds a piece of the table's CSV.
    ///
    /// # Errors
    /// Fails if it cannot be written.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), WriteError> {
        self.archive.write_all(piece)?;
        self.entry.add(piece);
        Ok(())
    }

    /// Ends the table.
    pub fn end_table(&mut self, name: &str, columns: Vec<String>, rows: u64) {
        let entry = std::mem::take(&mut self.entry);
        let (name, bytes) = (name.to_owned(), entry.bytes());
        self.tables.push(TableEntry { name, columns, rows, bytes, sha256: entry.sha256() });
    }

    /// Adds a file that is kept under this name.
    ///
    /// # Errors
    /// Fails if it cannot be read or written, or if no reader would take the name.
    pub fn add_file(&mut self, name: &str, mut from: impl Read) -> Result<(), WriteError> {
        let encoded = names::encoded(name);
        if !names::is_kept(name) || !names::is_file(&encoded) {
            return Err(bad_name(name));
        }
        self.archive.start_file(names::of_file(&encoded), options())?;
        let mut entry = Checked::default();
        let mut piece = vec![0; PIECE];
        loop {
            let read = from.read(&mut piece)?;
            let Some(piece) = piece.get(..read).filter(|it| !it.is_empty()) else { break };
            self.archive.write_all(piece)?;
            entry.add(piece);
        }
        let bytes = entry.bytes();
        let kept_as = (encoded != name).then(|| name.to_owned());
        self.files.push(FileEntry { name: encoded, kept_as, bytes, sha256: entry.sha256() });
        Ok(())
    }

    /// Writes the manifest, last of all: what was cut off has none. `head` says all but the tables
    /// and files, which were seen.
    ///
    /// # Errors
    /// Fails if it cannot be written, or if no reader would take so long a manifest.
    pub fn finish(mut self, head: Manifest) -> Result<(W, Manifest), WriteError> {
        let manifest = Manifest { tables: self.tables, files: self.files, ..head };
        let json = serde_json::to_vec_pretty(&manifest)?;
        let bytes = u64::try_from(json.len()).unwrap_or(u64::MAX);
        if bytes > MANIFEST_BYTES {
            let (limit, files) = (MANIFEST_BYTES, manifest.files.len());
            return Err(WriteError::TooMany { bytes, limit, files });
        }
        self.archive.start_file(names::MANIFEST, options())?;
        self.archive.write_all(&json)?;
        let mut written = self.archive.finish()?;
        written.flush()?;
        Ok((written, manifest))
    }
}

fn bad_name(name: &str) -> WriteError {
    WriteError::BadName(name.chars().take(200).collect())
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .large_file(true)
}
