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
/// date and used by nobody; it is dropped before the next try. One that is whole was built by a
/// try that did not come to its line in the record.
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
    let name = index.replace('\'', "''");
    let is_valid =
        format!("(SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{name}')::oid)");
    let found = client.query_one(&format!("SELECT {is_valid}"), &[]).await?;
    let found: Option<bool> = found.try_get(0)?;
    if found == Some(false) {
        client.simple_query(&format!("DROP INDEX CONCURRENTLY {index}")).await?;
    }
    if found != Some(true) {
        client.simple_query(sql).await?;
    }
    Ok(client.execute(&insert_line(migration, &is_valid), &[]).await? > 0)
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
