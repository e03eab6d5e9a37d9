//! `hotelhub tenant create`: a signup that the vendor does for a hotel.

use clap::{Args, ValueEnum};
use hotelhub_core::keys::random_token;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::{Hub, client::Reply, failure::Failure, operation, password, waiting::look};

/// 24 letters of the token hold 144 random bits.
const GENERATED_LETTERS: usize = 24;

/// A hotel to be made.
#[derive(Args)]
pub(crate) struct Create {
    /// The name in addresses: 3 to 30 of a-z, 0-9 and -
    #[arg(long)]
    slug: String,
    /// The hotel company
    #[arg(long)]
    company: String,
    /// The owner
    #[arg(long)]
    owner_name: String,
    /// The owner's e-mail address, also the login
    #[arg(long)]
    owner_email: String,
    /// The owner's telephone number
    #[arg(long)]
    owner_phone: String,
    /// `starter`, `growth` or `pro`
    #[arg(long)]
    plan: String,
    /// How many rooms
    #[arg(long)]
    rooms: u32,
    /// `monthly` or `yearly`
    #[arg(long)]
    cycle: String,
    /// The province, ISO 3166-2, e.g. ID-BA
    #[arg(long)]
    region: String,
    /// Of the hotel's pages and of the letters to its owner
    #[arg(long, value_enum, default_value = "id")]
    language: Language,
    /// Read the owner's password from standard input; else one is made and printed once
    #[arg(long)]
    password_stdin: bool,
    /// Print the operation's id and do not wait
    #[arg(long)]
    no_wait: bool,
}

/// What the hotel's people read: not what we speak with the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// Bahasa Indonesia
    Id,
    /// English
    En,
}

impl Language {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::En => "en",
        }
    }
}

#[derive(Deserialize)]
struct SignedUp {
    tenant_id: String,
}

#[derive(Deserialize)]
struct Found {
    id: String,
}

#[derive(Deserialize)]
struct Status {
    ready_in_ms: Option<i64>,
    login_url: Option<String>,
}

/// Makes a hotel.
pub(super) async fn create(hub: &Hub, it: Create) -> Result<(), Failure> {
    let given = match (it.password_stdin, hub.screen.is_json()) {
        (true, _) => Some(password::read("password").await?),
        (false, false) => None,
        // What is made here is no data of the API, and must not get lost in a pipe.
        (false, true) => {
            let what = "--json takes the owner's password from --password-stdin only";
            return Err(Failure::Usage(what.to_owned()));
        }
    };
    let password = given.clone().unwrap_or_else(generated);
    let body = json!({
        "slug": it.slug,
        "company_name": it.company,
        "owner_name": it.owner_name,
        "owner_email": it.owner_email,
        "owner_phone": it.owner_phone,
        "password": password.expose_secret(),
        "plan": it.plan,
        "rooms": it.rooms,
        "billing_cycle": it.cycle,
        "region": it.region,
        "language": it.language.as_str(),
    });
    // Before it is asked for: an answer may be lost on its way, and the hotel is made all the same,
    // with a password that is not kept anywhere in this form.
    if given.is_none() {
        let (owner, password) = (&it.owner_email, password.expose_secret());
        hub.screen.line(&format!("password that {owner} will have: {password}"))?;
    }
    let asked = hub.client.post(&["tenants"], &body).await?;
    let SignedUp { tenant_id } = asked.read()?;
    let (operation, found) = find_operation(hub, &tenant_id).await?;
    if it.no_wait {
        return hub.screen.result(&found, || operation);
    }
    let ended = operation::watch(hub, &operation).await?;
    let status: Status = look(hub, &["signup", &tenant_id], &[]).await?.read()?;
    hub.screen.result(&ended.data, || {
        let time = status.ready_in_ms.map(|it| format!(" after {it} ms")).unwrap_or_default();
        let place = status.login_url.map(|it| format!(": {it}")).unwrap_or_default();
        format!("{} is ready{time}{place}", it.slug)
    })
}

/// The operation that makes the tenant.
async fn find_operation(
    hub: &Hub,
    tenant_id: &str,
) -> Result<(String, serde_json::Value), Failure> {
    let query = [
        ("tenant_id", tenant_id.to_owned()),
        ("kind", "create_tenant".to_owned()),
        ("limit", "1".to_owned()),
    ];
    let reply: Reply = look(hub, &["operations"], &query).await?;
    let rows: Vec<Found> = reply.read()?;
    let first = reply.data.get(0).cloned().unwrap_or_default();
    match rows.into_iter().next() {
        Some(Found { id }) => Ok((id, first)),
        None => Err(Failure::failed(
            format!("tenant {tenant_id} was taken, but nothing makes it"),
            "see `hotelhub tenant show`, and tell the platform's developers",
        )),
    }
}

fn generated() -> SecretString {
    let letters: String = random_token().expose_secret().chars().take(GENERATED_LETTERS).collect();
    SecretString::from(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_is_long_and_never_the_same() {
        let (one, other) = (generated(), generated());
        assert_eq!(one.expose_secret().len(), GENERATED_LETTERS);
        assert_ne!(one.expose_secret(), other.expose_secret());
    }
}
