//! Issues certificates for custom domains, for platforms that serve TLS themselves.
//!
//! A reconciler with one leader: it compares the domains that are verified and lead here with the
//! certificates there are, and orders what is missing or near its end, one order after the other. What
//! is ordered for comes from `domains` alone, never from what somebody asked a replica for. Each order
//! is counted before it is placed; whoever dies afterwards has used up a bit of the budget and nothing
//! else. A certificate that was issued and could not be stored stays at hand, and is stored rather than
//! ordered again: a store that is away costs time and no certificates. The index of the store is made
//! from the tables anew in each pass, and what neither names any more is deleted a day later.

mod acme;
mod budget;
mod store;

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::{clock::Clock, errors::Chain, sql::Query as _, tasks::Tasks};
use hotelhub_storage::{
    Storage, StorageError,
    certificates::{CertificateError, CertificateStore, Entry, Index, Issued},
};
use tokio::time::sleep;
use tokio_postgres::{Config as Login, Error};

pub use self::{acme::AcmeConfig, budget::Budget};
use self::{
    acme::{Authority, OrderError, Ordered},
    store::Wanted,
};
use crate::{config::Config, locks::Lock, session::Session};

const LOOK_EVERY: Duration = Duration::from_secs(2);
const SWEEP_EVERY: TimeDelta = TimeDelta::hours(1);
/// How long a certificate that was replaced can still be read.
const KEPT: TimeDelta = TimeDelta::days(1);

/// Issues certificates.
#[derive(Debug)]
pub struct Issuer {
    control: Login,
    clock: Clock,
    config: AcmeConfig,
    store: CertificateStore,
    sealing_keys: hotelhub_core::keys::Keyring,
    tasks: Tasks,
}

/// Certificates that were issued and are not stored yet, by name.
type AtHand = HashMap<String, Issued>;

