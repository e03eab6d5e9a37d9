//! `hotelhub user`: the vendor's own people, and one's own password and second factor.

mod qr;
mod totp;

use clap::{Args, Subcommand};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Hub,
    failure::Failure,
    password,
    table::{Table, facts},
};

/// The commands. A person is named by e-mail address or id.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List people, by e-mail address
    List(List),
    /// Show one
    Show {
        /// E-mail address or id
        user: String,
    },
    /// Make a login; its one-time password is shown once
    Create(Create),
    /// Give somebody another role; it counts at once
    Role {
        /// E-mail address or id
        user: String,
        /// `super_admin`, `support`, `finance` or `read_only`
        role: String,
    },
    /// Let somebody in no more; all sessions end at once
    Disable {
        /// E-mail address or id
        user: String,
    },
    /// Let somebody in again
    Enable {
        /// E-mail address or id
        user: String,
    },
    /// Give somebody a one-time password; all sessions end at once
    ResetPassword {
        /// E-mail address or id
        user: String,
    },
    /// Take a lost second factor away; all sessions end at once
    ResetTotp {
        /// E-mail address or id
        user: String,
    },
    /// Say from where alone somebody may come
    Addresses(Addresses),
    /// Choose another password for yourself; your other sessions end
    ChangePassword,
    /// Your own second factor: set it up, renew its recovery codes, take it away
    Totp {
        #[command(subcommand)]
        command: totp::Command,
    },
}

/// Which people.
#[derive(Args)]
pub(crate) struct List {
    /// Part of the name or the e-mail address
    #[arg(long)]
    q: Option<String>,
    /// `super_admin`, `support`, `finance` or `read_only`
    #[arg(long)]
    role: Option<String>,
    /// `active`, `invited` or `disabled`
    #[arg(long)]
    state: Option<String>,
}

/// Who is to have a login.
#[derive(Args)]
pub(crate) struct Create {
    /// The e-mail address to log in with
    #[arg(long)]
    email: String,
    /// The person's name
    #[arg(long)]
    name: String,
    /// `super_admin`, `support`, `finance` or `read_only`
    #[arg(long)]
    role: String,
}

/// From where.
#[derive(Args)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("from").required(true))]
pub(crate) struct Addresses {
    /// E-mail address or id
    user: String,
    /// Addresses and ranges, joined with commas, e.g. 203.0.113.0/24
    #[arg(long, group = "from", value_delimiter = ',')]
    allow: Vec<String>,
    /// From everywhere
    #[arg(long, group = "from")]
    everywhere: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User {
    id: String,
    email: String,
    name: String,
    role: String,
    state: String,
    has_totp: bool,
    allowed_addresses: Option<Vec<String>>,
    password_expires_at: Option<String>,
    last_login_at: Option<String>,
    one_time_password: Option<String>,
}

/// Does a command.
///
/// # Errors
/// Fails if the control plane refuses or does not answer.
pub(crate) async fn run(hub: &Hub, command: Command) -> Result<(), Failure> {
    match command {
        Command::List(it) => list(hub, it).await,
        Command::Show { user } => show(hub, &user).await,
        Command::Create(Create { email, name, role }) => {
            let body = json!({ "email": email, "name": name, "role": role });
            invited(hub, &["users"], &body).await
        }
        Command::Role { user, role } => {
            change(hub, &[&user, "role"], &json!({ "role": role })).await
        }
        Command::Disable { user } => change(hub, &[&user, "disable"], &json!({})).await,
        Command::Enable { user } => change(hub, &[&user, "enable"], &json!({})).await,
        Command::ResetPassword { user } => {
            invited(hub, &["users", &user, "reset-password"], &json!({})).await
        }
        Command::ResetTotp { user } => change(hub, &[&user, "reset-totp"], &json!({})).await,
        Command::Addresses(Addresses { user, allow, everywhere }) => {
            let addresses = if everywhere { Value::Null } else { json!(allow) };
            let body = json!({ "addresses": addresses });
            change(hub, &[&user, "allowed-addresses"], &body).await
        }
        Command::ChangePassword => change_password(hub).await,
        Command::Totp { command } => totp::run(hub, command).await,
    }
}

async fn list(hub: &Hub, it: List) -> Result<(), Failure> {
    let typed = [("q", it.q), ("role", it.role), ("state", it.state)];
    let query: Vec<_> = typed.into_iter().filter_map(|(name, it)| Some((name, it?))).collect();
    let reply = hub.client.list(&["users"], &query, true).await?;
    let users: Vec<User> = reply.read()?;
    hub.screen.result(&reply.data, || {
        let mut table = Table::new(&["EMAIL", "NAME", "ROLE", "STATE", "TOTP", "LAST LOGIN"]);
        for it in users {
            let totp = if it.has_totp { "on" } else { "off" };
            let last: String = it.last_login_at.unwrap_or_default().chars().take(16).collect();
            table.row([it.email, it.name, it.role, it.state, totp.to_owned(), last]);
        }
        table.or("nobody")
    })
}

async fn show(hub: &Hub, user: &str) -> Result<(), Failure> {
    let reply = hub.client.get(&["users", user], &[]).await?;
    let it: User = reply.read()?;
    hub.screen.result(&reply.data, || {
        let addresses = it.allowed_addresses.map(|it| it.join(","));
        facts(&[
            ("email", Some(it.email)),
            ("id", Some(it.id)),
            ("name", Some(it.name)),
            ("role", Some(it.role)),
            ("state", Some(it.state)),
            ("totp", Some(if it.has_totp { "on" } else { "off" }.to_owned())),
            ("addresses", Some(addresses.unwrap_or_else(|| "everywhere".to_owned()))),
            ("one-time password until", it.password_expires_at),
            ("last login", it.last_login_at),
        ])
    })
}

async fn invited(hub: &Hub, path: &[&str], body: &Value) -> Result<(), Failure> {
    let reply = hub.client.post(path, body).await?;
    let user: User = reply.read()?;
    hub.screen.result(&reply.data, || {
        let until: String = user.password_expires_at.unwrap_or_default().chars().take(16).collect();
        let password = user.one_time_password.unwrap_or_else(|| "(shown before)".to_owned());
        format!("{} logs in with this password once, until {until}:\n{password}", user.email)
    })
}

async fn change(hub: &Hub, path: &[&str], body: &Value) -> Result<(), Failure> {
    let path = [&["users"], path].concat();
    let reply = hub.client.post(&path, body).await?;
    let it: User = reply.read()?;
    hub.screen.result(&reply.data, || {
        let from = it.allowed_addresses.map_or_else(|| "everywhere".to_owned(), |it| it.join(","));
        format!("{} is {}, {}, from {from}", it.email, it.role, it.state)
    })
}

async fn change_password(hub: &Hub) -> Result<(), Failure> {
    let current = password::read("present password").await?;
    let fresh = password::read("new password").await?;
    let body = json!({
        "current_password": current.expose_secret(), "password": fresh.expose_secret(),
    });
    hub.client.post(&["account", "password"], &body).await?;
    let done = json!({ "changed": true });
    hub.screen.result(&done, || "the password is changed; other sessions have ended".to_owned())
}
