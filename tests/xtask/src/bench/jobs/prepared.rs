//! A session that prepares each statement once, as the pools of the product do.

use std::collections::HashMap;

use hotelhub_core::sql::{Params, Query, query_each_alone};
use tokio::sync::Mutex;
use tokio_postgres::{Client, Error, Row, Statement};

/// A hotel's session, and the statements it knows.
pub(super) struct Prepared {
    client: Client,
    known: Mutex<HashMap<String, Statement>>,
}

impl Prepared {
    pub(super) fn new(client: Client) -> Self {
        Self { client, known: Mutex::default() }
    }

    async fn statement(&self, sql: &str) -> Result<Statement, Error> {
        let mut known = self.known.lock().await;
        if let Some(statement) = known.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        known.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl Query for Prepared {
    async fn query(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Error> {
        self.client.query(&self.statement(sql).await?, params).await
    }

    async fn query_opt(&self, sql: &str, params: Params<'_>) -> Result<Option<Row>, Error> {
        self.client.query_opt(&self.statement(sql).await?, params).await
    }

    async fn query_one(&self, sql: &str, params: Params<'_>) -> Result<Row, Error> {
        self.client.query_one(&self.statement(sql).await?, params).await
    }

    async fn execute(&self, sql: &str, params: Params<'_>) -> Result<u64, Error> {
        self.client.execute(&self.statement(sql).await?, params).await
    }

    async fn query_each(&self, sql: &str, each: &[Params<'_>]) -> Result<Vec<Vec<Row>>, Error> {
        query_each_alone(&self.client, &self.statement(sql).await?, each).await
    }
}
