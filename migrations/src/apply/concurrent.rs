//! The one statement of a file that is no transaction: an index is built or dropped while the
//! table is written to.

use std::time::Duration;

use refinery::Migration;
use tokio_postgres::{Client, Error};

use super::{insert_line, limit_locks, refuse};
use crate::{
    MigrateError,
    statements::{self, Statement},
};

/// Whoever builds an index this way waits for transactions to end, and holds up nobody meanwhile
/// but other changes of the schema.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs the statement, then writes its line into the record, if the index is whole.
///
/// A server that died, or a wait that took too long, leaves an index behind that is kept up to
/// date and used by nobody; it is dropped at once where that can be done, else before the next try.
/// One that is whole was built by a try that did not come to its line in the record. An index that
/// is to be dropped may be gone for the same reason, so the statement says `IF EXISTS`.
pub(super) async fn apply(
    client: &Client,
    migration: &Migration,
    sql: &str,
    lock_timeout: Duration,
) -> Result<(), MigrateError> {
    client.simple_query(&limit_locks(LOCK_TIMEOUT)).await?;
    let outcome = run(client, migration, sql).await;
    let restored = client.simple_query(&limit_locks(lock_timeout)).await;
    let is_recorded = outcome.map_err(|cause| refuse(migration, Some(0), cause))?;
    restored?;
    if is_recorded { Ok(()) } else { Err(MigrateError::InvalidIndex(migration.to_string())) }
}

/// `false` if the index is not whole after all.
async fn run(client: &Client, migration: &Migration, sql: &str) -> Result<bool, Error> {
    let statements = statements::split(sql);
    let Some(index) = statements.first().and_then(index_built_by) else {
        client.simple_query(sql).await?;
        return Ok(client.execute(&insert_line(migration, "true"), &[]).await? > 0);
    };
    let is_valid = is_valid(&index);
    if !keep_if_valid(client, &index).await?
        && let Err(error) = client.simple_query(sql).await
    {
        // A unique index refuses rows from before it is valid on. What becomes of this tells
        // nothing new: the next try does it again.
        return match keep_if_valid(client, &index).await {
            Ok(_) | Err(_) => Err(error),
        };
    }
    Ok(client.execute(&insert_line(migration, &is_valid), &[]).await? > 0)
}

/// Whether there is a whole index; one that is not whole is dropped.
async fn keep_if_valid(client: &Client, index: &str) -> Result<bool, Error> {
    let found = client.query_one(&format!("SELECT {}", is_valid(index)), &[]).await?;
    let found: Option<bool> = found.try_get(0)?;
    if found == Some(false) {
        client.simple_query(&format!("DROP INDEX CONCURRENTLY IF EXISTS {index}")).await?;
    }
    Ok(found == Some(true))
}

/// An expression that is NULL if there is no such index.
fn is_valid(index: &str) -> String {
    let name = index.replace('\'', "''");
    format!("(SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{name}')::oid)")
}

/// The index that `CREATE [UNIQUE] INDEX CONCURRENTLY name` makes.
pub(crate) fn index_built_by(statement: &Statement<'_>) -> Option<String> {
    let mut words = statement.words.iter().skip_while(|it| it.is("create") || it.is("unique"));
    let is_index = words.next()?.is("index") && words.next()?.is("concurrently");
    let name = words.find(|it| !["if", "not", "exists"].iter().any(|word| it.is(word)))?;
    (is_index && statement.words.first()?.is("create") && !name.is("on"))
        .then(|| name.text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_of_a_statement_is_found() {
        let of = |sql| index_built_by(&statements::split(sql)[0]);
        let name = Some("rooms_of_type".to_owned());
        assert_eq!(of("CREATE INDEX CONCURRENTLY rooms_of_type ON rooms (id)"), name);
        assert_eq!(of("create unique index concurrently rooms_of_type ON rooms (id)"), name);
        assert_eq!(of("CREATE INDEX CONCURRENTLY ON rooms (id)"), None);
        assert_eq!(of("DROP INDEX CONCURRENTLY IF EXISTS rooms_of_type"), None);
    }
}
