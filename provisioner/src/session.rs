//! One session with a PostgreSQL server, held for long: its locks and prepared statements live
//! with it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use hotelhub_core::{
    sql::{Params, Query, query_each_alone},
    tasks::Tasks,
};
use tokio::time::timeout;
use tokio_postgres::{
    Client, Config, Error, NoTls, Row, Statement,
    types::{ToSql, Type},
};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// A server that lets us connect and then says nothing is frozen.
const GREETING_LIMIT: Duration = Duration::from_secs(15);
/// Data that stays unacknowledged for so long means that the server's machine is gone.
const UNACKNOWLEDGED_LIMIT: Duration = Duration::from_secs(15);
const IDLE_BEFORE_PROBE: Duration = Duration::from_secs(15);

/// With the check interval, a server notices within a second that we died, and gives up the
/// statement and the locks of the dead session. Without it, both would last until the statement
/// ends. If our whole machine goes, nobody says so: the server's own probes find it out in seconds,
/// where the system's would take two hours.
const OPTIONS: &str = "-c client_connection_check_interval=1000 -c lock_timeout=5000 \
     -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 \
     -c tcp_user_timeout=15000";
/// The same limit, for code that sets its own.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Reads the address of a database; `None` if it is none.
#[must_use]
pub fn login(url: &str) -> Option<Config> {
    let mut login: Config = url.parse().ok()?;
    login
        .application_name("provisioner")
        .connect_timeout(CONNECT_LIMIT)
        .tcp_user_timeout(UNACKNOWLEDGED_LIMIT)
        .keepalives_idle(IDLE_BEFORE_PROBE)
        .options(OPTIONS);
    (!login.get_hosts().is_empty()).then_some(login)
}

/// The login to `database` of the same server, acting as the role that owns all tenant databases.
#[must_use]
pub fn owner_login(server: &Config, database: &str) -> Config {
    let mut login = server.clone();
    login.dbname(database).options(format!("{OPTIONS} -c role=hotel_owner"));
    login
}

/// A session.
#[derive(Debug)]
pub struct Session {
    client: Client,
    prepared: Mutex<HashMap<String, Statement>>,
}

impl Session {
    /// Connects. The session ends when it is dropped.
    ///
    /// # Errors
    /// Fails if the server cannot be reached or refuses.
    pub async fn open(login: &Config, tasks: &Tasks) -> Result<Self, Error> {
        let (client, connection) = timeout(GREETING_LIMIT, login.connect(NoTls))
            .await
            .unwrap_or_else(|_late| Err(Error::__private_api_timeout()))?;
        tasks.spawn("PostgreSQL connection", async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a session was lost; whoever uses it will notice");
            }
        });
        Ok(Self { client, prepared: Mutex::default() })
    }

    /// Whether the connection is gone.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.client.is_closed()
    }

    /// Runs statements without parameters; several of them are one transaction.
    ///
    /// # Errors
    /// Fails if one of them is refused; then none has changed anything.
    pub async fn run(&self, sql: &str) -> Result<(), Error> {
        self.client.simple_query(sql).await.map(drop)
    }

    /// Makes ready for a statement.
    ///
    /// # Errors
    /// Fails if it is refused.
    pub async fn prepare(&self, sql: &str) -> Result<(), Error> {
        self.prepared(sql).await.map(drop)
    }

    /// Runs a statement that this session will not see again, in one round trip, whether it was
    /// made ready for it or not.
    ///
    /// # Errors
    /// Fails if it is refused.
    pub async fn query_once(
        &self,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, Error> {
        let known = self.statements().get(sql).cloned();
        if let Some(statement) = known {
            let values: Vec<&(dyn ToSql + Sync)> = params.iter().map(|(value, _)| *value).collect();
            return self.client.query(&statement, &values).await;
        }
        self.client.query_typed(sql, params).await
    }

    /// The client itself, for streams of rows.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// The client itself, for code that drives a whole conversation.
    pub fn client_mut(&mut self) -> &mut Client {
        &mut self.client
    }

    async fn prepared(&self, sql: &str) -> Result<Statement, Error> {
        let known = self.statements().get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await?;
        self.statements().insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn statements(&self) -> std::sync::MutexGuard<'_, HashMap<String, Statement>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Each statement is prepared once.
impl Query for Session {
    async fn query(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Error> {
        let statement = self.prepared(sql).await?;
        self.client.query(&statement, params).await
    }

    async fn query_opt(&self, sql: &str, params: Params<'_>) -> Result<Option<Row>, Error> {
        let statement = self.prepared(sql).await?;
        self.client.query_opt(&statement, params).await
    }

    async fn query_one(&self, sql: &str, params: Params<'_>) -> Result<Row, Error> {
        let statement = self.prepared(sql).await?;
        self.client.query_one(&statement, params).await
    }

    async fn execute(&self, sql: &str, params: Params<'_>) -> Result<u64, Error> {
        let statement = self.prepared(sql).await?;
        self.client.execute(&statement, params).await
    }

    async fn query_each(&self, sql: &str, each: &[Params<'_>]) -> Result<Vec<Vec<Row>>, Error> {
        let statement = self.prepared(sql).await?;
        query_each_alone(&self.client, &statement, each).await
    }
}
