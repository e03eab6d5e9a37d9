//! The database servers as the control database knows them, and the login to each.

use hotelhub_core::{
    ids::DbHostId,
    keys::{Keyring, UnsealError},
    sql::Query,
};
use secrecy::ExposeSecret as _;
use tokio_postgres::{Config, Error, Row};

use crate::session::{self, Session};

/// A database server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DbHost {
    /// Its id.
    pub id: DbHostId,
    /// What people call it.
    pub name: String,
    /// Which of `DB_HOST_KEYS` makes its login passwords.
    pub key_id: String,
    sealed_admin_url: String,
}

/// The login to a server cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum AdminLoginError {
    /// Its address cannot be opened with `SEALING_KEYS`.
    #[error("open the sealed admin address of a database server")]
    Sealed(#[from] UnsealError),
    /// Its address is none.
    #[error("the admin address of a database server is not an address")]
    Malformed,
}

impl DbHost {
    /// The login that makes databases and roles.
    ///
    /// # Errors
    /// Fails if the sealed address was made with another key, or is no address.
    pub fn admin_login(&self, keys: &Keyring) -> Result<Config, AdminLoginError> {
        let place = format!("db_hosts.admin_url.{}", self.id);
        let url = keys.unseal(&place, &self.sealed_admin_url)?;
        session::login(url.expose_secret()).ok_or(AdminLoginError::Malformed)
    }

    #[cfg(test)]
    pub(crate) fn test() -> Self {
        Self {
            id: DbHostId::generate(),
            name: "local".to_owned(),
            key_id: "k1".to_owned(),
            sealed_admin_url: String::new(),
        }
    }

    pub(crate) fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            key_id: row.try_get("key_id")?,
            sealed_admin_url: row.try_get("sealed_admin_url")?,
        })
    }
}

/// The condition that the server `h` takes new tenants: it is active, and was seen a moment ago. One
/// that nobody has looked at for long is as good as away.
macro_rules! usable {
    () => {
        "h.state = 'active' AND EXISTS (
           SELECT FROM db_host_reports r WHERE r.db_host_id = h.id AND r.is_reachable
             AND r.checked_at > clock_timestamp() - interval '30 s')"
    };
}
pub(crate) use usable;

/// All servers.
pub(crate) async fn list(control: &impl Query) -> Result<Vec<DbHost>, Error> {
    let sql = "SELECT id, name, key_id, sealed_admin_url FROM db_hosts ORDER BY name";
    control.query(sql, &[]).await?.iter().map(DbHost::from_row).collect()
}

/// The server with this id.
pub(crate) async fn find(control: &impl Query, id: DbHostId) -> Result<Option<DbHost>, Error> {
    let sql = "SELECT id, name, key_id, sealed_admin_url FROM db_hosts WHERE id = $1";
    control.query_opt(sql, &[&id]).await?.as_ref().map(DbHost::from_row).transpose()
}

/// The server with this id, if it takes new tenants.
pub(crate) async fn find_usable(
    control: &impl Query,
    id: DbHostId,
) -> Result<Option<DbHost>, Error> {
    let sql = concat!(
        "SELECT h.id, h.name, h.key_id, h.sealed_admin_url FROM db_hosts h WHERE h.id = $1 AND ",
        usable!()
    );
    control.query_opt(sql, &[&id]).await?.as_ref().map(DbHost::from_row).transpose()
}

/// The server with the most room that takes new tenants, with its `template` and that one's
/// `schema_version`. Every copy takes room, be it a tenant's or on its way in or out.
pub(crate) const ROOMIEST: &str = concat!(
    "SELECT h.id, h.name, h.key_id, h.sealed_admin_url, t.name AS template, t.schema_version
     FROM db_hosts h
     JOIN templates t ON t.db_host_id = h.id AND t.is_current
     CROSS JOIN LATERAL (
       SELECT h.max_databases - count(*) AS left_over FROM databases d
       WHERE d.db_host_id = h.id
     ) AS room
     WHERE ",
    usable!(),
    " AND room.left_over > 0 ORDER BY room.left_over DESC, h.name LIMIT 1"
);

/// Notes what was seen of a server: it answers, or what is wrong.
pub(crate) async fn report(
    control: &Session,
    host: DbHostId,
    error: Option<&str>,
) -> Result<(), Error> {
    let sql = "INSERT INTO db_host_reports (db_host_id, is_reachable, error)
         SELECT $1, $2::text IS NULL, $2 FROM set_config('synchronous_commit', 'off', true)
         ON CONFLICT (db_host_id) DO UPDATE SET is_reachable = excluded.is_reachable,
           error = excluded.error, checked_at = clock_timestamp()";
    control.execute(sql, &[&host, &error]).await.map(drop)
}

/// Whether the server answered when it was last looked at, a moment ago.
pub(crate) async fn is_reachable(control: &impl Query, id: DbHostId) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT FROM db_host_reports WHERE db_host_id = $1 AND is_reachable
           AND checked_at > clock_timestamp() - interval '30 s')";
    control.query_one(sql, &[&id]).await?.try_get(0)
}

/// Whether connecting failed because the server cannot be reached or takes nobody at the moment, and
/// not because of who we are.
pub(crate) fn is_away(error: &Error) -> bool {
    // Connection, resources, operator's intervention, the system around the server.
    let is_fault = |code: &str| {
        let class = code.get(..2).unwrap_or_default();
        matches!(class, "08" | "53" | "57" | "58")
    };
    error.code().is_none_or(|it| is_fault(it.code()))
}
