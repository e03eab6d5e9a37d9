//! `hotelhub db-host change`.

use clap::Args;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

use super::{AdminUrl, DbHost};
use crate::{Hub, failure::Failure, settings::Settings};

/// What is to be different about a server. What is left out stays.
#[derive(Args)]
pub(crate) struct Change {
    /// The server's name or id
    host: String,
    /// What people call it
    #[arg(long)]
    name: Option<String>,
    /// Host name or address; the programs go there at once, so the same databases have to be there
    #[arg(long)]
    address: Option<String>,
    /// TCP port
    #[arg(long)]
    port: Option<u16>,
    /// How many databases it may hold
    #[arg(long)]
    max_databases: Option<u32>,
    /// How many connections of its `max_connections` are ours
    #[arg(long)]
    max_connections: Option<u32>,
    /// Log in there as `HOTELHUB_ADMIN_URL` says from now on
    #[arg(long)]
    admin_url: bool,
    #[command(flatten)]
    admin: AdminUrl,
}

/// Changes a server.
pub(super) async fn change(hub: &Hub, settings: &Settings, it: Change) -> Result<(), Failure> {
    let fields = [
        ("name", it.name.map(Value::from)),
        ("address", it.address.map(Value::from)),
        ("port", it.port.map(Value::from)),
        ("max_databases", it.max_databases.map(Value::from)),
        ("max_connections", it.max_connections.map(Value::from)),
    ];
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let mut body: Map<String, Value> = given.collect();
    if it.admin_url || it.admin.is_on_stdin() {
        let url = it.admin.read(settings).await?;
        body.insert("admin_url".to_owned(), json!(url.expose_secret()));
    }
    if body.is_empty() {
        return Err(Failure::Usage("say what is to be different: see `--help`".to_owned()));
    }
    let reply = hub.client.patch(&["db-hosts", &it.host], &Value::Object(body)).await?;
    let host: DbHost = reply.read()?;
    hub.screen.result(&reply.data, || host.text())
}
