//! Keeps the routes of a replica current, and keeps a copy on disk.
//!
//! A replica long-polls the control plane. While that is down it keeps serving what it knows; a
//! replica that starts meanwhile begins with the copy on disk. The copy is signed with the feed's
//! token, so that a file from elsewhere is not believed.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hotelhub_core::{
    errors::Chain,
    keys::{equal_secrets, signature},
    routes::RoutePage,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::sleep;
use url::Url;

use crate::routes::Routes;

/// How long the control plane may hold a poll open. Below the idle limits of usual proxies.
const POLL: Duration = Duration::from_secs(25);
const RETRY: Duration = Duration::from_millis(500);
/// Changes of one moment are written to disk once.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(2);

/// Where routes come from.
#[derive(Clone, Debug)]
pub struct FeedConfig {
    /// `ROUTE_FEED_URL`: the control plane's address.
    pub url: Url,
    /// `ROUTE_FEED_TOKEN`.
    pub token: SecretString,
    /// `ROUTE_SNAPSHOT_FILE`.
    pub snapshot_file: PathBuf,
}

/// Why a page was not had.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The control plane did not answer, or refused.
    #[error("ask the control plane for routes")]
    Http(#[from] reqwest::Error),
    /// The copy on disk could not be read or written.
    #[error("read or write the copy of the routes at {path}")]
    Disk {
        /// Where the copy lies.
        path: PathBuf,
        /// What the machine said.
        source: std::io::Error,
    },
    /// The page could not be written or read as JSON.
    #[error("read or write a page of routes")]
    Json(#[from] serde_json::Error),
    /// The copy on disk was not written by us.
    #[error("the copy of the routes at {0} has a wrong signature; delete it")]
    Forged(PathBuf),
}

/// Follows the feed of the control plane.
#[derive(Clone, Debug)]
pub struct Feed {
    config: FeedConfig,
    client: reqwest::Client,
    routes: Routes,
    connected: Arc<AtomicBool>,
}

impl Feed {
    /// A follower that fills `routes`.
    ///
    /// # Errors
    /// Fails if no HTTP client can be made.
    pub fn new(config: FeedConfig, routes: Routes) -> Result<Self, FeedError> {
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .timeout(POLL + Duration::from_secs(5))
            .build()?;
        Ok(Self { config, client, routes, connected: Arc::default() })
    }

    /// Whether the last poll succeeded.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    /// Gets the first routes: from the control plane, else from the disk. Tries until it has some.
    pub async fn start(&self) {
        loop {
            if self.poll_and_report(Duration::ZERO).await {
                return;
            }
            match read_copy(&self.config.snapshot_file, &self.config.token) {
                Ok(Some(page)) => {
                    tracing::warn!(routes = page.routes.len(), "started from the copy on disk");
                    self.routes.apply(page);
                    return;
                }
                Ok(None) => {}
                Err(error) => tracing::error!(error = %Chain(&error), "the copy is of no use"),
            }
            sleep(RETRY).await;
        }
    }

    /// Follows the feed for ever, and keeps the copy on disk within two seconds of it.
    pub async fn follow(self) {
        futures_util::join!(self.poll_for_ever(), self.write_for_ever());
    }

    async fn poll_for_ever(&self) {
        loop {
            if !self.poll_and_report(POLL).await {
                sleep(RETRY).await;
            }
        }
    }

    async fn write_for_ever(&self) {
        let mut changes = self.routes.changes();
        let mut written = None;
        loop {
            if self.routes.position() != written {
                let position = self.routes.position();
                match self.write_copy() {
                    Ok(()) => written = position,
                    Err(error) => tracing::error!(error = %Chain(&error), "no copy on disk"),
                }
                sleep(SNAPSHOT_EVERY).await;
            } else if changes.changed().await.is_err() {
                return;
            }
        }
    }

    async fn poll_and_report(&self, wait: Duration) -> bool {
        let polled = self.poll(wait).await;
        let was = self.connected.swap(polled.is_ok(), Ordering::Relaxed);
        metrics::gauge!("route_feed_connected").set(if polled.is_ok() { 1.0 } else { 0.0 });
        match polled {
            Err(error) if was => {
                tracing::error!(error = %Chain(&error), "the route feed is cut; serving what is known");
                false
            }
            Err(_still_cut) => false,
            Ok(()) => {
                if !was {
                    tracing::info!("the route feed is connected");
                }
                true
            }
        }
    }

    async fn poll(&self, wait: Duration) -> Result<(), FeedError> {
        let mut url = self.config.url.clone();
        url.set_path("/upcall/v1/routes");
        let mut request = self
            .client
            .get(url)
            .bearer_auth(self.config.token.expose_secret())
            .query(&[("wait_seconds", wait.as_secs())]);
        if let Some(position) = self.routes.position() {
            request = request
                .query(&[("epoch", position.epoch.to_string())])
                .query(&[("since", position.version)]);
        }
        let page: RoutePage = request.send().await?.error_for_status()?.json().await?;
        if page.snapshot || !page.routes.is_empty() || !page.gone.is_empty() {
            self.routes.apply(page);
        }
        Ok(())
    }

    fn write_copy(&self) -> Result<(), FeedError> {
        let Some(page) = self.routes.snapshot() else { return Ok(()) };
        let path = &self.config.snapshot_file;
        let body = serde_json::to_string(&page)?;
        let signed = format!("{}\n{body}", signature(&self.config.token, body.as_bytes()));
        let disk = |source| FeedError::Disk { path: path.clone(), source };
        // A reader sees the old copy or the new one, never half of it.
        let fresh = path.with_extension("new");
        std::fs::write(&fresh, signed).map_err(disk)?;
        std::fs::rename(&fresh, path).map_err(disk)
    }
}

fn read_copy(path: &Path, token: &SecretString) -> Result<Option<RoutePage>, FeedError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(FeedError::Disk { path: path.to_owned(), source }),
    };
    match text.split_once('\n') {
        Some((signed, body)) if equal_secrets(signed, &signature(token, body.as_bytes())) => {
            Ok(Some(serde_json::from_str(body)?))
        }
        _ => Err(FeedError::Forged(path.to_owned())),
    }
}
