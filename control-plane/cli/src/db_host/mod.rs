//! `hotelhub db-host`: the database servers.

mod add;
mod change;
mod drain;

pub(crate) use self::add::AdminUrl;
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Hub, doctor,
    failure::Failure,
    screen::Screen,
    settings::Settings,
    table::{Table, facts},
};

/// The commands. A server is named by its name or its id.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Add a server, where hotels are made from now on
    Add(add::Add),
    /// List the servers
    List,
    /// Show one
    Show(Which),
    /// Let no new hotels be made there
    Cordon(Which),
    /// Let hotels be made there again
    Uncordon(Which),
    /// Move every hotel away
    Drain(drain::Drain),
    /// Change how a server is reached, or how much it holds
    Change(change::Change),
    /// Forget a server that was drained and is empty; the server itself is left as it is
    Remove(Which),
    /// Examine how a server is set, on the server itself
    Doctor(doctor::Doctor),
}

/// Which server.
#[derive(Args)]
pub(crate) struct Which {
    /// The server's name or id
    host: String,
}

/// A database server.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DbHost {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) port: u16,
    key_id: String,
    state: String,
    pub(crate) max_databases: i64,
    pub(crate) max_connections: i64,
    databases: Option<i64>,
    warm: Option<i64>,
    leaving: Option<i64>,
    previews: Option<i64>,
    is_reachable: Option<bool>,
    error: Option<String>,
    created_at: Option<String>,
}

/// Does a command. The doctor needs the control plane only to learn what a named server was
/// registered with.
///
/// # Errors
/// Fails if the control plane refuses or does not answer, or the doctor finds a fault.
pub(crate) async fn run(
    hub: impl FnOnce() -> Result<Hub, Failure>,
    settings: &Settings,
    screen: Screen,
    command: Command,
) -> Result<(), Failure> {
    match command {
        Command::Add(it) => add::add(&hub()?, settings, it).await,
        Command::List => list(&hub()?).await,
        Command::Show(it) => {
            let hub = hub()?;
            let reply = hub.client.get(&["db-hosts", &it.host], &[]).await?;
            let host: DbHost = reply.read()?;
            hub.screen.result(&reply.data, || host.text())
        }
        Command::Cordon(it) => set(&hub()?, &it.host, "cordon").await,
        Command::Uncordon(it) => set(&hub()?, &it.host, "uncordon").await,
        Command::Drain(it) => drain::drain(&hub()?, it).await,
        Command::Change(it) => change::change(&hub()?, settings, it).await,
        Command::Remove(it) => {
            let hub = hub()?;
            let reply = hub.client.delete(&["db-hosts", &it.host]).await?;
            let host: DbHost = reply.read()?;
            hub.screen.result(&reply.data, || format!("{} is removed", host.name))
        }
        Command::Doctor(it) => doctor::run(hub, settings, screen, it).await,
    }
}

async fn list(hub: &Hub) -> Result<(), Failure> {
    let reply = hub.client.list(&["db-hosts"], &[], true).await?;
    let hosts: Vec<DbHost> = reply.read()?;
    hub.screen.result(&reply.data, || {
        let mut table = Table::new(&[
            "NAME",
            "ADDRESS",
            "STATE",
            "DATABASES",
            "WARM",
            "LEAVING",
            "CONNECTIONS",
            "REACHABLE",
        ]);
        for it in hosts {
            let (address, databases, reachable) = (it.place(), it.filled(), it.reachable());
            let [warm, leaving] =
                [it.warm, it.leaving].map(|it| it.map(|it| it.to_string()).unwrap_or_default());
            let seats = it.max_connections.to_string();
            table.row([it.name, address, it.state, databases, warm, leaving, seats, reachable]);
        }
        table.or("no database servers: add one with `hotelhub db-host add`")
    })
}

async fn set(hub: &Hub, host: &str, verb: &str) -> Result<(), Failure> {
    let reply = hub.client.post(&["db-hosts", host, verb], &json!({})).await?;
    let host: DbHost = reply.read()?;
    hub.screen.result(&reply.data, || host.sentence())
}

impl DbHost {
    /// Where it is.
    fn place(&self) -> String {
        format!("{}:{}", self.address, self.port)
    }

    /// How full it is.
    fn filled(&self) -> String {
        match self.databases {
            Some(databases) => format!("{databases}/{}", self.max_databases),
            None => format!("at most {}", self.max_databases),
        }
    }

    fn reachable(&self) -> String {
        match (self.is_reachable, &self.error) {
            (Some(true), _) => "yes".to_owned(),
            (Some(false), Some(error)) => format!("no: {error}"),
            (Some(false), None) => "no".to_owned(),
            (None, _) => "not known yet".to_owned(),
        }
    }

    /// How it stands, in a line.
    fn sentence(&self) -> String {
        let leaving = match self.leaving {
            None | Some(0) => String::new(),
            Some(leaving) => format!(", {leaving} leaving"),
        };
        format!("{} is {}, {} databases{leaving}", self.name, self.state, self.filled())
    }

    fn text(&self) -> String {
        facts(&[
            ("database server", Some(self.name.clone())),
            ("id", Some(self.id.clone())),
            ("address", Some(self.place())),
            ("state", Some(self.state.clone())),
            ("databases", Some(self.filled())),
            ("warm", self.warm.map(|it| it.to_string())),
            ("leaving", self.leaving.map(|it| it.to_string())),
            ("connections", Some(format!("at most {}", self.max_connections))),
            ("key", Some(self.key_id.clone())),
            ("reachable", Some(self.reachable())),
            ("added", self.created_at.clone()),
        ])
    }
}
