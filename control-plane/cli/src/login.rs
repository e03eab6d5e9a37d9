//! `hotelhub login` and `logout`.

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use crate::{Hub, failure::Failure, password, settings::Settings};

/// Who logs in.
#[derive(Args)]
pub(crate) struct Login {
    /// The e-mail address of the login
    #[arg(long)]
    email: String,
}

#[derive(Deserialize)]
struct Me {
    user: User,
    roles: Vec<String>,
}

#[derive(Deserialize)]
struct User {
    name: String,
}

/// Logs in.
///
/// # Errors
/// Fails if there is no password or it is refused.
pub(crate) async fn log_in(hub: &Hub, settings: &Settings, who: &Login) -> Result<(), Failure> {
    let password = match &settings.password {
        Some(password) => password.clone(),
        None => password::read("password").await?,
    };
    let reply = hub.client.log_in(who.email.trim(), &password).await?;
    let Me { user, roles } = reply.read()?;
    hub.screen.result(&reply.data, || {
        format!("logged in to {} as {} ({})", hub.client.url(), user.name, roles.join(", "))
    })
}

/// Logs out.
///
/// # Errors
/// Fails if the control plane does not answer.
pub(crate) async fn log_out(hub: &Hub) -> Result<(), Failure> {
    let was_in = hub.client.log_out().await?;
    hub.screen.result(&json!({ "logged_out": was_in }), || {
        if was_in { "logged out".to_owned() } else { "nobody was logged in".to_owned() }
    })
}
