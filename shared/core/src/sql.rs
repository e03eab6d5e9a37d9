//! What can be asked of a PostgreSQL session, whoever owns it.
//!
//! Implemented by tenant connections and transactions and by plain clients, so that a store's
//! functions work inside a transaction and outside of one.

use std::future::Future;

use futures_util::future::{join_all, join3};
use tokio_postgres::{Client, Error, Row, Statement, Transaction, types::ToSql};

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

    /// The rows of a statement that runs once with each of these, in their order. A portion of 30 is
    /// one round trip and one commit: all of it or nothing.
    fn query_each(
        &self,
        sql: &str,
        each: &[Params<'_>],
    ) -> impl Future<Output = Result<Vec<Vec<Row>>, Error>> + Send;
}

/// So many statements travel together. `join_all` sends as many in their order.
const PORTION: usize = 30;

/// [`Query::query_each`] for a session that is in no transaction.
///
/// # Errors
/// Fails if the database does; then nothing of that portion stands.
pub async fn query_each_alone(
    client: &Client,
    statement: &Statement,
    each: &[Params<'_>],
) -> Result<Vec<Vec<Row>>, Error> {
    let mut answers = Vec::with_capacity(each.len());
    for portion in each.chunks(PORTION) {
        if let [only] = portion {
            answers.push(client.query(statement, only).await?);
            continue;
        }
        // They are sent in this order when they are first polled, and all are waited for.
        let queries = join_all(portion.iter().map(|it| client.query(statement, it)));
        #[expect(clippy::disallowed_methods, reason = "its COMMIT is on its way whenever it is")]
        let (begin, commit) = (client.batch_execute("BEGIN"), client.batch_execute("COMMIT"));
        let (begun, answered, ended) = join3(begin, queries, commit).await;
        begun?;
        for rows in answered {
            answers.push(rows?);
        }
        ended?;
    }
    Ok(answers)
}

/// [`Query::query_each`] as a part of a transaction.
///
/// # Errors
/// Fails if the database does; then the transaction cannot be committed.
pub async fn query_each_within(
    tx: &Transaction<'_>,
    statement: &Statement,
    each: &[Params<'_>],
) -> Result<Vec<Vec<Row>>, Error> {
    let mut answers = Vec::with_capacity(each.len());
    for portion in each.chunks(PORTION) {
        for rows in join_all(portion.iter().map(|it| tx.query(statement, it))).await {
            answers.push(rows?);
        }
    }
    Ok(answers)
}

macro_rules! plain_query {
    ($type:ty, $query_each:ident) => {
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

            async fn query_each(
                &self,
                sql: &str,
                each: &[Params<'_>],
            ) -> Result<Vec<Vec<Row>>, Error> {
                let statement = self.prepare(sql).await?;
                $query_each(self, &statement, each).await
            }
        }
    };
}

plain_query!(Client, query_each_alone);
plain_query!(Transaction<'_>, query_each_within);

/// Tells whether `error` is the violation of the constraint or unique index with this name.
#[must_use]
pub fn violates(error: &Error, constraint: &str) -> bool {
    error.as_db_error().and_then(|it| it.constraint()).is_some_and(|it| it == constraint)
}
