//! One tenant: a short session as the role that owns its database, and what came of it.

use std::time::{Duration, Instant};

use hotelhub_core::{errors::Chain, tasks::Tasks};
use migrations::MigrateError;
use tokio_postgres::{Config as Login, Error, error::SqlState};

use super::tenants::Failure;
use crate::session::Session;

/// As long as a hotel's own request may stand behind a migration that waits for a lock.
const LOCK_TIMEOUT: Duration = Duration::from_millis(150);
/// An index on a large table may take minutes; nothing takes longer than this.
const LIMIT: Duration = Duration::from_secs(600);

/// What came of a try.
#[derive(Debug)]
pub(super) enum Ending {
    /// The database has this version.
    Reached(i32, Duration),
    /// Something else is being done to the tenant.
    Busy,
    /// Its locks were not to be had.
    Contended(Failure),
    /// The server is not to be reached, or says "not now" to everybody.
    Away(Failure),
    /// Trying again cannot help.
    Failed(Failure),
}

/// Brings the database behind `login` to `version`.
pub(super) async fn migrate(login: &Login, version: i32, tasks: &Tasks) -> Ending {
    let began = Instant::now();
    let tried = async {
        let mut session = match Session::open(login, tasks).await {
            Ok(session) => session,
            Err(error) => return Err(refused_at_the_door(&error)),
        };
        let client = session.client_mut();
        migrations::migrate_tenant(client, version, LOCK_TIMEOUT)
            .await
            .map_err(|error| classify(&error))
    };
    match tokio::time::timeout(LIMIT, tried).await {
        Ok(Ok(applied)) => Ending::Reached(applied.version, began.elapsed()),
        Ok(Err(ending)) => ending,
        Err(_) => Ending::Away(Failure {
            sqlstate: None,
            error: format!("no answer in {} s", LIMIT.as_secs()),
        }),
    }
}

/// Who is not let in at all has trouble with the server, unless there is no such database.
fn refused_at_the_door(error: &Error) -> Ending {
    let failure = Failure {
        sqlstate: error.code().map(|it| it.code().to_owned()),
        error: format!("enter the database: {}", Chain(error)),
    };
    if error.code() == Some(&SqlState::UNDEFINED_DATABASE) {
        Ending::Failed(failure)
    } else {
        Ending::Away(failure)
    }
}

fn classify(error: &MigrateError) -> Ending {
    let code = error.sqlstate().map(SqlState::code);
    let failure = Failure { sqlstate: code.map(str::to_owned), error: Chain(error).to_string() };
    if matches!(error, MigrateError::Moving) {
        return Ending::Busy;
    }
    if error.is_connection_lost() {
        return Ending::Away(failure);
    }
    // The two letters of a class stand for all its codes: deadlocks and their like; and connection,
    // resources, operator's intervention, the system around the server.
    match code.and_then(|it| it.get(..2)) {
        _ if error.sqlstate() == Some(&SqlState::LOCK_NOT_AVAILABLE) => Ending::Contended(failure),
        Some("40") => Ending::Contended(failure),
        Some("08" | "53" | "57" | "58") => Ending::Away(failure),
        _ => Ending::Failed(failure),
    }
}
