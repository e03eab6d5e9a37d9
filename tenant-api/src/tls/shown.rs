//! Which certificate is shown for which name.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use anyhow::{Context as _, Result};
use hotelhub_tenancy::{host::Hostname, routes::Routes};
use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

/// What there is to show.
#[derive(Clone, Debug, Default)]
pub(super) struct Certificates {
    /// Of custom domains.
    pub(super) by_name: HashMap<String, Arc<CertifiedKey>>,
    /// Of the platform's own names.
    pub(super) platform: Option<Arc<CertifiedKey>>,
}

/// Chooses what is shown.
#[derive(Debug)]
pub(super) struct Shown {
    routes: Routes,
    /// With a dot before it.
    base_domain: String,
    certificates: RwLock<Arc<Certificates>>,
}

impl Shown {
    pub(super) fn new(routes: Routes, base_domain: &str) -> Self {
        let base_domain = format!(".{base_domain}");
        Self { routes, base_domain, certificates: RwLock::default() }
    }

    /// What there is to show now.
    pub(super) fn current(&self) -> Arc<Certificates> {
        Arc::clone(&self.certificates.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows these beside what is shown.
    pub(super) fn add(&self, more: Vec<(String, Arc<CertifiedKey>)>) {
        let mut certificates = Certificates::clone(&self.current());
        certificates.by_name.extend(more);
        self.replace(certificates);
    }

    /// Shows these from the next handshake on.
    pub(super) fn replace(&self, certificates: Certificates) {
        metrics::gauge!("tls_certificates")
            .set(u32::try_from(certificates.by_name.len()).unwrap_or(u32::MAX));
        let mut current = self.certificates.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(certificates);
    }

    /// The certificate for a name; `None`: the handshake is refused.
    fn choose(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let name = Hostname::parse(name.filter(|it| !it.contains(':'))?).ok()?;
        let current = self.current();
        // A name that was released is nobody's at once, the store may say so a moment later.
        if let Some(own) = current.by_name.get(name.as_str()) {
            return self.routes.resolve(&name).map(|_| Arc::clone(own));
        }
        let label = name.as_str().strip_suffix(&self.base_domain)?;
        current.platform.clone().filter(|_| !label.is_empty() && !label.contains('.'))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let chosen = self.choose(hello.server_name());
        let outcome = if chosen.is_some() { "shown" } else { "refused" };
        metrics::counter!("tls_handshakes_total", "certificate" => outcome).increment(1);
        chosen
    }
}

/// A chain and its key, ready to be shown.
pub(super) fn certified(chain_pem: &str, key_pem: &str) -> Result<Arc<CertifiedKey>> {
    let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes()).collect::<Result<Vec<_>, _>>();
    let chain = chain.context("read the chain")?;
    anyhow::ensure!(!chain.is_empty(), "the chain holds no certificate");
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).context("read the key")?;
    let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).context("use the key")?;
    let certified = CertifiedKey::new(chain, key);
    certified.keys_match().context("the key is not that of the certificate")?;
    Ok(Arc::new(certified))
}
