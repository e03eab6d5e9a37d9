//! Why a bundle is not taken. Each text says what is wrong with the file, for the one who brought it.

use std::io;

use zip::result::ZipError;

/// Why a bundle is not taken. Nothing was loaded.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// No archive, or one that ends too early.
    #[error(
        "the file is not a whole ZIP archive ({0}): it may have been cut off on its way; send it again"
    )]
    NotWhole(String),
    /// The manifest is missing.
    #[error("the archive has no `manifest.json`: it is not an export of HotelHub")]
    NoManifest,
    /// The manifest cannot be read.
    #[error("`manifest.json` cannot be read: {0}")]
    Manifest(String),
    /// An instant at which no data was taken.
    #[error("`taken_at` in `manifest.json` is not within the years 2000 to 9999")]
    OtherTime,
    /// Another format.
    #[error("`manifest.json` says that this is a `{0}`, not an export of HotelHub")]
    OtherFormat(String),
    /// A format of the future.
    #[error(
        "the bundle has format version {found}, this HotelHub reads up to {known}: \
         update HotelHub first"
    )]
    NewerFormat {
        /// What the bundle says.
        found: u32,
        /// What is read here.
        known: u32,
    },
    /// A schema of the future.
    #[error(
        "the bundle has schema version {found}, this HotelHub knows up to {known}: \
         update HotelHub first"
    )]
    NewerSchema {
        /// What the bundle says.
        found: i32,
        /// What is known here.
        known: i32,
    },
    /// A schema that was never ours.
    #[error(
        "the bundle's schema version {0} is not the one of this HotelHub: it was made by another program"
    )]
    OtherSchema(i32),
    /// A name that no bundle has.
    #[error("the bundle has an entry with the name {0:?}, which is not allowed")]
    BadName(String),
    /// Two entries of one name.
    #[error("the bundle has the entry `{0}` twice")]
    Twice(String),
    /// An entry that the manifest does not name.
    #[error("the archive has the entry {0:?}, which `manifest.json` does not name")]
    Unnamed(String),
    /// An entry that is not there.
    #[error("the archive lacks the entry `{0}`, which `manifest.json` names")]
    Missing(String),
    /// An entry that is a link, a folder, or encrypted.
    #[error("the entry {0:?} is not a plain file")]
    NotPlain(String),
    /// It would not fit.
    #[error("the bundle says that it holds more than {limit} bytes, which is the limit here")]
    TooLarge {
        /// Bytes of all entries together.
        limit: u64,
    },
    /// It unpacks to far more than it is.
    #[error(
        "the bundle would unpack to more than {ratio} times its size: no hotel's data does that"
    )]
    Bomb {
        /// How many times.
        ratio: u64,
    },
    /// More entries than any hotel has.
    #[error("the archive has more than {limit} entries, which is the limit here")]
    TooMany {
        /// Entries.
        limit: u64,
    },
    /// An entry is not what the manifest says.
    #[error("the entry `{0}` is not what `manifest.json` says: the file was damaged or changed")]
    Changed(String),
    /// A table that the schema does not have, or has with other columns.
    #[error("the table `{0}` of the bundle is not in schema version {1}")]
    OtherTable(String, i32),
    /// A sequence that the schema does not have, or that is named a second time.
    #[error("the sequence {0:?} of the bundle is not in schema version {1}, or is named twice")]
    OtherSequence(String, i32),
    /// A sequence that the schema has and the bundle does not name.
    #[error(
        "`manifest.json` does not say where the sequence `{0}` stood: numbers would be given out twice"
    )]
    NoSequence(String),
    /// The machine failed, not the bundle.
    #[error("read the bundle")]
    Io(#[from] io::Error),
}

impl Refused {
    /// Whether reading it again may end otherwise.
    #[must_use]
    pub const fn is_of_the_machine(&self) -> bool {
        matches!(self, Self::Io(_))
    }

    /// What the archive's reader says is about the archive, unless the machine failed.
    pub(crate) fn of_archive(error: ZipError) -> Self {
        match error {
            ZipError::Io(error) => Self::of_reading(error),
            other => Self::NotWhole(other.to_string()),
        }
    }

    /// Data that cannot be unpacked is the bundle's fault.
    pub(crate) fn of_reading(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput => Self::NotWhole(error.to_string()),
            _ => Self::Io(error),
        }
    }
}
