//! Brings one tenant database to a version, while its hotel works.
//!
//! Two round trips where there is one migration to apply: one reads the record and takes the lock,
//! one is the migration and its line in the record, which the server makes one transaction. An
//! `ALTER TABLE` that waits for a lock lets nobody else pass, so each wait is short, and whoever
//! asked tries again later.
//!
//! A file that begins with `-- no transaction` holds one statement, `CREATE INDEX CONCURRENTLY` or
//! its like, which cannot be in one. What a broken try of it left behind is dropped.

mod concurrent;

pub(crate) use self::concurrent::index_built_by;
use std::{pin::pin, time::Duration};

use futures_util::TryStreamExt as _;
use refinery::Migration;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

use crate::{History, MigrateError, Refused, TENANT_SCHEMA_LOCK, history::Line, statements};

/// The first line of a file that is not one transaction.
pub(crate) const NO_TRANSACTION: &str = "-- no transaction";

/// What was done to a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The version that it has now; more than was asked for if it was ahead.
    pub version: i32,
    /// The migrations that were applied, e.g. `V5__moving`.
    pub migrations: Vec<String>,
}

impl History {
    /// Brings the database of `client` to `version`, and never waits longer than `lock_timeout` for
    /// a lock. A database that is there or further stays as it is.
    ///
    /// # Errors
    /// Fails if a migration fails or the database's record was altered; what was applied before
    /// stands. The session has no lock and no transaction then.
    pub async fn apply(
        &self,
        client: &Client,
        version: i32,
        lock_timeout: Duration,
    ) -> Result<Applied, MigrateError> {
        let record = begin(client, lock_timeout).await?;
        let outcome = self.apply_missing(client, &record, version, lock_timeout).await;
        // Also after a failure: the session may be used again. Its own trouble tells nothing new.
        let unlock = format!("SELECT pg_advisory_unlock({TENANT_SCHEMA_LOCK})");
        match client.simple_query(&unlock).await {
            Err(error) if outcome.is_ok() => Err(error.into()),
            Ok(_) | Err(_) => outcome,
        }
    }

    async fn apply_missing(
        &self,
        client: &Client,
        record: &Record,
        version: i32,
        lock_timeout: Duration,
    ) -> Result<Applied, MigrateError> {
        let reached = record.lines.iter().map(|it| it.version).max().unwrap_or_default();
        let mut applied = Applied { version: reached, migrations: Vec::new() };
        let missing = self.missing(&record.lines, version)?;
        if record.is_moving && !missing.is_empty() {
            return Err(MigrateError::Moving);
        }
        for migration in missing {
            let sql = migration.sql().unwrap_or_default();
            if sql.starts_with(NO_TRANSACTION) {
                concurrent::apply(client, migration, sql, lock_timeout).await?;
            } else {
                apply_whole(client, migration, sql).await?;
            }
            applied.version = migration.version();
            applied.migrations.push(migration.to_string());
        }
        Ok(applied)
    }
}

/// What a database says of itself.
#[derive(Debug, Default)]
struct Record {
    lines: Vec<Line>,
    /// A move has put its triggers on the tables.
    is_moving: bool,
}

/// Takes the lock and reads the record, all in one round trip.
async fn begin(client: &Client, lock_timeout: Duration) -> Result<Record, Error> {
    let limit = limit_locks(lock_timeout);
    let sql = format!(
        "SET client_min_messages = warning; {limit};
         SELECT FROM pg_advisory_lock({TENANT_SCHEMA_LOCK});
         CREATE TABLE IF NOT EXISTS refinery_schema_history (
           version int4 PRIMARY KEY, name varchar(255), applied_on varchar(255),
           checksum varchar(255));
         SELECT version, name, checksum FROM refinery_schema_history
         UNION ALL
         SELECT 0, 'is moving', '' WHERE EXISTS (
           SELECT FROM pg_trigger WHERE tgfoid = to_regproc('note_move_change')::oid)"
    );
    let mut record = Record::default();
    for message in client.simple_query(&sql).await? {
        let SimpleQueryMessage::Row(row) = message else { continue };
        if row.len() < 3 {
            continue;
        }
        let text = |column| Ok::<_, Error>(row.try_get(column)?.unwrap_or_default().to_owned());
        match text(0)?.parse().unwrap_or_default() {
            0 => record.is_moving = true,
            version => record.lines.push(Line { version, name: text(1)?, checksum: text(2)? }),
        }
    }
    Ok(record)
}

/// The migration and its line in the record: statements that are sent together are one
/// transaction.
async fn apply_whole(
    client: &Client,
    migration: &Migration,
    sql: &str,
) -> Result<(), Box<Refused>> {
    let sql = format!("{sql}\n;{}", insert_line(migration, "true"));
    let mut answers = pin!(match client.simple_query_raw(&sql).await {
        Ok(answers) => answers,
        Err(cause) => return Err(refuse(migration, None, cause)),
    });
    let mut ended = 0;
    loop {
        match answers.try_next().await {
            Ok(Some(SimpleQueryMessage::CommandComplete(_))) => ended += 1,
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            Err(cause) => return Err(refuse(migration, Some(ended), cause)),
        }
    }
}

/// Says which statement of which migration was refused, by how many had ended before.
fn refuse(migration: &Migration, ended: Option<usize>, cause: Error) -> Box<Refused> {
    let statements = statements::split(migration.sql().unwrap_or_default());
    let statement = ended.and_then(|it| statements.get(it));
    Box::new(Refused {
        migration: migration.to_string(),
        statement: statement.map(|it| (it.line, it.beginning())),
        cause,
    })
}

/// The line of the record as refinery writes it, if `condition` holds. Names are those of our own
/// files.
fn insert_line(migration: &Migration, condition: &str) -> String {
    let (version, name) = (migration.version(), migration.name().replace('\'', "''"));
    let checksum = migration.checksum();
    format!(
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
         SELECT {version}, '{name}', to_char(clock_timestamp() AT TIME ZONE 'UTC',
           'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), '{checksum}'
         WHERE {condition}"
    )
}

fn limit_locks(limit: Duration) -> String {
    format!("SET lock_timeout = {}", limit.as_millis())
}
