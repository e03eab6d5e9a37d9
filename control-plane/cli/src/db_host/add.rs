//! `hotelhub db-host add`.

use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::DbHost;
use crate::{
    Hub,
    failure::Failure,
    password,
    settings::{Settings, is_postgres_address},
};

/// Where PostgreSQL listens unless told otherwise.
const USUAL_PORT: u16 = 5432;

/// A server to be added.
#[derive(Args)]
pub(crate) struct Add {
    /// What people call it
    #[arg(long)]
    name: String,
    /// Host name or address, as the programs reach it
    #[arg(long)]
    address: String,
    /// TCP port, as the programs reach it; that of the admin address if left out
    #[arg(long)]
    port: Option<u16>,
    /// How many databases it may hold; crashes and checkpoints take longer with each
    #[arg(long, default_value_t = 1000)]
    max_databases: u32,
    /// How many connections of its `max_connections` are ours
    #[arg(long)]
    max_connections: u32,
    #[command(flatten)]
    admin: AdminUrl,
}

/// How the server is logged in to. A secret, so that it is no argument.
#[derive(Args)]
pub(crate) struct AdminUrl {
    /// Read postgres://role:password@host:port/postgres from standard input; else `HOTELHUB_ADMIN_URL`
    #[arg(long)]
    admin_url_stdin: bool,
}

impl AdminUrl {
    /// Whether it comes by standard input.
    pub(super) const fn is_on_stdin(&self) -> bool {
        self.admin_url_stdin
    }

    /// The address with its password.
    ///
    /// # Errors
    /// Fails if there is none, or it is not one of PostgreSQL.
    pub(crate) async fn read(&self, settings: &Settings) -> Result<SecretString, Failure> {
        if !self.admin_url_stdin {
            let missing = || {
                Failure::Usage(
                    "give the server's admin address in HOTELHUB_ADMIN_URL, or on standard input \
                     with --admin-url-stdin"
                        .to_owned(),
                )
            };
            return settings.admin_url.clone().ok_or_else(missing);
        }
        let url = password::read("admin address").await?;
        if is_postgres_address(url.expose_secret()) {
            return Ok(url);
        }
        let form = "the admin address needs the form postgres://role:password@host:port/postgres";
        Err(Failure::Usage(form.to_owned()))
    }
}

/// The port that an admin address leads to.
fn port_of(admin_url: &SecretString) -> u16 {
    let login = admin_url.expose_secret().parse::<tokio_postgres::Config>();
    login.ok().and_then(|it| it.get_ports().first().copied()).unwrap_or(USUAL_PORT)
}

/// Adds a server.
pub(super) async fn add(hub: &Hub, settings: &Settings, it: Add) -> Result<(), Failure> {
    let admin_url = it.admin.read(settings).await?;
    let port = it.port.unwrap_or_else(|| port_of(&admin_url));
    let body = json!({
        "name": it.name,
        "address": it.address,
        "port": port,
        "admin_url": admin_url.expose_secret(),
        "max_databases": it.max_databases,
        "max_connections": it.max_connections,
    });
    let reply = hub.client.post(&["db-hosts"], &body).await?;
    let host: DbHost = reply.read()?;
    hub.screen.result(&reply.data, || {
        format!("{} is added; examine it: `hotelhub db-host doctor {}`", host.name, host.name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_that_of_the_admin_address() {
        let port = |url: &str| port_of(&url.to_owned().into());
        assert_eq!(port("postgres://p:secret@10.0.0.8:5988/postgres"), 5988);
        assert_eq!(port("postgres://p:secret@10.0.0.8/postgres"), 5432);
    }
}
