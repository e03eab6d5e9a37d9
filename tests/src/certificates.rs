//! Certificates of an authority of a test's own, and a server that shows them.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context as _, Result};
use chrono::{DateTime, Datelike as _, Utc};
use hotelhub_core::tasks::Tasks;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// An authority that nobody else trusts.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root_file: PathBuf,
}

impl Authority {
    /// Makes one; its own certificate is written into `folder`.
    ///
    /// # Errors
    /// Fails if the folder cannot be written.
    pub fn new(folder: &Path) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let root = params.self_signed(&key)?;
        let root_file = folder.join("root.pem");
        std::fs::write(&root_file, root.pem()).context("write the root certificate")?;
        Ok(Self { issuer: Issuer::new(params, key), root_file })
    }

    /// The file with its own certificate.
    #[must_use]
    pub fn root_file(&self) -> &Path {
        &self.root_file
    }

    /// A certificate and its key, in PEM.
    ///
    /// # Errors
    /// Fails if the names are none.
    pub fn issue_pem(&self, names: &[&str], until: DateTime<Utc>) -> Result<(String, String)> {
        let (certificate, key) = self.signed(names, until)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    fn signed(
        &self,
        names: &[&str],
        until: DateTime<Utc>,
    ) -> Result<(rcgen::Certificate, KeyPair)> {
        let names: Vec<String> = names.iter().map(|it| (*it).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        params.not_before = date_time_ymd(2020, 1, 1);
        let (month, day) = (u8::try_from(until.month())?, u8::try_from(until.day())?);
        params.not_after = date_time_ymd(until.year(), month, day);
        let key = KeyPair::generate()?;
        Ok((params.signed_by(&key, &self.issuer)?, key))
    }

    fn certified(&self, names: &[&str], until: DateTime<Utc>) -> Result<CertifiedKey> {
        let (certificate, key) = self.signed(names, until)?;
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key)?;
        Ok(CertifiedKey::new(chain, key))
    }
}

/// An edge that ends TLS with whatever certificate it was given last, and then says nothing.
#[derive(Debug)]
pub struct Edge {
    address: SocketAddr,
    shown: Arc<Shown>,
    tasks: Tasks,
}

#[derive(Debug, Default)]
struct Shown(Mutex<Option<Arc<CertifiedKey>>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Edge {
    /// Starts one without a certificate, on a free port.
    ///
    /// # Errors
    /// Fails if it cannot listen.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shown = Arc::<Shown>::default();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let tasks = Tasks::default();
        let each = tasks.clone();
        tasks.spawn("edge", async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                each.spawn("handshake", async move { drop(acceptor.accept(stream).await) });
            }
        });
        Ok(Self { address, shown, tasks })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Shows a certificate for these names from now on.
    ///
    /// # Errors
    /// Fails if the names are none.
    pub fn show(&self, authority: &Authority, names: &[&str], until: DateTime<Utc>) -> Result<()> {
        let certified = Arc::new(authority.certified(names, until)?);
        *self.shown.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(certified);
        Ok(())
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}
