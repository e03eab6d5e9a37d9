//! One certificate authority that speaks ACME: who we are there, and one order at a time.

use std::{path::PathBuf, time::Duration};

use chrono::{DateTime, Utc};
use hotelhub_core::{
    config::Reader,
    errors::Chain,
    keys::{Keyring, UnsealError},
};
use hotelhub_storage::{
    StorageConfig,
    certificates::{CertificateError, CertificateStore, Issued},
};
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount,
    NewOrder, OrderStatus, RetryPolicy,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;
use x509_parser::{pem::Pem, prelude::X509Certificate};

use super::{budget::Budget, store};
use crate::session::Session;

/// Longest time of one order.
const ORDER: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_secs(45);
const PER_HOUR: u32 = 50;
const PER_DOMAIN: u32 = 20;

/// How certificates are ordered.
#[derive(Clone, Debug)]
pub struct AcmeConfig {
    /// `ACME_DIRECTORY_URL`.
    directory: String,
    /// `ACME_CONTACT`: whom the authority writes to.
    contact: Option<String>,
    /// `ACME_ROOTS`: the file with the authority's own root, if the system does not trust it.
    roots: Option<PathBuf>,
    /// `STORAGE_URL`.
    pub(super) storage: StorageConfig,
    /// `CERTIFICATE_KEYS`: seal private keys.
    pub(super) keys: Keyring,
    pub(super) budget: Budget,
}

impl AcmeConfig {
    /// Reads the settings; `Some(None)`: no certificates are ordered.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Option<Self>> {
        let directory: Option<url::Url> = reader.optional("ACME_DIRECTORY_URL")?;
        let Some(directory) = directory else { return Some(None) };
        let contact: Option<Option<String>> = reader.optional("ACME_CONTACT");
        let roots: Option<Option<PathBuf>> = reader.optional("ACME_ROOTS");
        let keys = reader.keys("CERTIFICATE_KEYS");
        let per_hour = reader.or("ACME_ORDERS_PER_HOUR", PER_HOUR);
        let per_domain = reader.or("ACME_ORDERS_PER_DOMAIN", PER_DOMAIN);
        let storage = match StorageConfig::read(reader) {
            Some(None) => reader.fault("STORAGE_URL", "is needed with ACME_DIRECTORY_URL"),
            read => read.flatten(),
        };
        Some(Some(Self {
            directory: directory.to_string(),
            contact: contact?,
            roots: roots?,
            storage: storage?,
            keys: keys?,
            budget: Budget { per_hour: per_hour?, per_domain: per_domain? },
        }))
    }
}

