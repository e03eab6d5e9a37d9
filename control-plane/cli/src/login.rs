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
    first_step: Option<String>,
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
    let email = who.email.trim();
    let mut reply = hub.client.log_in(email, &password, settings.totp.as_ref()).await;
    if matches!(&reply, Err(Failure::Refused(it)) if it.code == "TOTP_REQUIRED") {
        let code = password::read("code").await?;
        reply = hub.client.log_in(email, &password, Some(&code)).await;
    }
    let reply = reply?;
    let Me { user, roles, first_step } = reply.read()?;
    hub.screen.result(&reply.data, || {
        let (url, roles) = (hub.client.url(), roles.join(", "));
        let said = format!("logged in to {url} as {} ({roles})", user.name);
        match first_step.as_deref() {
            Some("PASSWORD_CHANGE_REQUIRED") => {
                format!("{said}\nchoose your own password first: `hotelhub user change-password`")
            }
            Some("TOTP_ENROLMENT_REQUIRED") => {
                format!("{said}\nset up a second factor first: `hotelhub user totp begin`")
            }
            _ => said,
        }
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
