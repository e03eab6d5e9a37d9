//! What a bundle says of itself.

use std::{collections::HashSet, ops::RangeInclusive};

use chrono::{DateTime, Datelike as _, Utc};
use hotelhub_core::ids::TenantId;
use serde::{Deserialize, Serialize};

use crate::{FORMAT, FORMAT_VERSION, Limits, Refused, names};

/// No hotel's data was taken in another year; the databases that load it know none far from these.
const YEARS: RangeInclusive<i32> = 2000..=9999;

/// What is inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always [`FORMAT`].
    pub format: String,
    /// The version of the format.
    pub format_version: u32,
    /// The instant whose data this is: later changes are not in it. UTC.
    pub taken_at: DateTime<Utc>,
    /// Whose data it is.
    pub tenant: TenantEntry,
    /// The version of the schema that the tables have.
    pub schema_version: i32,
    /// The checksum of all migrations up to that version: another history is another schema.
    pub schema_checksum: String,
    /// The tables, each with its entry.
    pub tables: Vec<TableEntry>,
    /// Where the sequences stood.
    pub sequences: Vec<Sequence>,
    /// The hotel's files.
    pub files: Vec<FileEntry>,
}

/// Whose data it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantEntry {
    /// The tenant's id on the platform that made the bundle.
    pub id: TenantId,
    /// Its slug there.
    pub slug: String,
    /// The hotel company.
    pub company_name: String,
    /// `id` or `en`.
    pub language: String,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// Its name.
    pub name: String,
    /// Its columns, in the order of the CSV file.
    pub columns: Vec<String>,
    /// Rows, the header not counted.
    pub rows: u64,
    /// The size of the CSV file in bytes.
    pub bytes: u64,
    /// The SHA-256 of the CSV file, in hexadecimal digits.
    pub sha256: String,
}

/// Where a sequence stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// Its name.
    pub name: String,
    /// The number that was given out last, or the one to begin with.
    pub value: i64,
    /// Whether that number was given out.
    pub is_called: bool,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name below `files/`.
    pub name: String,
    /// Its name where the hotel keeps it, if it is another one: no entry has all the letters that a
    /// storage takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_as: Option<String>,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

impl FileEntry {
    /// Its name where the hotel keeps it.
    #[must_use]
    pub fn kept_name(&self) -> &str {
        self.kept_as.as_deref().unwrap_or(&self.name)
    }

    /// Whether the name where it is kept is one, and the entry's name comes of it.
    fn is_kept_so(&self) -> bool {
        let is_so = |it: &String| names::is_kept(it) && names::encoded(it) == self.name;
        self.kept_as.as_ref().is_none_or(is_so)
    }
}

impl Manifest {
    /// The sum of all rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|it| it.rows).sum()
    }

    /// Reads one, and refuses what contradicts itself or goes over the limits.
    pub(crate) fn read(json: &[u8], limits: &Limits) -> Result<Self, Refused> {
        // The format first: the rest of another one may look like anything.
        let head: Head = serde_json::from_slice(json).map_err(unreadable)?;
        if head.format != FORMAT {
            return Err(Refused::OtherFormat(head.format.chars().take(60).collect()));
        }
        if head.format_version > FORMAT_VERSION {
            return Err(Refused::NewerFormat { found: head.format_version, known: FORMAT_VERSION });
        }
        let manifest: Self = serde_json::from_slice(json).map_err(unreadable)?;
        manifest.check(limits)?;
        Ok(manifest)
    }

    fn check(&self, limits: &Limits) -> Result<(), Refused> {
        if !YEARS.contains(&self.taken_at.year()) {
            return Err(Refused::OtherTime);
        }
        let refused = |name: &str| Err(Refused::BadName(name.chars().take(100).collect()));
        let mut seen = HashSet::new();
        for (name, is_name) in self
            .tables
            .iter()
            .map(|it| (&it.name, names::is_table(&it.name)))
            .chain(self.files.iter().map(|it| (&it.name, names::is_file(&it.name))))
        {
            if !is_name {
                return refused(name);
            }
        }
        let mut kept = HashSet::new();
        for file in &self.files {
            if !file.is_kept_so() {
                return refused(file.kept_name());
            }
            if !kept.insert(file.kept_name()) {
                return Err(Refused::Twice(names::of_file(&file.name)));
            }
        }
        for entry in self.entries() {
            if !seen.insert(entry.name.clone()) {
                return Err(Refused::Twice(entry.name));
            }
        }
        let total = self.entries().try_fold(0_u64, |sum, it| sum.checked_add(it.bytes));
        match total {
            Some(total) if total <= limits.bytes => Ok(()),
            _ => Err(Refused::TooLarge { limit: limits.bytes }),
        }
    }

    /// The entries that the archive must have beside manifest and README.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Promised> {
        let tables = self.tables.iter().map(|it| Promised {
            name: names::of_table(&it.name),
            bytes: it.bytes,
            sha256: it.sha256.clone(),
        });
        let files = self.files.iter().map(|it| Promised {
            name: names::of_file(&it.name),
            bytes: it.bytes,
            sha256: it.sha256.clone(),
        });
        tables.chain(files)
    }
}

/// What cannot be read is told of with the beginning of what stands there, which may be long.
fn unreadable(error: serde_json::Error) -> Refused {
    Refused::Manifest(error.to_string().chars().take(300).collect())
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    format: String,
    #[serde(default)]
    format_version: u32,
}

/// What an entry has to be.
#[derive(Clone, Debug)]
pub(crate) struct Promised {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}
