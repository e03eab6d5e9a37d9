//! Databases and login roles that belong to nobody: reported, never dropped. If there is one, a
//! saga has a fault, and a person should look before anything is lost.

use std::collections::{HashMap, HashSet};

use hotelhub_core::{ids::DbHostId, sql::Query as _};
use tokio_postgres::Error;

use crate::{hosts::DbHost, session::Session};

/// Names that looked like strays at the last look.
#[derive(Debug, Default)]
pub(super) struct Strays {
    suspects: HashMap<DbHostId, HashSet<String>>,
}

/// The names of all databases and roles that could be a tenant's.
pub(super) async fn list_names(host: &Session) -> Result<HashSet<String>, Error> {
    let sql = r"SELECT datname::text FROM pg_database WHERE datname LIKE 'tenant\_%'
         UNION SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'tenant\_%'";
    host.query(sql, &[]).await?.iter().map(|it| it.try_get(0)).collect()
}

impl Strays {
    /// Reports names that are neither a database's on record nor an open operation's. A name
    /// counts when it was found twice: an operation may have ended between the two lists.
    pub(super) async fn compare(
        &mut self,
        control: &Session,
        host: &DbHost,
        mut found: HashSet<String>,
    ) -> Result<(), Error> {
        let sql = "SELECT 'tenant_' || replace(id, '-', '') FROM (
               SELECT id::text FROM databases WHERE db_host_id = $1
               UNION ALL
               SELECT facts ->> 'database_id' FROM operation_runs
               WHERE state IN ('forward', 'undoing')
             ) AS known (id)
             WHERE id IS NOT NULL";
        for row in control.query(sql, &[&host.id]).await? {
            found.remove(row.try_get::<_, &str>(0)?);
        }
        let before = self.suspects.insert(host.id, found.clone()).unwrap_or_default();
        let strays: Vec<&String> = found.intersection(&before).collect();
        let count = u32::try_from(strays.len()).unwrap_or(u32::MAX);
        metrics::gauge!("provisioner_strays", "db_host" => host.name.clone()).set(count);
        if !strays.is_empty() {
            tracing::error!(
                db_host = host.name,
                ?strays,
                "databases or roles belong to no tenant and no operation"
            );
        }
        Ok(())
    }
}
