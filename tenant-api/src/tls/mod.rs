//! TLS for setups without an edge: certificates from the store that the provisioner fills, chosen by
//! the name in the handshake.
//!
//! What is shown is in memory, so a handshake costs no look-up elsewhere, and one for a name that is
//! nobody's ends at once, whatever stands in the store. New certificates are taken over while it runs.
//! A replica is ready once it has looked at the store, so that nobody's custom domain is refused by one
//! that has just begun.

mod files;
mod progress;
mod shown;
mod watch;

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context as _, Result};
use hotelhub_core::{config::Reader, keys::Keyring, tasks::Tasks};
use hotelhub_storage::{Storage, StorageConfig, certificates::CertificateStore};
use hotelhub_tenancy::routes::Routes;
use rustls::{ServerConfig, server::ResolvesServerCert};

pub(crate) use self::{files::TlsFiles, progress::Progress};
use self::{shown::Shown, watch::Watch};

/// How TLS is served.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// `TLS_LISTEN`; unset: an edge ends TLS.
    pub listen: Option<SocketAddr>,
    /// `TLS_CERTIFICATE_FILE` and `TLS_KEY_FILE`: for the platform's own names.
    pub(crate) files: Option<TlsFiles>,
    /// `CERTIFICATE_KEYS`: open the private keys in the store; unset: there is no store.
    pub(crate) keys: Option<Keyring>,
}

/// TLS as it is served.
#[derive(Debug)]
pub(crate) struct Served {
    /// Where.
    pub(crate) listen: SocketAddr,
    /// And how.
    pub(crate) config: ServerConfig,
    /// How far the replica has come with the certificates that it shows there.
    pub(crate) progress: Progress,
}

impl TlsConfig {
    /// Reads the settings.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let listen: Option<Option<SocketAddr>> = reader.optional("TLS_LISTEN");
        let files = TlsFiles::read(reader);
        let keys: Option<Option<Keyring>> = reader.optional("CERTIFICATE_KEYS");
        if let (Some(Some(_)), Some(None), Some(None)) = (&listen, &files, &keys) {
            let what = "needs CERTIFICATE_KEYS and STORAGE_URL, or TLS_CERTIFICATE_FILE: there is \
                        nothing to show";
            return reader.fault("TLS_LISTEN", what);
        }
        Some(Self { listen: listen?, files: files?, keys: keys? })
    }

    /// The store of certificates, if there is one.
    ///
    /// # Errors
    /// Fails if the storage cannot be opened.
    pub(crate) fn store(
        &self,
        storage: Option<&StorageConfig>,
    ) -> Result<Option<CertificateStore>> {
        let Some((keys, storage)) = self.keys.as_ref().zip(storage) else { return Ok(None) };
        let storage = Storage::open(storage).context("open STORAGE_URL")?;
        Ok(Some(CertificateStore::new(storage, keys.clone())))
    }

    /// How TLS is served, if it is; certificates are watched from now on.
    ///
    /// # Errors
    /// Fails if the files hold no certificate.
    pub(crate) fn serve(
        &self,
        (store, routes): (Option<CertificateStore>, &Routes),
        base_domain: &str,
        tasks: &Tasks,
    ) -> Result<Option<Served>> {
        let Some(listen) = self.listen else { return Ok(None) };
        let shown = Arc::new(Shown::new(routes.clone(), base_domain));
        let watch = Watch::new(Arc::clone(&shown), store, self.files.clone())?;
        let progress = watch.progress();
        tasks.spawn_endless("certificates", watch.run());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("prepare TLS")?
            .with_no_client_auth()
            .with_cert_resolver(shown as Arc<dyn ResolvesServerCert>);
        Ok(Some(Served { listen, config, progress }))
    }
}