/// A pass failed; the next one tries again.
#[derive(Debug, thiserror::Error)]
enum PassError {
    #[error("read or write what certificates there are")]
    Database(#[from] Error),
    #[error("keep the store of certificates")]
    Store(#[from] CertificateError),
    #[error("be somebody at the certificate authority")]
    Account(#[from] acme::AccountError),
}

impl Issuer {
    /// An issuer, if the settings want one.
    ///
    /// # Errors
    /// Fails if the storage cannot be opened.
    pub fn new(config: &Config, tasks: Tasks) -> Result<Option<Self>, StorageError> {
        let Some(acme) = config.acme.clone() else { return Ok(None) };
        let store = CertificateStore::new(Storage::open(&acme.storage)?, acme.keys.clone());
        Ok(Some(Self {
            control: config.control.clone(),
            clock: config.clock.clone(),
            config: acme,
            store,
            sealing_keys: config.sealing_keys.clone(),
            tasks,
        }))
    }

    /// Issues until the tasks stop.
    pub async fn run(self) {
        let stop = self.tasks.stop_token();
        let (mut at_hand, mut has_reviewed) = (AtHand::new(), false);
        while !stop.is_cancelled() {
            let lead = async {
                let control = Session::open(&self.control, &self.tasks).await?;
                self.lead(&control, &mut at_hand, &mut has_reviewed).await
            };
            tokio::select! {
                outcome = lead => if let Err(error) = outcome {
                    tracing::warn!(error = %Chain(&error), "no certificates for a moment");
                },
                () = stop.cancelled() => return,
            }
            self.pause().await;
        }
    }

    async fn pause(&self) {
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            () = self.tasks.stopping() => {}
        }
    }

    /// Leads for as long as the session lasts: the server frees the lock when the process dies.
    async fn lead(
        &self,
        control: &Session,
        at_hand: &mut AtHand,
        has_reviewed: &mut bool,
    ) -> Result<(), PassError> {
        let lock = "SELECT pg_try_advisory_lock($1)";
        while !control.query_one(lock, &[&Lock::Certificates.key()]).await?.try_get::<_, bool>(0)? {
            self.pause().await;
        }
        // Another process may have had another budget. Once is enough: this one's never changes.
        if !*has_reviewed {
            store::review_holds(control, self.clock.now(), &self.config.budget).await?;
            *has_reviewed = true;
        }
        let mut authority = None;
        let mut swept_at: Option<DateTime<Utc>> = None;
        loop {
            self.write_index(control).await?;
            let now = self.clock.now();
            if swept_at.is_none_or(|it| now - it >= SWEEP_EVERY) {
                swept_at = Some(now);
                if let Err(error) = self.sweep(control, now).await {
                    tracing::warn!(error = %Chain(&error), "old certificates stay for now");
                }
            }
            let names: Vec<&str> = at_hand.keys().map(String::as_str).collect();
            let next = store::next_wanted(control, now, &self.config.budget, &names).await?;
            let Some(wanted) = next else {
                self.pause().await;
                continue;
            };
            if let Some(issued) = at_hand.remove(&wanted.hostname) {
                self.keep(control, (&wanted, issued), at_hand).await?;
                continue;
            }
            let authority = match &authority {
                Some(it) => it,
                None => {
                    let keys = &self.sealing_keys;
                    authority.insert(Authority::join(control, &self.config, keys, now).await?)
                }
            };
            if let Some(issued) = self.order(control, authority, &wanted).await? {
                self.keep(control, (&wanted, issued), at_hand).await?;
            }
        }
    }

    /// Orders one certificate; `None` if nothing came of it, which is noted.
    async fn order(
        &self,
        control: &Session,
        authority: &Authority,
        wanted: &Wanted,
    ) -> Result<Option<Issued>, PassError> {
        let order = store::note_order(control, wanted, self.clock.now()).await?;
        tracing::info!(domain = wanted.hostname, "orders a certificate");
        let Ordered { outcome, may_be_issued } =
            authority.order(&self.store, &wanted.hostname).await;
        match outcome {
            Ok(issued) => Ok(Some(issued)),
            Err(error) => {
                if !may_be_issued {
                    store::note_unissued(control, order).await?;
                }
                self.note_failure(control, wanted, &error).await?;
                Ok(None)
            }
        }
    }

    /// Stores a certificate that was issued, and notes it. One that cannot be stored stays at hand.
    async fn keep(
        &self,
        control: &Session,
        (wanted, issued): (&Wanted, Issued),
        at_hand: &mut AtHand,
    ) -> Result<(), PassError> {
        let hostname = &*wanted.hostname;
        let Some(validity) = acme::validity(&issued.chain_pem) else {
            return self.note_failure(control, wanted, &OrderError::Unreadable).await;
        };
        match self.store.keep(hostname, &issued).await {
            Ok(object) => {
                let now = self.clock.now();
                let noted = store::note_issued(control, hostname, (&object, validity), now).await;
                if let Err(error) = noted {
                    at_hand.insert(hostname.to_owned(), issued);
                    return Err(error.into());
                }
                metrics::counter!("certificate_orders_total", "outcome" => "issued").increment(1);
                tracing::info!(domain = hostname, until = %validity.1, "a certificate is issued");
                Ok(())
            }
            Err(error) => {
                at_hand.insert(hostname.to_owned(), issued);
                self.note_failure(control, wanted, &OrderError::Keep(error)).await
            }
        }
    }

    async fn note_failure(
        &self,
        control: &Session,
        wanted: &Wanted,
        error: &OrderError,
    ) -> Result<(), PassError> {
        let (hostname, failures, now) = (&*wanted.hostname, wanted.failures + 1, self.clock.now());
        let retry_at = now + budget::wait_after(failures);
        let why = Chain(error).to_string();
        metrics::counter!("certificate_orders_total", "outcome" => "failed").increment(1);
        tracing::warn!(domain = hostname, %retry_at, error = why, "no certificate");
        store::note_failure(control, hostname, (failures, retry_at, &why), now).await?;
        Ok(())
    }

    /// Forgets the certificates of names that are nobody's any more, and deletes what neither the
    /// tables nor the index name.
    async fn sweep(&self, control: &Session, now: DateTime<Utc>) -> Result<(), PassError> {
        store::forget_gone(control, now).await?;
        let mut named = store::list_objects(control).await?;
        let (index, _) = self.store.index().await?;
        named.extend(index.certificates.into_values().map(|it| it.object));
        let swept = self.store.sweep(&named, SystemTime::from(now - KEPT)).await?;
        if swept > 0 {
            tracing::info!(objects = swept, "deleted certificates that are of no use any more");
        }
        Ok(())
    }

    /// Makes the index what the tables say.
    async fn write_index(&self, control: &Session) -> Result<(), PassError> {
        let counting = store::list_counting(control).await?;
        let certificates = counting
            .into_iter()
            .map(|it| (it.hostname, Entry { object: it.object, not_after: it.not_after }))
            .collect();
        let wanted = Index { certificates };
        let (there, seen) = self.store.index().await?;
        if there != wanted {
            self.store.write_index(&wanted, seen.as_ref()).await?;
        }
        Ok(())
    }
}
