//! The connection to the control database, and what its failures mean to a client.

use std::time::Duration;

use hotelhub_http::error::{ApiError, ApiResult};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr,
    SqlxError, TransactionTrait as _,
};
use secrecy::{ExposeSecret, SecretString};

/// Requests are short, so a few connections serve many of them.
const CONNECTIONS: u32 = 16;
/// Longer than any wait in a healthy pool, shorter than a person's patience.
const ACQUIRE: Duration = Duration::from_secs(3);
/// No request of ours has a statement that takes longer, unless something is wrong.
const STATEMENT: Duration = Duration::from_secs(10);

/// How long a server may take to let a session of its own in.
const CONNECT: Duration = Duration::from_secs(5);
/// Data that stays unacknowledged for so long means that the server's machine is gone.
const UNACKNOWLEDGED: Duration = Duration::from_secs(15);
const IDLE_BEFORE_PROBE: Duration = Duration::from_secs(15);

/// The login for sessions of our own: a server that vanishes without a word is noticed.
///
/// # Errors
/// Refuses an address that is none.
pub(crate) fn login(
    url: &SecretString,
    application: &str,
) -> Result<tokio_postgres::Config, tokio_postgres::Error> {
    let mut login: tokio_postgres::Config = url.expose_secret().parse()?;
    login
        .application_name(application)
        .options(format!("-c {}={}", PLAIN_PLANS.0, PLAIN_PLANS.1))
        .connect_timeout(CONNECT)
        .tcp_user_timeout(UNACKNOWLEDGED)
        .keepalives_idle(IDLE_BEFORE_PROBE);
    Ok(login)
}

/// No query of ours runs for so long that compiling it would pay; on tables that have just grown
/// much the server thinks otherwise.
const PLAIN_PLANS: (&str, &str) = ("jit", "off");

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
        .set_application_name(application)
        .map_sqlx_postgres_opts(|it| it.options([PLAIN_PLANS]));
    Database::connect(options).await
}

/// Does `work` in one transaction, or none of it.
///
/// # Errors
/// Fails as `work` does, and if the database does.
pub(crate) async fn in_one<T>(
    db: &DatabaseConnection,
    work: impl AsyncFnOnce(&DatabaseTransaction) -> ApiResult<T>,
) -> ApiResult<T> {
    let tx = db.begin().await.map_err(database_failed)?;
    match work(&tx).await {
        Ok(done) => tx.commit().await.map_err(database_failed).map(|()| done),
        Err(error) => {
            tx.rollback().await.map_err(database_failed)?;
            Err(error)
        }
    }
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
    if is_of_a_value(&error) {
        return ApiError::invalid("request", "holds a value that cannot be stored")
            .caused_by(error);
    }
    ApiError::internal(error)
}

/// Tells whether the database complains of a value: out of range, no valid text (SQLSTATE 22).
fn is_of_a_value(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) =
        error
    else {
        return false;
    };
    matches!(cause.as_ref(), SqlxError::Database(it)
        if it.code().is_some_and(|code| code.starts_with("22")))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_of_our_own_notices_that_its_server_is_gone() {
        let login =
            login(&SecretString::from("postgres://a:b@db.example/control"), "test").unwrap();
        assert_eq!(login.get_connect_timeout(), Some(&CONNECT));
        assert_eq!(login.get_tcp_user_timeout(), Some(&UNACKNOWLEDGED));
        assert_eq!(login.get_keepalives_idle(), IDLE_BEFORE_PROBE);
    }
}
