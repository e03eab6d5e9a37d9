//! The certificate of the platform's own names, from two files.

use std::{path::PathBuf, sync::Arc, time::SystemTime};

use anyhow::{Context as _, Result};
use hotelhub_core::config::Reader;
use rustls::sign::CertifiedKey;

use super::shown::certified;

/// Where the certificate of `*.<base domain>` stands.
#[derive(Clone, Debug)]
pub(crate) struct TlsFiles {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl TlsFiles {
    /// Reads the settings; `Some(None)`: there is none.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Option<Self>> {
        let certificate: Option<Option<PathBuf>> = reader.optional("TLS_CERTIFICATE_FILE");
        let key: Option<Option<PathBuf>> = reader.optional("TLS_KEY_FILE");
        match (certificate?, key?) {
            (Some(certificate), Some(key)) => Some(Some(Self { certificate, key })),
            (None, None) => Some(None),
            (Some(_), None) => reader.fault("TLS_KEY_FILE", "is needed with TLS_CERTIFICATE_FILE"),
            (None, Some(_)) => reader.fault("TLS_CERTIFICATE_FILE", "is needed with TLS_KEY_FILE"),
        }
    }

    /// When either was last written, as far as the machine says.
    pub(super) fn written_at(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|it| it.metadata().and_then(|it| it.modified()).ok())
    }

    /// What they hold.
    pub(super) fn load(&self) -> Result<Arc<CertifiedKey>> {
        let chain =
            std::fs::read_to_string(&self.certificate).context("read TLS_CERTIFICATE_FILE")?;
        let key = std::fs::read_to_string(&self.key).context("read TLS_KEY_FILE")?;
        certified(&chain, &key).context("use TLS_CERTIFICATE_FILE and TLS_KEY_FILE")
    }
}
