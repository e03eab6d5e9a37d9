//! The control plane as a customer and as the vendor see it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Site, hotel::Hotel};
use crate::waiting::eventually;

/// What a customer fills in.
#[derive(Clone, Debug, Serialize)]
pub struct Signup {
    /// The hotel company.
    pub company_name: String,
    /// Its name in addresses.
    pub slug: String,
    /// The person who signs up.
    pub owner_name: String,
    /// The owner's address, also the login.
    pub owner_email: String,
    /// The owner's telephone.
    pub owner_phone: String,
    /// The owner's password.
    pub password: String,
    /// `starter`, `growth` or `pro`.
    pub plan: String,
    /// How many rooms the hotel has.
    pub rooms: u32,
    /// `monthly` or `yearly`.
    pub billing_cycle: String,
    /// The province, ISO 3166-2.
    pub region: String,
}

impl Signup {
    /// A small hotel in Bali that takes the address `slug`.
    #[must_use]
    pub fn of(slug: &str) -> Self {
        Self {
            company_name: format!("Hotel {slug}"),
            slug: slug.to_owned(),
            owner_name: "Wayan Sudana".to_owned(),
            owner_email: format!("owner@{slug}.example"),
            owner_phone: "+628123456789".to_owned(),
            password: "kunci-kamar-tujuh-belas".to_owned(),
            plan: "growth".to_owned(),
            rooms: 20,
            billing_cycle: "monthly".to_owned(),
            region: "ID-BA".to_owned(),
        }
    }
}

/// The answer to a signup that was taken.
#[derive(Clone, Debug, Deserialize)]
pub struct SignedUp {
    /// The new tenant.
    pub tenant_id: String,
    /// Its name in addresses.
    pub slug: String,
    /// Its host name.
    pub host: String,
    /// Where its progress is told.
    pub status_url: String,
    /// Where its progress is told as it happens.
    pub events_url: String,
}

/// How far a signup is.
#[derive(Clone, Debug, Deserialize)]
pub struct SignupStatus {
    /// `pending`, `provisioning`, `ready` or `failed`.
    pub state: String,
    /// The steps, in order.
    #[serde(default)]
    pub steps: Vec<SignupStep>,
    /// From the signup to the hotel's first possible login.
    pub ready_in_ms: Option<u64>,
    /// Where the owner logs in, once ready.
    pub login_url: Option<String>,
}

/// One step of making a hotel.
#[derive(Clone, Debug, Deserialize)]
pub struct SignupStep {
    /// What is done.
    pub name: String,
    /// `pending`, `running`, `done` or `failed`.
    pub state: String,
    /// How long it took, once done.
    pub ms: Option<u64>,
}

/// The control plane.
#[derive(Clone, Debug)]
pub struct ControlPlane {
    site: Site,
    tenant_port: u16,
}

impl ControlPlane {
    /// The control plane on `site`, whose hotels are served on `tenant_port`.
    #[must_use]
    pub const fn new(site: Site, tenant_port: u16) -> Self {
        Self { site, tenant_port }
    }

    /// The site itself, for requests that have no method here.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The control plane with a vendor's token.
    ///
    /// # Errors
    /// Fails if the login is refused.
    pub async fn log_in(&self, email: &str, password: &str) -> Result<Self> {
        let site = self.site.log_in(email, password).await.context("log in as the vendor")?;
        Ok(Self { site, tenant_port: self.tenant_port })
    }

    /// Signs a hotel up.
    ///
    /// # Errors
    /// Fails if the answer is not 202.
    pub async fn sign_up(&self, signup: &Signup) -> Result<SignedUp> {
        let body = serde_json::to_value(signup)?;
        let answer = self.site.post("/api/v1/signup", &body).await?.expect_status(202)?;
        serde_json::from_value(answer.data()?).context("read the answer to the signup")
    }

    /// Asks how far a signup is.
    ///
    /// # Errors
    /// Fails if there is no such signup.
    pub async fn signup_status(&self, tenant_id: &str) -> Result<SignupStatus> {
        let path = format!("/api/v1/signup/{tenant_id}");
        let answer = self.site.get(&path).await?.expect_status(200)?;
        serde_json::from_value(answer.data()?).context("read how far the signup is")
    }

    /// Waits until the hotel can be used.
    ///
    /// # Errors
    /// Fails if making it fails, or the deadline passes; the message lists the steps.
    pub async fn wait_ready(&self, tenant_id: &str, deadline: Duration) -> Result<SignupStatus> {
        let mut last = None;
        let outcome = eventually(deadline, "the hotel to be ready", async || {
            let status = self.signup_status(tenant_id).await;
            let ended = status.as_ref().is_ok_and(|it| it.state == "ready" || it.state == "failed");
            last = Some(status);
            ended.then_some(())
        });
        let waited = outcome.await;
        match last {
            Some(Ok(status)) if waited.is_ok() && status.state == "ready" => Ok(status),
            Some(Ok(status)) => bail!("the hotel is `{}`: {:?}", status.state, status.steps),
            Some(Err(error)) => Err(error),
            None => bail!("the signup was never asked for"),
        }
    }

    /// Signs a hotel up, waits for it and logs in as its owner.
    ///
    /// # Errors
    /// Fails if any of it does.
    pub async fn open_hotel(&self, signup: &Signup, deadline: Duration) -> Result<Hotel> {
        let taken = self.sign_up(signup).await?;
        self.wait_ready(&taken.tenant_id, deadline).await?;
        self.hotel(&taken.host)?.log_in(&signup.owner_email, &signup.password).await
    }

    /// The hotel of this host name, without a login.
    ///
    /// # Errors
    /// Fails if no HTTP client can be made on this machine.
    pub fn hotel(&self, host: &str) -> Result<Hotel> {
        Ok(Hotel::new(Site::new(self.tenant_port, host)?))
    }

    /// Adds a database server, where hotels are made from now on, and gives its id.
    ///
    /// # Errors
    /// Fails if the login may not, or the server is refused.
    pub async fn add_database_host(
        &self,
        name: &str,
        urls: &crate::postgres::PostgresUrls,
        max_connections: u32,
    ) -> Result<String> {
        let body = json!({
            "name": name,
            "address": urls.host(),
            "port": urls.port(),
            "admin_url": urls.provisioner.as_str(),
            "max_databases": 1000,
            "max_connections": max_connections,
        });
        let answer = self.site.post("/api/v1/db-hosts", &body).await?.expect_status(201)?;
        let data = answer.data()?;
        let id = data.get("id").and_then(serde_json::Value::as_str);
        id.map(str::to_owned).context("the new database server has no id")
    }
}
