//! A look at the certificate that people are shown: a handshake as a browser does it.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use hotelhub_core::errors::Chain;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::state::Certificate;

const CONNECT: Duration = Duration::from_secs(3);
/// An edge that issues on demand does so in the first handshake.
const HANDSHAKE: Duration = Duration::from_secs(15);

/// Shakes hands over TLS. Cheap to clone.
#[derive(Clone)]
pub(super) struct Probe(TlsConnector);

impl Probe {
    /// Trusts what the system trusts, and the authorities in the file `more`.
    ///
    /// # Errors
    /// Fails if that file holds no certificates.
    pub(super) fn new(more: Option<&Path>) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(file) = more {
            let found = CertificateDer::pem_file_iter(file).context("read TLS_PROBE_ROOTS")?;
            for root in found {
                roots.add(root.context("read TLS_PROBE_ROOTS")?).context("use TLS_PROBE_ROOTS")?;
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("prepare TLS")?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Looks at the certificate of `host` at `address`; with it, why it is not good.
    pub(super) async fn look(
        &self,
        host: &str,
        address: SocketAddr,
    ) -> (Certificate, Option<String>) {
        let unreachable = |why: String| (Certificate::Unreachable, Some(why));
        let stream = match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return unreachable(format!("{address}: {error}")),
            Err(_elapsed) => return unreachable(format!("{address} does not answer")),
        };
        let Ok(name) = ServerName::try_from(host.to_owned()) else {
            return (Certificate::Bad, Some("the name cannot be in a certificate".to_owned()));
        };
        let stream = match timeout(HANDSHAKE, self.0.connect(name, stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return (Certificate::Bad, Some(Chain(&error).to_string())),
            Err(_elapsed) => return unreachable(format!("{address}: the handshake does not end")),
        };
        let chain = stream.get_ref().1.peer_certificates();
        match chain.and_then(<[_]>::first).and_then(|it| ends_at(it)) {
            Some(until) => (Certificate::Good { until }, None),
            None => (Certificate::Bad, Some("the certificate does not say how long".to_owned())),
        }
    }
}

fn ends_at(certificate: &CertificateDer<'_>) -> Option<DateTime<Utc>> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    DateTime::from_timestamp(parsed.validity().not_after.timestamp(), 0)
}
