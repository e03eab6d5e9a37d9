//! PostgreSQL: a private server, or one that exists, made ready for the platform.

mod bootstrap;
mod installation;
mod preset;
mod server;

use anyhow::{Context as _, Result};
use hotelhub_core::tasks::Tasks;
use tokio_postgres::NoTls;
use url::Url;

pub use self::{
    bootstrap::{Passwords, bootstrap},
    installation::Installation,
    preset::Preset,
    server::{PROTOTYPE, PostgresServer},
};

/// The logins of a server that [`bootstrap`] made ready.
#[derive(Clone, Debug)]
pub struct PostgresUrls {
    /// The superuser, on the database `postgres`.
    pub superuser: Url,
    /// The control plane's login, on its database.
    pub control: Url,
    /// The provisioner's login, on the database `postgres`: makes roles and databases.
    pub provisioner: Url,
}

impl PostgresUrls {
    /// The logins of the server that `superuser` leads to.
    ///
    /// # Errors
    /// Fails if the address has no host.
    pub fn new(superuser: &Url, passwords: &Passwords) -> Result<Self> {
        Ok(Self {
            superuser: superuser.clone(),
            control: login(superuser, bootstrap::CONTROL, &passwords.control, bootstrap::CONTROL)?,
            provisioner: login(
                superuser,
                bootstrap::PROVISIONER,
                &passwords.provisioner,
                "postgres",
            )?,
        })
    }

    /// The server's host name or address.
    #[must_use]
    pub fn host(&self) -> &str {
        self.superuser.host_str().unwrap_or("127.0.0.1")
    }

    /// The server's port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.superuser.port().unwrap_or(5432)
    }
}

/// `base` with another login and database.
fn login(base: &Url, user: &str, password: &str, database: &str) -> Result<Url> {
    let mut url = base.clone();
    url.set_username(user).ok().context("the address of PostgreSQL has no host")?;
    url.set_password(Some(password)).ok().context("the address of PostgreSQL has no host")?;
    url.set_path(&format!("/{database}"));
    Ok(url)
}

/// Connects; the connection ends when the client is dropped.
///
/// # Errors
/// Fails if the server refuses.
pub async fn connect(url: &Url) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url.as_str(), NoTls).await?;
    Tasks::default().spawn("PostgreSQL connection of the harness", async move {
        // A lost connection shows itself at the next query of its client.
        drop(connection.await);
    });
    Ok(client)
}
