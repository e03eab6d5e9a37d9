//! The bundle: all that a hotel has, in one open file.
//!
//! It is a plain ZIP archive, so that a hotel can open its own data with what it has at hand, and
//! every backup, export and import is one:
//!
//! ```text
//! README.txt            what this is, for whoever opens it
//! data/<table>.csv      one file a table: CSV with a header, UTF-8, instants in UTC
//! files/<name>          the hotel's files as they were stored
//! manifest.json         what is inside, with sizes and SHA-256 of every entry
//! ```
//!
//! A file's name in the archive is the one that it was stored under. Only of a name with `:`, `\`,
//! `%` or a control character these letters are written as `%` and the hexadecimal digits of their
//! bytes: systems take some of them for something else, and no reader takes them at all. The manifest
//! then has the stored name too, in `kept_as`.
//!
//! A bundle carries rows and never statements: whoever loads one runs nothing that it says, and puts
//! rows only into tables that the schema of its version has.
//!
//! [`BundleWriter`] makes one. [`Bundle::open`] reads what it claims to be and refuses what no writer
//! of ours makes, [`Bundle::verify`] reads all of it once and compares; only then is anything loaded.
//! The checksums find what was damaged or changed by one who did not change the manifest as well. A
//! platform that wants to know whether a bundle is one of *its* own keeps the SHA-256 of the file.

mod directory;
mod limits;
mod manifest;
mod names;
mod read;
mod refused;
#[cfg(test)]
mod tests;
mod write;

pub use self::{
    limits::{Limits, keep_temporary_files_in, read_temp_folder},
    manifest::{FileEntry, Manifest, Sequence, TableEntry, TenantEntry},
    read::Bundle,
    refused::Refused,
    write::{BundleWriter, Checked, WriteError},
};

/// What `format` says in a manifest.
pub const FORMAT: &str = "hotelhub-bundle";
/// The version of the format that is written, and the newest that is read.
pub const FORMAT_VERSION: u32 = 1;
