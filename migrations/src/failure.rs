//! Why a schema did not come as far as it should.

use tokio_postgres::error::SqlState;

use crate::HistoryError;

/// A schema could not be brought to where it should be.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The session could not be prepared.
    #[error("prepare the session for migrations")]
    Session(#[from] tokio_postgres::Error),
    /// A migration of the control database failed; those before it stand, it has changed nothing.
    #[error("apply a migration")]
    Control(#[from] refinery::Error),
    /// What the database has is not what we would have given it.
    #[error("compare the history")]
    History(#[from] HistoryError),
    /// A migration of a tenant database failed; those before it stand, it has changed nothing.
    #[error("apply {0}")]
    Refused(#[from] Box<Refused>),
    /// The index that a migration built is not fit for use.
    #[error("apply {0}: its index is invalid")]
    InvalidIndex(String),
    /// The database is being moved: its tables are watched, and must not change.
    #[error("the database is being moved")]
    Moving,
}

/// A migration that failed.
#[derive(Debug, thiserror::Error)]
#[error("{migration}{}", place(statement.as_ref()))]
pub struct Refused {
    /// Which, e.g. `V5__moving`.
    pub migration: String,
    /// The line in its file where the failed statement begins, and how it begins.
    pub statement: Option<(usize, String)>,
    /// What the server said.
    #[source]
    pub cause: tokio_postgres::Error,
}

fn place(statement: Option<&(usize, String)>) -> String {
    statement.map_or_else(String::new, |(line, text)| format!(", line {line} (`{text}`)"))
}

impl MigrateError {
    /// Tells whether the connection was lost, so that trying again may help.
    #[must_use]
    pub fn is_connection_lost(&self) -> bool {
        self.cause().is_some_and(|it| it.is_closed() || it.as_db_error().is_none())
    }

    /// What the server called it.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&SqlState> {
        self.cause().and_then(tokio_postgres::Error::code)
    }

    fn cause(&self) -> Option<&tokio_postgres::Error> {
        match self {
            Self::Session(cause) => Some(cause),
            Self::Refused(refused) => Some(&refused.cause),
            Self::Control(error) => std::error::Error::source(error)
                .and_then(|it| it.downcast_ref::<tokio_postgres::Error>()),
            Self::History(_) | Self::InvalidIndex(_) | Self::Moving => None,
        }
    }
}
