//! The database servers as the control database knows them, and the login to each.

use hotelhub_core::{
    ids::DbHostId,
    keys::{Keyring, UnsealError},
    sql::Query,
};
use secrecy::ExposeSecret as _;
use tokio_postgres::{Config, Error, Row};

use crate::session;

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

/// Where a new database can be made.
#[derive(Debug)]
pub(crate) struct Place {
    /// The server.
    pub(crate) host: DbHost,
    /// Its current template.
    pub(crate) template: String,
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

    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            key_id: row.try_get("key_id")?,
            sealed_admin_url: row.try_get("sealed_admin_url")?,
        })
    }
}

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

/// The server with the most room that has a template and takes new databases.
///
/// Runs that have chosen a server count as databases of it. Two runners that choose in the same
/// instant may exceed `max_databases` by one: it is a measure of care, not a limit of the server.
pub(crate) async fn find_roomiest(control: &impl Query) -> Result<Option<Place>, Error> {
    let sql = "SELECT h.id, h.name, h.key_id, h.sealed_admin_url, t.name AS template
         FROM db_hosts h
         JOIN templates t ON t.db_host_id = h.id AND t.is_current
         CROSS JOIN LATERAL (
           SELECT h.max_databases
             - (SELECT count(*) FROM databases d
                WHERE d.db_host_id = h.id AND d.state <> 'retired')
             - (SELECT count(*) FROM operation_runs r
                WHERE r.state IN ('forward', 'undoing')
                  AND r.facts ->> 'db_host_id' = h.id::text) AS left_over
         ) AS room
         WHERE h.state = 'active' AND room.left_over > 0
         ORDER BY room.left_over DESC, h.name LIMIT 1";
    let Some(row) = control.query_opt(sql, &[]).await? else { return Ok(None) };
    Ok(Some(Place { host: DbHost::from_row(&row)?, template: row.try_get("template")? }))
}
