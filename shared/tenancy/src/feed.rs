//! Keeps the routes of a replica current, and keeps a copy on disk.
//!
//! A replica long-polls the control plane. While that is down it keeps serving what it knows; a
//! replica that starts meanwhile begins with the published copy in object storage, or with its own on
//! disk.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use hotelhub_core::{
    calls::USED_AGAIN,
    errors::Chain,
    routes::{Position, RoutePage},
};
use hotelhub_storage::{Storage, StorageConfig, StorageError};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    sync::Mutex as Turn,
    task::{JoinError, spawn_blocking},
    time::{Instant, sleep},
};
use url::Url;

use crate::{
    copies::{Copies, RouteCopy, Source},
    routes::Routes,
};

/// How long the control plane may hold a poll open. Below the idle limits of usual proxies.
const POLL: Duration = Duration::from_secs(25);
/// How long an answer may take beyond that.
const ANSWER: Duration = Duration::from_secs(5);
/// How long a replica that has nothing waits for the control plane before it looks for a copy; twice
/// as long each time it finds none.
const FIRST_ANSWER: Duration = Duration::from_secs(1);
const RETRY: Duration = Duration::from_millis(500);
/// Changes of one moment are written to disk once.
const COPY_EVERY: Duration = Duration::from_secs(2);
/// How long whoever needs the routes of this very moment waits for them.
const CATCH_UP: Duration = Duration::from_secs(2);
/// Between two such looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// A page this long is read beside the requests.
const LONG_PAGE: usize = 256 * 1024;

/// Where routes come from.
#[derive(Clone, Debug)]
pub struct FeedConfig {
    /// `ROUTE_FEED_URL`: the control plane's address.
    pub url: Url,
    /// `ROUTE_FEED_TOKEN`.
    pub token: SecretString,
    /// `ROUTE_SNAPSHOT_FILE`.
    pub snapshot_file: PathBuf,
    /// `STORAGE_URL`: where the control plane publishes its copy, if anywhere.
    pub storage: Option<StorageConfig>,
}

