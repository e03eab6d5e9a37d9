//! A tenant's database: the only way to its data.
//!
//! A [`TenantDb`] comes from a resolved tenant and nothing else, and every query runs on a
//! connection that has proven its identity. No function of ours takes a bare connection and a
//! tenant id side by side.
//!
//! A connection goes back to its pool only when its borrower says so with
//! [`TenantConnection::release`]. One whose borrower was cancelled, timed out or failed is closed:
//! what it left behind (an open transaction, a running query) dies with it.

use deadpool_postgres::{HookError, Object, Pool, PoolError, Transaction};
use hotelhub_core::{
    ids::TenantId,
    sql::{Params, Query, query_each_alone, query_each_within},
};
use tokio_postgres::{Error, NoTls, Row, error::SqlState};

use crate::{
    identity::{RETIRED, WRONG_IDENTITY},
    pools::WAIT,
    turns::{NoTurn, Turn, Turns},
};

/// The database of one tenant. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TenantDb {
    tenant: TenantId,
    pool: Pool,
    turns: Turns,
}

/// Why no connection was had.
#[derive(Debug, thiserror::Error)]
pub enum ConnectTenantError {
    /// All connections are in use; come back in a moment.
    #[error("no connection became free in time")]
    Busy,
    /// The server cannot be reached or refused us.
    #[error("connect to the tenant's database")]
    Unreachable(#[source] PoolError),
    /// It is somebody else's database. Nobody is served from it.
    #[error("the database belongs to another tenant or copy")]
    WrongIdentity,
    /// It is not the tenant's any more: it lets nobody in, or says itself that it has been
    /// replaced. A newer route says where the data lies.
    #[error("the database is not the tenant's any more")]
    Moved,
    /// The pool was closed meanwhile, since the route has changed: open it again.
    #[error("the pool was closed")]
    Closed,
}

/// How a server refuses a login that was good before: the role may not log in or is gone, the
/// database takes nobody or is gone, the role may not enter it, or who was about to is turned out.
const TURNED_AWAY: &[SqlState] = &[
    SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
    SqlState::INVALID_PASSWORD,
    SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
    SqlState::INVALID_CATALOG_NAME,
    SqlState::INSUFFICIENT_PRIVILEGE,
    SqlState::ADMIN_SHUTDOWN,
];

impl TenantDb {
    pub(crate) const fn new(tenant: TenantId, pool: Pool, turns: Turns) -> Self {
        Self { tenant, pool, turns }
    }

    /// Whose database it is.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// A connection that has proven whose database it is.
    ///
    /// # Errors
    /// Fails if none becomes free in time, the server is away, or the database is another's.
    pub async fn connect(&self) -> Result<TenantConnection, ConnectTenantError> {
        let turn =
            self.turns.take(WAIT, || self.pool.status().size).await.map_err(|none| match none {
                NoTurn::TooLate => ConnectTenantError::Busy,
                NoTurn::Closed => ConnectTenantError::Closed,
            })?;
        match self.pool.get().await {
            Ok(client) => {
                Ok(TenantConnection { tenant: self.tenant, client: Some(client), _turn: turn })
            }
            Err(PoolError::Timeout(_)) => Err(ConnectTenantError::Busy),
            // Other processes have taken all that the tenant's login may have.
            Err(PoolError::Backend(error))
                if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) =>
            {
                Err(ConnectTenantError::Busy)
            }
            Err(PoolError::Closed) => Err(ConnectTenantError::Closed),
            Err(PoolError::PostCreateHook(HookError::Message(text))) if text == WRONG_IDENTITY => {
                Err(ConnectTenantError::WrongIdentity)
            }
            Err(PoolError::PostCreateHook(HookError::Message(text))) if text == RETIRED => {
                Err(ConnectTenantError::Moved)
            }
            Err(
                PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)),
            ) if error.code().is_some_and(|it| TURNED_AWAY.contains(it)) => {
                tracing::warn!(tenant.id = %self.tenant, %error, "the database turned us away");
                Err(ConnectTenantError::Moved)
            }
            Err(error) => Err(ConnectTenantError::Unreachable(error)),
        }
    }
}

