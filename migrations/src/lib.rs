//! The frozen SQL history of both schemas, and the code that applies it.
//!
//! A migration names no type of ours: it must mean the same for ever. A migration that has run
//! anywhere is never edited (its checksum is recorded and compared).
//!
//! The control database is migrated by refinery. Tenant databases are many and in use, so
//! [`History::apply`] does the same with two round trips for each, a limit on how long it stands in
//! line for a lock, and errors that name migration and statement. Its records are refinery's.

mod apply;
mod failure;
mod history;
pub mod lint;
mod statements;

use std::{sync::LazyLock, time::Duration};

use refinery::Report;
use tokio_postgres::Client;

pub use self::{
    apply::Applied,
    failure::{MigrateError, Refused},
    history::{History, HistoryError},
};

mod control {
    refinery::embed_migrations!("control");
}

mod tenant {
    refinery::embed_migrations!("tenant");
}

/// Held, as an advisory lock of its session, in the tenant database that is being migrated. Who
/// needs a schema that stands still takes it shared.
pub const TENANT_SCHEMA_LOCK: i64 = 0x686f_7465_6c03;

static TENANT: LazyLock<History> =
    LazyLock::new(|| History::of(tenant::migrations::runner().get_migrations().clone()));

/// Brings the control database to its head.
///
/// # Errors
/// Fails if a migration fails or history was altered.
pub async fn migrate_control(client: &mut Client) -> Result<Report, MigrateError> {
    client.execute("SET lock_timeout = '5s'", &[]).await?;
    Ok(control::migrations::runner().run_async(client).await?)
}

/// Brings a tenant database to `version`, as the role that is set in the session, and never waits
/// longer than `lock_timeout` for a lock. A database that is there or further stays as it is.
///
/// # Errors
/// Fails if a migration fails or history was altered; what was applied before it stands.
pub async fn migrate_tenant(
    client: &Client,
    version: i32,
    lock_timeout: Duration,
) -> Result<Applied, MigrateError> {
    TENANT.apply(client, version, lock_timeout).await
}

/// The newest schema version of tenant databases.
#[must_use]
pub fn tenant_head() -> i32 {
    TENANT.head()
}

/// The text of one tenant migration.
#[must_use]
pub fn tenant_sql(version: i32) -> Option<String> {
    let runner = tenant::migrations::runner();
    let mut all = runner.get_migrations().iter();
    all.find(|it| it.version() == version)?.sql().map(str::to_owned)
}

/// A short checksum of the tenant history up to `version`, so that a template made from another
/// history is never taken for this one.
#[must_use]
pub fn tenant_checksum(version: i32) -> String {
    TENANT.checksum(version)
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
