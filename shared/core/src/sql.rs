//! What can be asked of a PostgreSQL session, whoever owns it.
//!
//! Implemented by tenant connections and transactions and by plain clients, so that a store's
//! functions work inside a transaction and outside of one.

use std::future::Future;

use tokio_postgres::{Client, Error, Row, Transaction, types::ToSql};

/// Values for the `$1, $2, …` of a statement.
pub type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Statements on one session. Futures that are polled together travel to the server together.
pub trait Query: Sync {
    /// All rows.
    fn query(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> impl Future<Output = Result<Vec<Row>, Error>> + Send;

    /// The one row, if there is one; several are an error.
    fn query_opt(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> impl Future<Output = Result<Option<Row>, Error>> + Send;

    /// The one row; none or several are an error.
    fn query_one(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> impl Future<Output = Result<Row, Error>> + Send;

    /// The number of rows that were touched.
    fn execute(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> impl Future<Output = Result<u64, Error>> + Send;
}

macro_rules! plain_query {
    ($type:ty) => {
        impl Query for $type {
            async fn query(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Error> {
                self.query(sql, params).await
            }

            async fn query_opt(&self, sql: &str, params: Params<'_>) -> Result<Option<Row>, Error> {
                self.query_opt(sql, params).await
            }

            async fn query_one(&self, sql: &str, params: Params<'_>) -> Result<Row, Error> {
                self.query_one(sql, params).await
            }

            async fn execute(&self, sql: &str, params: Params<'_>) -> Result<u64, Error> {
                self.execute(sql, params).await
            }
        }
    };
}

plain_query!(Client);
plain_query!(Transaction<'_>);

/// Tells whether `error` is the violation of the constraint or unique index with this name.
#[must_use]
pub fn violates(error: &Error, constraint: &str) -> bool {
    error.as_db_error().and_then(|it| it.constraint()).is_some_and(|it| it == constraint)
}
