//! Why a step failed, and whether trying again can help.

use hotelhub_bundle::{Refused, WriteError};
use hotelhub_storage::StorageError;
use migrations::MigrateError;
use tokio_postgres::error::SqlState;

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// A database refused or could not be reached.
    #[error("ask a database")]
    Database(#[from] tokio_postgres::Error),
    /// The schema could not be brought to its head.
    #[error("migrate the database")]
    Migrate(#[from] MigrateError),
    /// A bundle is not what it should be, or could not be read.
    #[error(transparent)]
    Bundle(#[from] Refused),
    /// A bundle could not be written to the disk.
    #[error("make the bundle")]
    Write(#[from] WriteError),
    /// Object storage failed, or is full.
    #[error("use object storage (STORAGE_URL)")]
    Storage(#[from] StorageError),
    /// Something is missing that will come, or that somebody must provide.
    #[error("{0}")]
    NotYet(String),
    /// Trying again cannot help.
    #[error("{0}")]
    Never(String),
    /// No answer came in the time that a step has.
    #[error("no answer in {0} s")]
    TooLong(u64),
}

impl StepError {
    /// Tells whether the same step may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(error) => is_transient(error),
            Self::Migrate(error) => error.is_connection_lost(),
            Self::Bundle(refused) => refused.is_of_the_machine(),
            Self::Write(failed) => failed.is_of_the_machine(),
            Self::NotYet(_) | Self::TooLong(_) => true,
            Self::Storage(failed) => !matches!(failed, StorageError::Name(_)),
            Self::Never(_) => false,
        }
    }
}

/// A lost connection, or a server that says "not now".
fn is_transient(error: &tokio_postgres::Error) -> bool {
    let Some(refusal) = error.as_db_error() else { return true };
    // The two letters of a class stand for all its codes: connection, rollback, resources,
    // operator's intervention, the system around the server.
    let class = refusal.code().code().get(..2).unwrap_or_default();
    let is_fault = matches!(class, "08" | "40" | "53" | "57" | "58");
    is_fault || [SqlState::LOCK_NOT_AVAILABLE, SqlState::OBJECT_IN_USE].contains(refusal.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_must_provide_is_waited_for() {
        assert!(StepError::NotYet("no database server has room".to_owned()).is_transient());
        assert!(StepError::TooLong(60).is_transient());
        let (folder, source) = ("/mnt/objects".into(), std::io::ErrorKind::NotFound.into());
        assert!(StepError::from(StorageError::Away { folder, source }).is_transient());
        assert!(!StepError::Never("the region is unknown".to_owned()).is_transient());
    }
}
