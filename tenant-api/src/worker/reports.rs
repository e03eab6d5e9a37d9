//! Tells the control plane what is dead, held or failing in a hotel, so that the vendor knows where
//! to look.
//!
//! Nothing depends on it: what is not told now is told at a later tick. A worker says what it has not
//! said yet, and says it again now and then: other workers of the hotel may have said something else
//! meanwhile.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use hotelhub_core::{calls::USED_AGAIN, errors::Chain, ids::TenantId};
use hotelhub_tenancy::db::{ConnectTenantError, TenantDb};
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::time::{error::Elapsed, timeout};
use url::Url;

use crate::{
    app::BOOKKEEPING,
    jobs::{Stopped, count_stopped},
};

const CONNECT: Duration = Duration::from_secs(1);
const ANSWER: Duration = Duration::from_secs(3);
/// While the control plane is away, ticks are not held up by it.
const PAUSE: Duration = Duration::from_secs(30);
const AGAIN_AFTER: Duration = Duration::from_secs(600);

/// What this process has told the control plane.
pub(crate) struct Reports {
    client: reqwest::Client,
    url: Url,
    token: SecretString,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    told: HashMap<TenantId, Told>,
    silent_until: Option<Instant>,
}

struct Told {
    at: Instant,
    stopped: Stopped,
}

/// Why the control plane was not told.
#[derive(Debug, thiserror::Error)]
enum ReportError {
    #[error("connect to count the hotel's jobs")]
    Connect(#[from] ConnectTenantError),
    #[error("count the hotel's jobs")]
    Database(#[from] tokio_postgres::Error),
    #[error("counting the hotel's jobs took too long")]
    Slow(#[from] Elapsed),
    #[error("tell the control plane of the hotel's jobs")]
    Http(#[from] reqwest::Error),
}

impl Reports {
    /// Reports to the control plane at `url`, with the token of its route feed.
    ///
    /// # Errors
    /// Fails if no HTTP client can be made.
    pub(crate) fn new(url: Url, token: SecretString) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .pool_idle_timeout(USED_AGAIN)
            .build()?;
        Ok(Self { client, url, token, memory: Mutex::default() })
    }

    /// Counts the hotel's jobs, and tells the control plane if that is news to it.
    pub(crate) async fn tell(&self, db: &TenantDb, tenant: TenantId) {
        if self.memory().silent_until.is_some_and(|it| Instant::now() < it) {
            return;
        }
        if let Err(error) = self.try_tell(db, tenant).await {
            tracing::debug!(error = %Chain(&error), "the vendor does not know of the hotel's jobs");
        }
    }

    async fn try_tell(&self, db: &TenantDb, tenant: TenantId) -> Result<(), ReportError> {
        let connection = db.connect().await?;
        let stopped = timeout(BOOKKEEPING, count_stopped(&connection)).await??;
        connection.release();
        if !self.memory().is_news(tenant, &stopped) {
            return Ok(());
        }
        let posted = self.post(tenant, &stopped).await;
        let mut memory = self.memory();
        match posted {
            Ok(()) => memory.keep(tenant, stopped),
            // What it does not take of one hotel says nothing of others.
            Err(error) if error.status() == Some(StatusCode::UNPROCESSABLE_ENTITY) => {
                return Err(error.into());
            }
            Err(error) => {
                memory.silent_until = Some(Instant::now() + PAUSE);
                return Err(error.into());
            }
        }
        Ok(())
    }

    async fn post(&self, tenant: TenantId, stopped: &Stopped) -> Result<(), reqwest::Error> {
        let mut url = self.url.clone();
        url.set_path("/upcall/v1/jobs");
        let Stopped { looked_at, heaps } = stopped;
        let body = json!({ "tenant_id": tenant, "looked_at": looked_at, "heaps": heaps });
        let request = self.client.post(url).bearer_auth(self.token.expose_secret()).json(&body);
        request.send().await?.error_for_status().map(drop)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn is_news(&self, tenant: TenantId, stopped: &Stopped) -> bool {
        self.told
            .get(&tenant)
            .is_none_or(|it| it.stopped.heaps != stopped.heaps || it.at.elapsed() >= AGAIN_AFTER)
    }

    /// Of two ticks of one hotel that cross, the later look is kept, as it is there.
    fn keep(&mut self, tenant: TenantId, stopped: Stopped) {
        let at = Instant::now();
        let told = self.told.entry(tenant).or_insert_with(|| Told { at, stopped: stopped.clone() });
        if told.stopped.looked_at <= stopped.looked_at {
            *told = Told { at, stopped };
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::Value;

    use super::*;

    fn stopped(second: i64, heaps: Value) -> Stopped {
        Stopped { looked_at: DateTime::from_timestamp(second, 0).unwrap(), heaps }
    }

    #[test]
    fn only_what_was_not_told_is_news() {
        let (mut memory, tenant) = (Memory::default(), TenantId::generate());
        let (none, one) = (json!([]), json!([{ "kind": "a" }]));
        assert!(memory.is_news(tenant, &stopped(1, none.clone())), "nobody knows that it is empty");

        memory.keep(tenant, stopped(1, none.clone()));

        assert!(!memory.is_news(tenant, &stopped(2, none.clone())));
        assert!(memory.is_news(tenant, &stopped(2, one.clone())));
        assert!(memory.is_news(TenantId::generate(), &stopped(2, none.clone())));
        memory.keep(tenant, stopped(3, one.clone()));
        memory.keep(tenant, stopped(2, none.clone()));
        assert!(memory.is_news(tenant, &stopped(4, none)), "it was told before");
        assert!(!memory.is_news(tenant, &stopped(4, one)));
    }
}
