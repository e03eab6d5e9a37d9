//! A visitor over TLS, who names whom he wants in the handshake and trusts one root alone.

use std::{net::Ipv4Addr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// For what takes milliseconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A visitor of one port. Cheap to clone.
#[derive(Clone)]
pub struct TlsVisitor {
    connector: TlsConnector,
    port: u16,
}

impl std::fmt::Debug for TlsVisitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsVisitor").field("port", &self.port).finish_non_exhaustive()
    }
}

impl TlsVisitor {
    /// A visitor who trusts what is in this file.
    ///
    /// # Errors
    /// Fails if the file holds no certificate.
    pub fn new(port: u16, root: &Path) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(root).context("read the root")?)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), port })
    }

    /// The whole answer to `GET path` at `host`, head and body.
    ///
    /// # Errors
    /// Fails if the handshake is refused or the certificate is not that of `host`.
    pub async fn get(&self, host: &str, path: &str) -> Result<String> {
        timeout(PATIENCE, self.ask(host, path)).await.context("it takes too long")?
    }

    async fn ask(&self, host: &str, path: &str) -> Result<String> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
        let name = ServerName::try_from(host.to_owned()).context("name the server")?;
        let mut stream = self.connector.connect(name, stream).await.context("shake hands")?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}
