//! `hotelhub user totp`: one's own second factor.

use clap::Subcommand;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::json;

use super::qr;
use crate::{Hub, client::Reply, failure::Failure, password, table::facts};

/// The commands. Password and codes come from the terminal or standard input.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a secret for your authenticator; it counts once it is confirmed
    Begin,
    /// Take the secret into use, with a code of it; your other sessions end
    Confirm,
    /// Make new recovery codes, with a code; the old ones are good for nothing any more
    RecoveryCodes,
    /// Take your second factor away, with a code or a recovery code; your other sessions end
    Reset,
}

#[derive(Deserialize)]
struct Enrolment {
    secret: String,
    otpauth_url: String,
}

#[derive(Deserialize)]
struct Recovery {
    recovery_codes: Vec<String>,
}

/// Does a command.
///
/// # Errors
/// Fails if the control plane refuses or does not answer.
pub(super) async fn run(hub: &Hub, command: Command) -> Result<(), Failure> {
    match command {
        Command::Begin => begin(hub).await,
        Command::Confirm => {
            let reply = send_code(hub, &["account", "totp", "confirm"]).await?;
            show_codes(hub, &reply, "the second factor is in use; other sessions have ended")
        }
        Command::RecoveryCodes => {
            let reply = send_code(hub, &["account", "totp", "recovery-codes"]).await?;
            show_codes(hub, &reply, "the recovery codes of before are good for nothing any more")
        }
        Command::Reset => {
            send_code(hub, &["account", "totp", "reset"]).await?;
            let done = json!({ "reset": true });
            let said = "the second factor is taken away; other sessions have ended";
            hub.screen.result(&done, || said.to_owned())
        }
    }
}

async fn begin(hub: &Hub) -> Result<(), Failure> {
    let password = password::read("password").await?;
    let body = json!({ "password": password.expose_secret() });
    let reply = hub.client.post(&["account", "totp"], &body).await?;
    let Enrolment { secret, otpauth_url } = reply.read()?;
    hub.screen.result(&reply.data, || {
        let drawing = qr::draw(&otpauth_url).unwrap_or_default();
        let typed = facts(&[("secret", Some(secret)), ("url", Some(otpauth_url))]);
        format!(
            "{drawing}\n{typed}\nscan it, or type the secret into your authenticator; then send a \
             code of it: `hotelhub user totp confirm`"
        )
    })
}

async fn send_code(hub: &Hub, path: &[&str]) -> Result<Reply, Failure> {
    let code = password::read("code").await?;
    hub.client.post(path, &json!({ "totp": code.expose_secret() })).await
}

/// Recovery codes, a line each: they are not shown again.
fn show_codes(hub: &Hub, reply: &Reply, done: &str) -> Result<(), Failure> {
    let Recovery { recovery_codes } = reply.read()?;
    hub.screen.result(&reply.data, || {
        let codes = recovery_codes.join("\n");
        format!("{done}\neach of these is good once, in the place of a code; keep them:\n{codes}")
    })
}
