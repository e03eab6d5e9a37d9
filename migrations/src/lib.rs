//! The frozen SQL history of both schemas, and the code that applies it.
//!
//! A migration names no type of ours: it must mean the same for ever. A migration that has run
//! anywhere is never edited (its checksum is recorded and compared).

use refinery::{Report, Runner};
use tokio_postgres::Client;

mod control {
    refinery::embed_migrations!("control");
}

mod tenant {
    refinery::embed_migrations!("tenant");
}

/// A schema could not be brought to its head.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The session could not be prepared.
    #[error("prepare the session for migrations")]
    Session(#[from] tokio_postgres::Error),
    /// A migration failed; those before it stand, it has changed nothing.
    #[error("apply a migration")]
    Migration(#[from] refinery::Error),
}

impl MigrateError {
    /// Tells whether the connection was lost, so that trying again may help.
    #[must_use]
    pub fn is_connection_lost(&self) -> bool {
        let cause = match self {
            Self::Session(cause) => Some(cause),
            Self::Migration(error) => std::error::Error::source(error)
                .and_then(|it| it.downcast_ref::<tokio_postgres::Error>()),
        };
        cause.is_some_and(|it| it.is_closed() || it.as_db_error().is_none())
    }
}

/// Brings the control database to its head.
///
/// # Errors
/// Fails if a migration fails or history was altered.
pub async fn migrate_control(client: &mut Client) -> Result<Report, MigrateError> {
    run(control::migrations::runner(), client).await
}

/// Brings a tenant database to its head, as the role that is set in the session.
///
/// # Errors
/// Fails if a migration fails or history was altered.
pub async fn migrate_tenant(client: &mut Client) -> Result<Report, MigrateError> {
    run(tenant::migrations::runner(), client).await
}

/// The newest schema version of tenant databases.
#[must_use]
pub fn tenant_head() -> i32 {
    tenant::migrations::runner()
        .get_migrations()
        .iter()
        .map(refinery::Migration::version)
        .max()
        .unwrap_or_default()
}

/// The text of one tenant migration.
#[must_use]
pub fn tenant_sql(version: i32) -> Option<String> {
    let runner = tenant::migrations::runner();
    let mut all = runner.get_migrations().iter();
    all.find(|it| it.version() == version)?.sql().map(str::to_owned)
}

/// A short checksum of the whole tenant history, so that a template made from another history is
/// never taken for this one.
#[must_use]
pub fn tenant_checksum() -> String {
    let folded = tenant::migrations::runner()
        .get_migrations()
        .iter()
        .fold(0_u64, |sum, it| sum.rotate_left(7) ^ it.checksum());
    format!("{folded:016x}")
}

async fn run(runner: Runner, client: &mut Client) -> Result<Report, MigrateError> {
    client.execute("SET lock_timeout = '5s'", &[]).await?;
    Ok(runner.run_async(client).await?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn versions_have_no_gap_and_no_twin() {
        for runner in [super::control::migrations::runner(), super::tenant::migrations::runner()] {
            let mut versions: Vec<_> =
                runner.get_migrations().iter().map(|it| i64::from(it.version())).collect();
            versions.sort_unstable();
            let expected: Vec<i64> = (1..).take(versions.len()).collect();
            assert_eq!(versions, expected);
        }
    }
}
