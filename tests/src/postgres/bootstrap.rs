//! The roles and the database that the platform expects on a server, made or brought up to date.
//!
//! Passwords are only ever sent as SCRAM verifiers: a plain one would show up in the server's log.

use anyhow::{Context as _, Result};
use postgres_protocol::password::scram_sha_256;
use serde::{Deserialize, Serialize};
use tokio_postgres::Client;
use url::Url;

use super::connect;
use crate::secrets;

/// The control plane's login, and the name of its database.
pub(super) const CONTROL: &str = "hotelhub_control";
/// The provisioner's login.
pub(super) const PROVISIONER: &str = "hotelhub_provisioner";

/// The passwords of the platform's logins on one server.
#[derive(Clone, Serialize, Deserialize)]
pub struct Passwords {
    /// Of the superuser of a private server.
    pub superuser: String,
    /// Of the control plane's login.
    pub control: String,
    /// Of the provisioner's login.
    pub provisioner: String,
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passwords")
    }
}

impl Passwords {
    /// New random ones.
    #[must_use]
    pub fn random() -> Self {
        Self {
            superuser: secrets::password(),
            control: secrets::password(),
            provisioner: secrets::password(),
        }
    }
}

/// Makes the roles and the control database on the server that `superuser` leads to. Changes
/// nothing but the passwords if all is there.
///
/// The rules of `pg_hba.conf` are the second layer between tenants and not made here: a server
/// that exists keeps its own.
///
/// # Errors
/// Fails if the server cannot be reached or the login may not make roles.
pub async fn bootstrap(superuser: &Url, passwords: &Passwords) -> Result<()> {
    let client = connect(superuser).await.context("connect to PostgreSQL as its superuser")?;
    ensure_role(&client, "hotel_app", "NOLOGIN").await?;
    ensure_role(&client, "hotel_owner", "NOLOGIN").await?;
    ensure_login(&client, CONTROL, "", &passwords.control).await?;
    ensure_login(&client, PROVISIONER, "CREATEDB CREATEROLE", &passwords.provisioner).await?;
    ensure_database(&client, CONTROL).await?;
    for statement in [
        "GRANT pg_signal_backend TO hotelhub_provisioner",
        "GRANT hotel_app TO hotelhub_provisioner WITH ADMIN OPTION",
        "GRANT hotel_owner TO hotelhub_provisioner",
        "REVOKE CONNECT ON DATABASE postgres, template1, hotelhub_control FROM PUBLIC",
        "GRANT CONNECT ON DATABASE postgres, template1 TO hotelhub_provisioner",
    ] {
        run(&client, statement).await?;
    }
    Ok(())
}

async fn ensure_login(client: &Client, name: &str, rights: &str, password: &str) -> Result<()> {
    ensure_role(client, name, "LOGIN").await?;
    let verifier = scram_sha_256(password.as_bytes());
    run(client, &format!("ALTER ROLE {name} LOGIN {rights} PASSWORD '{verifier}'")).await
}

async fn ensure_role(client: &Client, name: &str, kind: &str) -> Result<()> {
    let known = client.query_opt("SELECT 1 FROM pg_roles WHERE rolname = $1", &[&name]).await?;
    if known.is_none() {
        run(client, &format!("CREATE ROLE {name} {kind}")).await?;
    }
    Ok(())
}

async fn ensure_database(client: &Client, name: &str) -> Result<()> {
    let known = client.query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&name]).await?;
    if known.is_none() {
        run(client, &format!("CREATE DATABASE {name} OWNER {name} TEMPLATE template0")).await?;
    }
    Ok(())
}

async fn run(client: &Client, statement: &str) -> Result<()> {
    // The first two words say what it was; the rest may be a verifier.
    let shown = statement.split(' ').take(3).collect::<Vec<_>>().join(" ");
    client
        .simple_query(statement)
        .await
        .with_context(|| format!("PostgreSQL refused: {shown} …"))?;
    Ok(())
}
