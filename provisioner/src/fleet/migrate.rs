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
    /// The server is not to be reached, or says "not now" to everybody.
    Away(Failure),
    /// Something is in the way that may pass: locks, a full disk, a database that lets nobody in.
    Hindered(Failure),
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
        Err(_) => Ending::Hindered(Failure {
            sqlstate: None,
            error: format!("no answer in {} s", LIMIT.as_secs()),
        }),
    }
}

/// Who is not let in at all has trouble with the server, or with this one database.
fn refused_at_the_door(error: &Error) -> Ending {
    let failure = Failure {
        sqlstate: error.code().map(|it| it.code().to_owned()),
        error: format!("enter the database: {}", Chain(error)),
    };
    match error.code() {
        Some(code) if *code == SqlState::UNDEFINED_DATABASE => Ending::Failed(failure),
        Some(code) if !is_the_servers(code) => Ending::Hindered(failure),
        _ => Ending::Away(failure),
    }
}

/// Whether a refusal is meant for everybody on the server: connections are broken or taken, or an
/// operator stops it. A full disk or a missing file may be one tenant's own.
fn is_the_servers(code: &SqlState) -> bool {
    let class = code.code().get(..2).unwrap_or_default();
    matches!(class, "08" | "57") || *code == SqlState::TOO_MANY_CONNECTIONS
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
    if error.sqlstate().is_some_and(is_the_servers) {
        return Ending::Away(failure);
    }
    // The two letters of a class stand for all its codes: deadlocks and their like; resources, and
    // the system around the server.
    match code.and_then(|it| it.get(..2)) {
        _ if error.sqlstate() == Some(&SqlState::LOCK_NOT_AVAILABLE) => Ending::Hindered(failure),
        Some("40" | "53" | "58") => Ending::Hindered(failure),
        _ => Ending::Failed(failure),
    }
}
