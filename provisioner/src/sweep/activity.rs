//! Which databases were written to since the last look.

use std::collections::HashMap;

use hotelhub_core::sql::Query as _;
use tokio_postgres::Error;

use crate::session::Session;

/// The counters as they were when the last tick was sent.
#[derive(Debug, Default)]
pub(super) struct Activity {
    seen: HashMap<String, i64>,
}

impl Activity {
    /// Whether the database was written to. A counter that went back was set back by a crash or
    /// by hand, and one that is new was never looked at: in both cases something may have been
    /// missed.
    pub(super) fn has_moved(&self, database: &str, counter: i64) -> bool {
        self.seen.get(database) != Some(&counter)
    }

    /// Notes that a tick was sent for all up to `counter`.
    pub(super) fn note(&mut self, database: &str, counter: i64) {
        self.seen.insert(database.to_owned(), counter);
    }
}

/// Rows written to each tenant database, by its name.
pub(super) async fn read_counters(host: &Session) -> Result<HashMap<String, i64>, Error> {
    let sql = r"SELECT datname::text, tup_inserted + tup_updated
         FROM pg_stat_database WHERE datname LIKE 'tenant\_%'";
    let rows = host.query(sql, &[]).await?;
    rows.iter().map(|it| Ok((it.try_get(0)?, it.try_get(1)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_moved_in_either_direction_or_is_new_counts() {
        let mut activity = Activity::default();
        assert!(activity.has_moved("tenant_a", 7));

        activity.note("tenant_a", 7);

        assert!(!activity.has_moved("tenant_a", 7));
        assert!(activity.has_moved("tenant_a", 8));
        assert!(activity.has_moved("tenant_a", 0));
    }
}
