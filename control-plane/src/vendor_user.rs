//! `vendor-user create`: makes a login for one of the vendor's own people.

use anyhow::{Context as _, bail};
use hotelhub_core::keys::random_token;
use hotelhub_http::auth::passwords::Passwords;
use sea_orm::TransactionTrait as _;
use secrecy::ExposeSecret;

pub use crate::vendor_users::VendorRole;
use crate::{
    audit::{self, Actor, Event},
    config::VendorUserConfig,
    database,
    vendor_users::store::{self, NewVendorUser},
};

/// Makes a login with a password of its own, and gives the password: nobody can ask for it later.
///
/// # Errors
/// Refuses an e-mail address that is none or that somebody has; fails if the database does.
pub async fn create(
    config: &VendorUserConfig,
    email: &str,
    name: &str,
    role: VendorRole,
) -> anyhow::Result<String> {
    let email = email.trim().to_lowercase();
    if email.parse::<lettre::Address>().is_err() {
        bail!("`{email}` is no e-mail address");
    }
    if name.trim().is_empty() {
        bail!("--name needs a name");
    }
    let password = random_token();
    let hash = Passwords::new()?.hash(password.clone()).await.context("hash the password")?;
    let db = database::pool(&config.database_url, "control-plane vendor-user").await?;
    let user = NewVendorUser {
        email: &email,
        name: name.trim(),
        role,
        password_hash: hash,
        password_expires_at: None,
        now: config.clock.now(),
    };
    let tx = db.begin().await.context("reach the control database")?;
    let id = store::insert(&tx, user).await.with_context(|| format!("make a login for {email}"))?;
    let event = Event::of("vendor_user.create").on_vendor_user(id).with("email", &*email);
    let event = event.with("role", role.as_str());
    audit::record(&tx, Actor::system("control-plane vendor-user", config.clock.now()), event)
        .await
        .context("write the audit log")?;
    tx.commit().await.context("make the login")?;
    Ok(password.expose_secret().to_owned())
}
