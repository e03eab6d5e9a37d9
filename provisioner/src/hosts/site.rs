//! A database server as an operation works on it, each session under a lock that stands for the
//! operation.
//!
//! Should this process be killed, a server may still be at a statement of the dead session. The
//! next process waits for the lock, and so until that statement has ended.

use hotelhub_core::{
    errors::Chain,
    ids::{DatabaseId, DbHostId},
    keys::Keyring,
    sql::Query as _,
    tasks::Tasks,
};
use tokio_postgres::{Config as Login, Error};

use super::{DbHost, find};
use crate::{
    copies,
    engine::{Operation, StepError},
    session::{self, Session},
};

/// Sets the locks on database servers apart from those on the control database, which may be the
/// same database.
const HOST_LOCKS: i64 = 0x5a5a_5a5a_5a5a_5a5a;

/// Makes the text of every value the same on every server.
const PLAIN: &str =
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres';
    SET extra_float_digits = 1; SET bytea_output = 'hex'; SET search_path = public, pg_temp;
    SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";

/// A database server, and the session that makes and drops databases there.
#[derive(Debug)]
pub(crate) struct Site {
    /// The server.
    pub(crate) host: DbHost,
    /// The session that changes it.
    pub(crate) session: Session,
    login: Login,
    lock: i64,
    tasks: Tasks,
}

impl Site {
    /// Opens the session, and waits until nobody else works there for the operation.
    ///
    /// # Errors
    /// Fails if the server is unknown or does not let us in, or another session stays at work.
    pub(crate) async fn enter(
        control: &Session,
        id: DbHostId,
        sealing_keys: &Keyring,
        operation: Operation,
        tasks: &Tasks,
    ) -> Result<Self, StepError> {
        let unknown = || StepError::Never("the run has lost its database server".to_owned());
        let host = find(control, id).await?.ok_or_else(unknown)?;
        let login = host.admin_login(sealing_keys).map_err(|error| {
            StepError::NotYet(format!("log in to `{}`: {}", host.name, Chain(&error)))
        })?;
        let session = Session::open(&login, tasks).await.map_err(|error| {
            StepError::NotYet(format!("connect to `{}`: {}", host.name, Chain(&error)))
        })?;
        let lock = operation.lock_key() ^ HOST_LOCKS;
        session.query_one("SELECT pg_advisory_lock($1)", &[&lock]).await?;
        Ok(Self { host, session, login, lock, tasks: tasks.clone() })
    }

    /// Makes a database anew with this version of the schema, see [`copies::make_fresh`]; a session
    /// inside, under the same lock.
    ///
    /// # Errors
    /// Fails if the server refuses, or another session stays at work.
    pub(crate) async fn make_fresh(
        &self,
        id: DatabaseId,
        schema_version: i32,
    ) -> Result<Session, StepError> {
        let wanted = (id, schema_version);
        let inside = copies::make_fresh(&self.session, &self.login, wanted, &self.tasks).await?;
        inside.run(&format!("SELECT pg_advisory_lock({})", self.lock)).await?;
        Ok(inside)
    }

    /// A session inside a database, as the role that owns everything there, under the same lock.
    ///
    /// # Errors
    /// Fails if the database does not let us in, or another session stays at work.
    pub(crate) async fn inside(&self, database: &str) -> Result<Session, StepError> {
        let session = enter_database(&self.login, database, &self.tasks).await?;
        session.run(&format!("SELECT pg_advisory_lock({})", self.lock)).await?;
        Ok(session)
    }
}

/// A session inside a database of the server that `login` is for, as the role that owns everything
/// there, which writes every value as all servers do.
///
/// # Errors
/// Fails if the database does not let us in.
pub(crate) async fn enter_database(
    login: &Login,
    database: &str,
    tasks: &Tasks,
) -> Result<Session, Error> {
    let session = Session::open(&session::owner_login(login, database), tasks).await?;
    session.run(PLAIN).await?;
    Ok(session)
}
