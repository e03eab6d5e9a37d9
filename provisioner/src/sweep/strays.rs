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
    /// Reports names that no copy on record has, whatever its state: every copy is on record from
    /// before it is made until after it was dropped. A name counts when it was found twice: a copy
    /// may have been made, or dropped, between the two lists.
    pub(super) async fn compare(
        &mut self,
        control: &Session,
        host: &DbHost,
        mut found: HashSet<String>,
    ) -> Result<(), Error> {
        let sql = "SELECT 'tenant_' || replace(id::text, '-', '')
             FROM databases WHERE db_host_id = $1";
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
                "databases or roles belong to no copy on record"
            );
        }
        Ok(())
    }
}
