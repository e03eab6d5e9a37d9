//! The ordered list of a schema's migrations, compared with what a database says it has.

use refinery::Migration;

/// What a database has is not what we would have given it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// It has a migration of this version that reads otherwise.
    #[error("{0} was applied with another content")]
    Altered(String),
    /// It lacks a migration that comes before one that it has.
    #[error("{0} was left out")]
    LeftOut(String),
    /// A version was asked for that nobody here knows.
    #[error("version {0} is unknown here, the newest is {1}")]
    Unknown(i32, i32),
}

/// One line of a database's own record.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) version: i32,
    pub(crate) name: String,
    pub(crate) checksum: String,
}

/// The migrations of one schema, oldest first.
#[derive(Clone, Debug)]
pub struct History(Vec<Migration>);

impl History {
    /// A history of these migrations.
    #[must_use]
    pub fn of(mut migrations: Vec<Migration>) -> Self {
        migrations.sort_by_key(Migration::version);
        Self(migrations)
    }

    /// A history of other files, each with its name and its text: for tests.
    ///
    /// # Errors
    /// Fails if a name is not that of a migration.
    pub fn of_files(files: &[(&str, &str)]) -> Result<Self, refinery::Error> {
        let read = |(name, sql): &(&str, &str)| Migration::unapplied(name, sql);
        Ok(Self::of(files.iter().map(read).collect::<Result<_, _>>()?))
    }

    /// Its migrations.
    #[cfg(test)]
    pub(crate) fn migrations(&self) -> &[Migration] {
        &self.0
    }

    /// The newest version; 0 if there is none.
    #[must_use]
    pub fn head(&self) -> i32 {
        self.0.last().map(Migration::version).unwrap_or_default()
    }

    /// A short checksum of everything up to `version`.
    #[must_use]
    pub fn checksum(&self, version: i32) -> String {
        let until = self.0.iter().take_while(|it| it.version() <= version);
        let folded = until.fold(0_u64, |sum, it| sum.rotate_left(7) ^ it.checksum());
        format!("{folded:016x}")
    }

    /// What a database with this record needs to reach `version`.
    ///
    /// A database may be ahead of us: a newer program has been there.
    pub(crate) fn missing(&self, had: &[Line], version: i32) -> Result<&[Migration], HistoryError> {
        if version > self.head() {
            return Err(HistoryError::Unknown(version, self.head()));
        }
        let reached = had.iter().map(|it| it.version).max().unwrap_or_default();
        for migration in self.0.iter().take_while(|it| it.version() <= reached) {
            let line = had.iter().find(|it| it.version == migration.version());
            let line = line.ok_or_else(|| HistoryError::LeftOut(migration.to_string()))?;
            if line.name != migration.name() || line.checksum != migration.checksum().to_string() {
                return Err(HistoryError::Altered(migration.to_string()));
            }
        }
        let from = self.0.partition_point(|it| it.version() <= reached);
        let to = self.0.partition_point(|it| it.version() <= version).max(from);
        Ok(self.0.get(from..to).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> History {
        History::of_files(&[("V2__b", "B"), ("V1__a", "A"), ("V3__c", "C")]).unwrap()
    }

    fn lines(history: &History, versions: &[i32]) -> Vec<Line> {
        let had = history.0.iter().filter(|it| versions.contains(&it.version()));
        had.map(|it| Line {
            version: it.version(),
            name: it.name().to_owned(),
            checksum: it.checksum().to_string(),
        })
        .collect()
    }

    fn missing(had: &[i32], version: i32) -> Result<Vec<i32>, HistoryError> {
        let history = history();
        let missing = history.missing(&lines(&history, had), version)?;
        Ok(missing.iter().map(Migration::version).collect())
    }

    #[test]
    fn what_is_missing_reaches_up_to_the_version_that_was_asked_for() {
        assert_eq!(missing(&[], 3).unwrap(), [1, 2, 3]);
        assert_eq!(missing(&[1], 2).unwrap(), [2]);
        assert!(missing(&[1, 2, 3], 3).unwrap().is_empty());
        assert!(missing(&[1, 2, 3], 2).unwrap().is_empty(), "no way back");
        assert_eq!(missing(&[], 4), Err(HistoryError::Unknown(4, 3)));
    }

    #[test]
    fn a_record_that_was_altered_or_has_a_gap_is_refused() {
        let history = history();
        let mut had = lines(&history, &[1, 2]);
        had[1].checksum = "1".to_owned();

        let altered = HistoryError::Altered("V2__b".to_owned());
        assert_eq!(history.missing(&had, 3).unwrap_err(), altered);
        assert_eq!(missing(&[2], 3), Err(HistoryError::LeftOut("V1__a".to_owned())));
    }

    #[test]
    fn a_database_that_is_ahead_of_us_is_left_alone() {
        let history = history();
        let mut had = lines(&history, &[1, 2, 3]);
        had.push(Line { version: 4, name: "d".to_owned(), checksum: "1".to_owned() });

        assert!(history.missing(&had, 3).unwrap().is_empty());
    }

    #[test]
    fn the_checksum_is_that_of_the_history_up_to_a_version() {
        let shorter = History::of_files(&[("V1__a", "A"), ("V2__b", "B")]).unwrap();
        assert_eq!(history().checksum(2), shorter.checksum(2));
        assert_ne!(history().checksum(3), shorter.checksum(2));
    }
}
