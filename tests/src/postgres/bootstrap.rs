//! The roles and the database that the platform expects on a server, made or brought up to date.
//!
//! Passwords are only ever sent as SCRAM verifiers: a plain one would show up in the server's log.

use anyhow::{Context as _, Result};
use postgres_protocol::password::scram_sha_256;
use serde::{Deserialize, Serialize};
use tokio_postgres::{Client, error::SqlState};
use url::Url;

use super::{connect, login};
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

/// Makes the roles and the control database on the server that `superuser` leads to, and says what
/// it changed, a line each. Changes nothing if all is there.
///
/// The rules of `pg_hba.conf` are the second layer between tenants and not made here: a server
/// that exists keeps its own.
///
/// # Errors
/// Fails if the server cannot be reached, the login may not make roles, or the server has logins of
/// another installation: those are left as they are.
pub async fn bootstrap(superuser: &Url, passwords: &Passwords) -> Result<Vec<String>> {
    let client = connect(superuser).await.context("connect to PostgreSQL as its superuser")?;
    let logins = [
        (CONTROL, "", &passwords.control),
        (PROVISIONER, "CREATEDB CREATEROLE", &passwords.provisioner),
    ];
    // First of all, so that a server of somebody else's is left untouched.
    for (name, _, password) in logins {
        if exists(&client, ROLE, name).await? {
            require_ours(superuser, name, password).await?;
        }
    }
    let mut changes = Vec::new();
    for name in ["hotel_app", "hotel_owner"] {
        if !exists(&client, ROLE, name).await? {
            run(&client, &format!("CREATE ROLE {name} NOLOGIN")).await?;
            changes.push(format!("made the role {name}"));
        }
    }
    for (name, rights, password) in logins {
        if !exists(&client, ROLE, name).await? {
            let verifier = scram_sha_256(password.as_bytes());
            let made = format!("CREATE ROLE {name} LOGIN {rights} PASSWORD '{verifier}'");
            run(&client, &made).await?;
            changes.push(format!("made the login {name}"));
        }
    }
    if !exists(&client, DATABASE, CONTROL).await? {
        run(&client, &format!("CREATE DATABASE {CONTROL} OWNER {CONTROL} TEMPLATE template0"))
            .await?;
        changes.push(format!("made the database {CONTROL}"));
    }
    for name in ["postgres", "template1", CONTROL] {
        if exists(&client, OPEN_DATABASE, name).await? {
            run(&client, &format!("REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")).await?;
            changes.push(format!("took everybody's right to connect to {name} away"));
        }
    }
    for statement in [
        "GRANT pg_signal_backend TO hotelhub_provisioner",
        "GRANT hotel_app TO hotelhub_provisioner WITH ADMIN OPTION",
        "GRANT hotel_owner TO hotelhub_provisioner",
        "GRANT CONNECT ON DATABASE postgres, template1 TO hotelhub_provisioner",
    ] {
        run(&client, statement).await?;
    }
    Ok(changes)
}

const ROLE: &str = "SELECT 1 FROM pg_roles WHERE rolname = $1";
const DATABASE: &str = "SELECT 1 FROM pg_database WHERE datname = $1";
const OPEN_DATABASE: &str = "SELECT 1 FROM pg_database \
     WHERE datname = $1 AND has_database_privilege('public', oid, 'CONNECT')";

async fn exists(client: &Client, query: &str, name: &str) -> Result<bool> {
    Ok(client.query_opt(query, &[&name]).await?.is_some())
}

/// Refuses a login that another installation made: it is ours if it has the password that we gave
/// it. Whether it may enter the database does not matter; that is asked after the password.
async fn require_ours(superuser: &Url, name: &str, password: &str) -> Result<()> {
    let refused = match connect(&login(superuser, name, password, CONTROL)?).await {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    let past_password = [SqlState::INVALID_CATALOG_NAME, SqlState::INSUFFICIENT_PRIVILEGE];
    if refused.code().is_some_and(|it| past_password.contains(it)) {
        return Ok(());
    }
    Err(refused).with_context(|| {
        format!(
            "the server has a role {name} that was not made from here, and its password is not \
             changed: use another server, or the state folder that made it, or drop the role"
        )
    })
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