/// Why a page was not had.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The control plane did not answer, or refused.
    #[error("ask the control plane for routes")]
    Http(#[from] reqwest::Error),
    /// The page could not be read as JSON.
    #[error("read a page of routes")]
    Json(#[from] serde_json::Error),
    /// The page would lead back.
    #[error("the control plane sent a page that does not follow what is known")]
    Misfit,
    /// Object storage cannot be used at all.
    #[error("prepare object storage")]
    Storage(#[from] StorageError),
    /// The program stops, or a thread of it panicked.
    #[error("work beside the requests")]
    Beside(#[from] JoinError),
}

/// Follows the feed of the control plane.
#[derive(Clone, Debug)]
pub struct Feed {
    url: Url,
    copies: Copies,
    client: reqwest::Client,
    routes: Routes,
    contact: Arc<Mutex<Contact>>,
    /// When the last look of [`Feed::catch_up`] began; held while there is one.
    looked: Arc<Turn<Option<Instant>>>,
}

/// What is known of the control plane.
#[derive(Clone, Copy, Debug, Default)]
struct Contact {
    /// Whether it answered the last time; `None` before the first answer or failure.
    is_connected: Option<bool>,
    /// Since when it does not answer.
    cut_since: Option<SystemTime>,
    /// When the routes were last known to be current.
    current_at: Option<SystemTime>,
    /// Where a page last told of the pauses. Pages without them may come from a control plane that
    /// knows of none, so they do not count; nor does a copy, which such pages may have filled.
    pauses_at: Option<Position>,
}

/// As of when a replica knows the pauses if it does not.
const NEVER: i64 = -1;

impl Feed {
    /// A follower that fills `routes`.
    ///
    /// # Errors
    /// Fails if no HTTP client can be made, or object storage cannot be used.
    pub fn new(config: FeedConfig, routes: Routes) -> Result<Self, FeedError> {
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .pool_idle_timeout(USED_AGAIN)
            .build()?;
        let storage = config.storage.as_ref().map(Storage::open).transpose()?;
        let copies = Copies { file: config.snapshot_file, storage, token: config.token };
        let url = config.url;
        Ok(Self { url, copies, client, routes, contact: Arc::default(), looked: Arc::default() })
    }

    /// Whether the last poll succeeded.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.contact().is_connected == Some(true)
    }

    /// How long the feed has been cut; `None` while it is not.
    #[must_use]
    pub fn cut_for(&self) -> Option<Duration> {
        self.contact().cut_since.map(since)
    }

    /// How long ago the routes were last known to be current; `None` before the first ones.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.contact().current_at.map(since)
    }

    /// Gets the first routes: from the control plane, else from the best copy. Tries until it has
    /// some.
    pub async fn start(&self) {
        let mut patience = FIRST_ANSWER;
        loop {
            if self.poll_and_report(Duration::ZERO, patience).await {
                return;
            }
            if let Some(copy) = self.copies.best().await {
                self.start_from(copy);
                return;
            }
            patience = (patience * 2).min(POLL);
            sleep(RETRY).await;
        }
    }

    /// Asks for what is committed by now, instead of waiting until it is told: whoever was told that
    /// a hotel is ready may be here before the news.
    ///
    /// Anybody can ask for a host that nobody has, so there is one look at a time, and soon after it
    /// none. While the feed is cut there is nobody to ask.
    pub async fn catch_up(&self) {
        let mut looked = self.looked.lock().await;
        let is_fresh = looked.is_some_and(|it| it.elapsed() < BETWEEN_LOOKS);
        if is_fresh || !self.is_connected() {
            return;
        }
        *looked = Some(Instant::now());
        if let Err(error) = self.poll(Duration::ZERO, CATCH_UP).await {
            tracing::warn!(error = %Chain(&error), "what is committed by now is not known");
        }
    }

    /// Follows the feed for ever, and keeps the copy on disk within two seconds of it.
    pub async fn follow(self) {
        futures_util::join!(self.poll_for_ever(), self.copy_for_ever());
    }

    fn start_from(&self, copy: RouteCopy) {
        let routes = copy.page.routes.len();
        match copy.from {
            Source::Disk => tracing::warn!(routes, "started from the copy on disk"),
            Source::Storage => tracing::warn!(routes, "started from the copy in object storage"),
        }
        self.change_contact(|it| it.current_at = Some(copy.written_at));
        self.routes.apply(copy.page);
    }

    async fn poll_for_ever(&self) {
        loop {
            if !self.poll_and_report(POLL, POLL + ANSWER).await {
                sleep(RETRY).await;
            }
        }
    }

    async fn copy_for_ever(&self) {
        let mut changes = self.routes.changes();
        loop {
            changes.mark_unchanged();
            let written = self.copies.write(&self.routes).await;
            if let Err(error) = &written {
                tracing::error!(error = %Chain(error), "no copy on disk");
            }
            sleep(COPY_EVERY).await;
            if written.is_ok() && changes.changed().await.is_err() {
                return;
            }
        }
    }

    async fn poll_and_report(&self, wait: Duration, limit: Duration) -> bool {
        let polled = self.poll(wait, limit).await;
        let was = self.contact().is_connected;
        let now = SystemTime::now();
        self.change_contact(|it| {
            it.is_connected = Some(polled.is_ok());
            match polled {
                Ok(()) => (it.cut_since, it.current_at) = (None, Some(now)),
                Err(_) => it.cut_since = it.cut_since.or(Some(now)),
            }
        });
        match &polled {
            Err(error) if was != Some(false) => {
                tracing::error!(error = %Chain(error), "the route feed is cut; serving what is known");
            }
            Ok(()) if was != Some(true) => tracing::info!("the route feed is connected"),
            _ => {}
        }
        polled.is_ok()
    }

    async fn poll(&self, wait: Duration, limit: Duration) -> Result<(), FeedError> {
        let mut url = self.url.clone();
        url.set_path("/upcall/v1/routes");
        let mut request = self
            .client
            .get(url)
            .timeout(limit)
            .bearer_auth(self.copies.token.expose_secret())
            .query(&[("wait_seconds", wait.as_secs())]);
        let known = self.routes.position();
        if let Some(position) = known {
            let pauses_at = self.contact().pauses_at.filter(|it| it.epoch == position.epoch);
            request = request
                .query(&[("epoch", position.epoch.to_string())])
                .query(&[("since", position.version)])
                .query(&[("pauses_since", pauses_at.map_or(NEVER, |it| it.version))]);
        }
        let body = request.send().await?.error_for_status()?.bytes().await?;
        let taken = if body.len() < LONG_PAGE {
            take_over(&self.routes, &body)
        } else {
            let routes = self.routes.clone();
            spawn_blocking(move || take_over(&routes, &body)).await?
        };
        let pauses_at = match taken {
            // Another look has meanwhile brought what came after.
            Err(FeedError::Misfit) if self.routes.position() != known => None,
            taken => taken?,
        };
        if pauses_at.is_some() {
            self.change_contact(|it| it.pauses_at = pauses_at);
        }
        Ok(())
    }

    fn contact(&self) -> Contact {
        *self.contact.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change_contact(&self, change: impl FnOnce(&mut Contact)) {
        let mut contact = self.contact.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut contact);
        let seconds = |at: Option<SystemTime>| at.map_or(0.0, |it| since(it).as_secs_f64());
        let is_connected = contact.is_connected == Some(true);
        metrics::gauge!("route_feed_connected").set(if is_connected { 1.0 } else { 0.0 });
        metrics::gauge!("route_feed_cut_seconds").set(seconds(contact.cut_since));
        metrics::gauge!("routes_age_seconds").set(seconds(contact.current_at));
    }
}

/// Takes a page over; its position if it told of the pauses.
fn take_over(routes: &Routes, body: &[u8]) -> Result<Option<Position>, FeedError> {
    let page: RoutePage = serde_json::from_slice(body)?;
    let pauses_at = page.pauses.is_some().then_some(page.position);
    if page.is_news() && !routes.apply(page) {
        return Err(FeedError::Misfit);
    }
    Ok(pauses_at)
}

fn since(at: SystemTime) -> Duration {
    // A clock that was set back makes nothing older than now.
    at.elapsed().unwrap_or_default()
}