/// A connection to one tenant's database.
#[derive(Debug)]
pub struct TenantConnection {
    tenant: TenantId,
    /// `None` only while it is being dropped.
    client: Option<Object>,
    /// Ends after the connection was given back.
    _turn: Turn,
}

impl TenantConnection {
    /// Whose database it is.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    #[expect(clippy::expect_used, reason = "taken only when it is dropped")]
    fn client(&self) -> &Object {
        self.client.as_ref().expect("a live connection")
    }

    /// Begins a transaction; it is rolled back unless it is committed.
    ///
    /// # Errors
    /// Fails if the connection is lost.
    pub async fn transaction(&mut self) -> Result<TenantTransaction<'_>, Error> {
        #[expect(clippy::expect_used, reason = "taken only when it is dropped")]
        let client = self.client.as_mut().expect("a live connection");
        Ok(TenantTransaction { tenant: self.tenant, tx: client.transaction().await? })
    }

    /// Gives the connection back: its borrower has finished with it in good order.
    pub fn release(mut self) {
        drop(self.client.take());
    }
}

/// Closes the connection, and has the server stop what it may still be doing for it.
impl Drop for TenantConnection {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        let client = Object::take(client);
        metrics::counter!("tenant_connections_discarded_total").increment(1);
        let cancel = client.cancel_token();
        drop(client);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = cancel.cancel_query(NoTls).await {
                    tracing::debug!(%error, "a query was not cancelled; the server notices later");
                }
            });
        }
    }
}

/// A transaction in one tenant's database.
#[derive(Debug)]
pub struct TenantTransaction<'a> {
    tenant: TenantId,
    tx: Transaction<'a>,
}

impl TenantTransaction<'_> {
    /// Whose database it is.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Makes everything that was done in it stand.
    ///
    /// # Errors
    /// Fails if a deferred constraint refuses or the connection is lost; in the latter case it is
    /// not known whether it stands.
    pub async fn commit(self) -> Result<(), Error> {
        self.tx.commit().await
    }

    /// Undoes the transaction, so that the connection can begin another one.
    ///
    /// # Errors
    /// Fails if the connection is lost; then it is undone as well.
    pub async fn rollback(self) -> Result<(), Error> {
        self.tx.rollback().await
    }
}

/// Both kinds prepare a statement once per connection; only the path to the client differs.
macro_rules! tenant_query {
    ($type:ty, $self:ident => $client:expr, $query_each:ident) => {
        impl Query for $type {
            async fn query(&$self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Error> {
                let client = $client;
                let statement = client.prepare_cached(sql).await?;
                client.query(&statement, params).await
            }

            async fn query_opt(&$self, sql: &str, params: Params<'_>) -> Result<Option<Row>, Error> {
                let client = $client;
                let statement = client.prepare_cached(sql).await?;
                client.query_opt(&statement, params).await
            }

            async fn query_one(&$self, sql: &str, params: Params<'_>) -> Result<Row, Error> {
                let client = $client;
                let statement = client.prepare_cached(sql).await?;
                client.query_one(&statement, params).await
            }

            async fn execute(&$self, sql: &str, params: Params<'_>) -> Result<u64, Error> {
                let client = $client;
                let statement = client.prepare_cached(sql).await?;
                client.execute(&statement, params).await
            }

            async fn query_each(
                &$self,
                sql: &str,
                each: &[Params<'_>],
            ) -> Result<Vec<Vec<Row>>, Error> {
                let client = $client;
                let statement = client.prepare_cached(sql).await?;
                $query_each(client, &statement, each).await
            }
        }
    };
}

tenant_query!(TenantConnection, self => self.client(), query_each_alone);
tenant_query!(TenantTransaction<'_>, self => &self.tx, query_each_within);
