//! Takes over certificates that are new, while handshakes go on.

use std::{collections::HashMap, sync::Arc, time::Duration};

use anyhow::Result;
use hotelhub_core::errors::Chain;
use hotelhub_storage::{
    Stamp,
    certificates::{CertificateError, CertificateStore},
};
use rustls::sign::CertifiedKey;
use secrecy::ExposeSecret as _;
use std::time::SystemTime;
use tokio::time::sleep;

use super::{
    files::TlsFiles,
    shown::{Certificates, Shown, certified},
};

const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Watches the store and the files.
#[derive(Debug)]
pub(super) struct Watch {
    shown: Arc<Shown>,
    store: Option<CertificateStore>,
    files: Option<TlsFiles>,
    /// Of the index that was taken over.
    seen: Option<Stamp>,
    /// What was taken over, by its object.
    known: HashMap<String, Arc<CertifiedKey>>,
    written_at: [Option<SystemTime>; 2],
}

impl Watch {
    /// Shows what the files hold from now on.
    ///
    /// # Errors
    /// Fails if they hold no certificate.
    pub(super) fn new(
        shown: Arc<Shown>,
        store: Option<CertificateStore>,
        files: Option<TlsFiles>,
    ) -> Result<Self> {
        let written_at = files.as_ref().map_or([None; 2], TlsFiles::written_at);
        let platform = files.as_ref().map(TlsFiles::load).transpose()?;
        shown.replace(Certificates { platform, ..Certificates::default() });
        Ok(Self { shown, store, files, seen: None, known: HashMap::new(), written_at })
    }

    /// Watches for as long as the program runs.
    pub(super) async fn run(mut self) {
        loop {
            self.look_at_files();
            if let Err(error) = self.look_at_store().await {
                tracing::warn!(error = %Chain(&error), "certificates stay as they are");
            }
            sleep(LOOK_EVERY).await;
        }
    }

    fn look_at_files(&mut self) {
        let Some(files) = &self.files else { return };
        let written_at = files.written_at();
        if written_at == self.written_at {
            return;
        }
        match files.load() {
            Ok(platform) => {
                let current = Certificates::clone(&self.shown.current());
                self.shown.replace(Certificates { platform: Some(platform), ..current });
                self.written_at = written_at;
                tracing::info!("took over the certificate of the platform's names");
            }
            // Two files are not written at once: the next look finds both.
            Err(error) => tracing::warn!(
                error = %Chain(error.as_ref()),
                "the certificate of the platform's names stays as it is"
            ),
        }
    }

    async fn look_at_store(&mut self) -> Result<(), CertificateError> {
        let Some(store) = &self.store else { return Ok(()) };
        let stamp = store.stamp().await?;
        if stamp.is_none() || stamp == self.seen {
            return Ok(());
        }
        let (index, stamp) = store.index().await?;
        let (mut by_name, mut known) = (HashMap::new(), HashMap::new());
        let mut is_whole = true;
        for (name, entry) in index.certificates {
            let certified = match self.known.get(&entry.object) {
                Some(it) => Some(Arc::clone(it)),
                None => load(store, &name, &entry.object).await,
            };
            match certified {
                Some(certified) => {
                    known.insert(entry.object, Arc::clone(&certified));
                    by_name.insert(name, certified);
                }
                None => is_whole = false,
            }
        }
        let current = self.shown.current();
        let platform = current.platform.clone();
        tracing::info!(certificates = by_name.len(), "took over certificates");
        self.shown.replace(Certificates { by_name, platform });
        self.known = known;
        // What could not be had is looked for again.
        self.seen = stamp.filter(|_| is_whole);
        Ok(())
    }
}

/// One certificate; one that cannot be had keeps no other from being shown.
async fn load(store: &CertificateStore, name: &str, object: &str) -> Option<Arc<CertifiedKey>> {
    let issued = match store.get(object).await {
        Ok(issued) => issued,
        Err(error) => {
            tracing::warn!(domain = name, error = %Chain(&error), "a certificate cannot be had");
            return None;
        }
    };
    match certified(&issued.chain_pem, issued.key_pem.expose_secret()) {
        Ok(certified) => Some(certified),
        Err(error) => {
            let error = Chain(error.as_ref());
            tracing::error!(domain = name, %error, "a certificate is of no use");
            None
        }
    }
}
