//! Writes `tenant_identity.access` on one server.

use std::time::Duration;

use futures_util::{StreamExt as _, future, stream};
use hotelhub_core::{
    errors::Chain,
    ids::{DatabaseId, DbHostId, TenantId},
    keys::Keyring,
    sql::Query as _,
    tasks::Tasks,
};
use tokio::time::timeout;
use tokio_postgres::{Config as Login, Error, types::Type};

use super::{forget, intended};
use crate::{
    config::Config,
    hosts::{self, AdminLoginError},
    session::{self, Session},
};

/// Sessions at a time on one server.
const AT_ONCE: usize = 8;
/// A row that is locked, or a server that hangs, is tried again at the next look.
const LIMIT: Duration = Duration::from_secs(5);

/// A database that is, or may be, behind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Behind {
    pub(super) database: DatabaseId,
    pub(super) tenant: TenantId,
}

/// How it went on one server.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) host: DbHostId,
    /// It let nobody in; all that was to be written there remains.
    pub(super) is_away: bool,
    /// Databases that could not be written.
    pub(super) left: Vec<DatabaseId>,
}

/// Knows how to get in everywhere.
#[derive(Clone, Debug)]
pub(super) struct Pen {
    sealing_keys: Keyring,
    tasks: Tasks,
}

#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error("log in")]
    Login(#[from] AdminLoginError),
    #[error("ask a database")]
    Database(#[from] Error),
    #[error("the database server is unknown")]
    Unknown,
    #[error("no answer in time")]
    Silent,
}

impl Pen {
    pub(super) fn new(config: &Config, tasks: Tasks) -> Self {
        Self { sealing_keys: config.sealing_keys.clone(), tasks }
    }

    /// Writes all of one server.
    pub(super) async fn write_all(
        &self,
        control: &Session,
        host: DbHostId,
        behind: Vec<Behind>,
    ) -> Done {
        let all: Vec<DatabaseId> = behind.iter().map(|it| it.database).collect();
        let login = match self.prepare(control, host, &all).await {
            Ok(login) => login,
            Err(error) => {
                tracing::debug!(db_host.id = %host, error = %Chain(&error), "access cannot be told");
                return Done { host, is_away: true, left: Vec::new() };
            }
        };
        let written = stream::iter(behind)
            .map(|it| self.write(control, &login, it))
            .buffer_unordered(AT_ONCE)
            .filter_map(future::ready);
        Done { host, is_away: false, left: written.collect().await }
    }

    /// Looks whether the server is there at all, before its databases are touched.
    async fn prepare(
        &self,
        control: &Session,
        host: DbHostId,
        databases: &[DatabaseId],
    ) -> Result<Login, WriteError> {
        let host = hosts::find(control, host).await?.ok_or(WriteError::Unknown)?;
        let login = host.admin_login(&self.sealing_keys)?;
        forget(control, databases).await?;
        // With one database, its own session is the look.
        if databases.len() > 1 {
            let look = Session::open(&login, &self.tasks);
            timeout(LIMIT, look).await.map_err(|_late| WriteError::Silent)??;
        }
        Ok(login)
    }

    /// Writes one; it, if it could not be written.
    async fn write(&self, control: &Session, login: &Login, behind: Behind) -> Option<DatabaseId> {
        let outcome = timeout(LIMIT, self.write_one(control, login, behind))
            .await
            .unwrap_or(Err(WriteError::Silent));
        match outcome {
            Ok(true) => None,
            // A move has its writers stopped and writes it itself.
            Ok(false) => Some(behind.database),
            Err(error) => {
                metrics::counter!("access_write_failures_total").increment(1);
                tracing::warn!(
                    tenant.id = %behind.tenant, error = %Chain(&error),
                    "what a tenant may do cannot be told to its database"
                );
                Some(behind.database)
            }
        }
    }

    async fn write_one(
        &self,
        control: &Session,
        login: &Login,
        behind: Behind,
    ) -> Result<bool, WriteError> {
        let login = session::owner_login(login, &behind.database.name());
        let inside = Session::open(&login, &self.tasks).await?;
        // A move holds the row only for a moment.
        inside
            .run("BEGIN; SET LOCAL lock_timeout = '2s'; SELECT FROM tenant_identity FOR UPDATE")
            .await?;
        let access = intended(control, behind.tenant).await?;
        let written = inside
            .query_once(
                "UPDATE tenant_identity SET access = $1
                 WHERE access <> 'read_only' OR $1 = 'stopped' RETURNING 1",
                &[(&access, Type::TEXT)],
            )
            .await?;
        inside.run("COMMIT").await?;
        if written.is_empty() {
            return Ok(false);
        }
        let record = "UPDATE databases SET access = $2 WHERE id = $1";
        control.execute(record, &[&behind.database, &access]).await?;
        Ok(true)
    }
}