/// We are nobody at the authority.
#[derive(Debug, thiserror::Error)]
pub(super) enum AccountError {
    #[error("read or write the account")]
    Database(#[from] tokio_postgres::Error),
    #[error("open or seal the account's key (SEALING_KEYS)")]
    Sealed(#[from] UnsealError),
    #[error("read or write the account's form")]
    Form(#[from] serde_json::Error),
    #[error("ask the certificate authority (ACME_DIRECTORY_URL)")]
    Authority(#[from] instant_acme::Error),
}

/// An order came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum OrderError {
    #[error("the certificate authority refuses")]
    Authority(#[from] instant_acme::Error),
    #[error("answer the certificate authority")]
    Store(#[from] CertificateError),
    #[error("keep the certificate that was issued")]
    Keep(#[source] CertificateError),
    #[error("the certificate authority did not find the name to be ours: {0}")]
    Unproven(String),
    #[error("the certificate authority offers no HTTP-01")]
    NoChallenge,
    #[error("the certificate authority does not come to an end")]
    Late(#[from] tokio::time::error::Elapsed),
    #[error("the certificate is none")]
    Unreadable,
}

/// What came of an order.
pub(super) struct Ordered {
    pub(super) outcome: Result<Issued, OrderError>,
    /// The authority was asked to issue: it may have, even if nothing came of it here.
    pub(super) may_be_issued: bool,
}

/// An order under way.
#[derive(Default)]
struct Attempt {
    /// What the authority is answered to.
    tokens: Vec<String>,
    may_be_issued: bool,
}

/// An authority where we are somebody.
pub(super) struct Authority(Account);

impl Authority {
    /// Becomes whoever we were there, or somebody new.
    pub(super) async fn join(
        control: &Session,
        config: &AcmeConfig,
        keys: &Keyring,
        now: DateTime<Utc>,
    ) -> Result<Self, AccountError> {
        // The client asks the process for it; who comes second finds the same one there.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let builder = match &config.roots {
            Some(file) => Account::builder_with_root(file)?,
            None => Account::builder()?,
        };
        let place = format!("acme_accounts.credentials.{}", config.directory);
        if let Some(sealed) = store::find_account(control, &config.directory).await? {
            let known = keys.unseal(&place, &sealed)?;
            let known: AccountCredentials = serde_json::from_str(known.expose_secret())?;
            return Ok(Self(builder.from_credentials(known).await?));
        }
        let contact = config.contact.as_ref().map(|it| format!("mailto:{it}"));
        let contact: Vec<&str> = contact.as_deref().into_iter().collect();
        let new = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let (account, credentials) = builder.create(&new, config.directory.clone(), None).await?;
        let secret = SecretString::from(serde_json::to_string(&credentials)?);
        let sealed = keys.seal(&place, &secret)?;
        store::insert_account(control, (&config.directory, &sealed), now).await?;
        tracing::info!(directory = config.directory, "has an account at a certificate authority");
        Ok(Self(account))
    }

    /// Orders a certificate; the authority asks the name itself, where replicas answer.
    pub(super) async fn order(&self, store: &CertificateStore, hostname: &str) -> Ordered {
        let mut attempt = Attempt::default();
        let issued = timeout(ORDER, self.place(store, hostname, &mut attempt)).await;
        let Attempt { tokens, may_be_issued } = attempt;
        for token in tokens {
            if let Err(error) = store.forget_answer(&token).await {
                tracing::warn!(error = %Chain(&error), "an answer stays in the store");
            }
        }
        let outcome = issued.unwrap_or_else(|elapsed| Err(elapsed.into()));
        Ordered { outcome, may_be_issued }
    }

    async fn place(
        &self,
        store: &CertificateStore,
        hostname: &str,
        attempt: &mut Attempt,
    ) -> Result<Issued, OrderError> {
        let names = [Identifier::Dns(hostname.to_owned())];
        let mut order = self.0.new_order(&NewOrder::new(&names)).await?;
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let challenge = authorization.challenge(ChallengeType::Http01);
            let mut challenge = challenge.ok_or(OrderError::NoChallenge)?;
            let token = challenge.token.clone();
            store.answer(&token, challenge.key_authorization().as_str()).await?;
            attempt.tokens.push(token);
            challenge.set_ready().await?;
        }
        let patience = RetryPolicy::new().timeout(POLL);
        match order.poll_ready(&patience).await {
            Ok(OrderStatus::Ready | OrderStatus::Valid) => {}
            Ok(_) | Err(instant_acme::Error::Api(_)) => {
                return Err(OrderError::Unproven(why(&mut order).await));
            }
            Err(error) => return Err(error.into()),
        }
        attempt.may_be_issued = true;
        let key_pem = SecretString::from(order.finalize().await?);
        let chain_pem = order.poll_certificate(&patience).await?;
        Ok(Issued { chain_pem, key_pem })
    }
}

/// What the authority says of the name.
async fn why(order: &mut instant_acme::Order) -> String {
    let mut authorizations = order.authorizations();
    while let Some(Ok(authorization)) = authorizations.next().await {
        let error = authorization.challenges.iter().find_map(|it| it.error.as_ref());
        if let Some(error) = error {
            return error.to_string();
        }
    }
    "it says no more".to_owned()
}

/// From when to when the first certificate of a chain is good.
pub(super) fn validity(chain_pem: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let first = Pem::iter_from_buffer(chain_pem.as_bytes()).next()?.ok()?;
    let certificate: X509Certificate<'_> = first.parse_x509().ok()?;
    let validity = certificate.validity();
    let from = DateTime::from_timestamp(validity.not_before.timestamp(), 0)?;
    let until = DateTime::from_timestamp(validity.not_after.timestamp(), 0)?;
    (from < until).then_some((from, until))
}
