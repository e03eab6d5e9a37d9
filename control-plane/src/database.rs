//! The connection to the control database, and what its failures mean to a client.

use std::time::Duration;

use hotelhub_http::error::ApiError;
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr, SqlxError};
use secrecy::{ExposeSecret, SecretString};

/// Requests are short, so a few connections serve many of them.
const CONNECTIONS: u32 = 16;
/// Longer than any wait in a healthy pool, shorter than a person's patience.
const ACQUIRE: Duration = Duration::from_secs(3);
/// No request of ours has a statement that takes longer, unless something is wrong.
const STATEMENT: Duration = Duration::from_secs(10);

/// A pool that connects when it is first used, so that a program can start before its database.
///
/// # Errors
/// Refuses an address that is none.
pub(crate) async fn pool(
    url: &SecretString,
    application: &str,
) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url.expose_secret());
    options
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE)
        .statement_timeout(STATEMENT)
        .connect_lazy(true)
        .sqlx_logging(false)
        .set_application_name(application);
    Database::connect(options).await
}

/// The answer to a request that the database failed.
pub(crate) fn database_failed(error: DbErr) -> ApiError {
    let away = match &error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(it)) | DbErr::Query(RuntimeErr::SqlxError(it)) => {
            is_away(it)
        }
        _ => false,
    };
    if away {
        return ApiError::unavailable("DATABASE_UNAVAILABLE", "try again in a moment", 1)
            .caused_by(error);
    }
    ApiError::internal(error)
}

fn is_away(error: &SqlxError) -> bool {
    match error {
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => true,
        // 08: connection, 53: resources, 57P: the server stops or starts.
        SqlxError::Database(it) => it.code().is_some_and(|code| {
            code.starts_with("08") || code.starts_with("53") || code.starts_with("57P")
        }),
        _ => false,
    }
}

/// Tells whether `error` is the violation of the unique index with this name.
pub(crate) fn violates(error: &DbErr, index: &str) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) =
        error
    else {
        return false;
    };
    matches!(cause.as_ref(), SqlxError::Database(it) if it.constraint() == Some(index))
}

/// A column that holds what it cannot hold.
pub(crate) fn damaged(error: impl std::fmt::Display) -> DbErr {
    DbErr::Type(error.to_string())
}
