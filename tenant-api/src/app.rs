//! The few handles that requests and jobs share.

use std::ops::RangeInclusive;

use hotelhub_core::{clock::Clock, errors::Chain, tasks::Tasks};
use hotelhub_http::auth::{passwords::Passwords, tokens::Tokens};
use hotelhub_jobs::{
    broker::Broker,
    relay::{RelayError, relay_ready},
};
use hotelhub_tenancy::{
    db::{ConnectTenantError, TenantDb},
    pools::{PoolsConfig, TenantPools},
    routes::Routes,
};

use crate::config::{Addresses, DatabasesConfig};

/// The schema versions of a hotel's database that this program serves.
pub const SCHEMA_VERSIONS: RangeInclusive<i32> = 4..=4;

/// What a request may need.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) clock: Clock,
    pub(crate) addresses: Addresses,
    pub(crate) routes: Routes,
    pub(crate) pools: TenantPools,
    pub(crate) tokens: Tokens,
    pub(crate) passwords: Passwords,
    pub(crate) relay: Relay,
}

/// The pools of this process.
pub(crate) fn pools(config: DatabasesConfig, application: &'static str) -> TenantPools {
    TenantPools::new(PoolsConfig {
        keys: config.keys,
        connections_per_host: config.connections_per_host,
        schema_versions: SCHEMA_VERSIONS,
        application,
    })
}

/// Sends the tickets of a hotel's fresh jobs on their way, beside the request.
#[derive(Clone, Debug)]
pub(crate) struct Relay {
    broker: Broker,
    tasks: Tasks,
}

#[derive(Debug, thiserror::Error)]
enum NudgeError {
    #[error("connect to relay jobs")]
    Connect(#[from] ConnectTenantError),
    #[error(transparent)]
    Relay(#[from] RelayError),
}

impl Relay {
    pub(crate) fn new(broker: Broker, tasks: Tasks) -> Self {
        Self { broker, tasks }
    }

    /// Relays what is ready in `db`. A failure costs time only: the next tick finds the rows.
    pub(crate) fn nudge(&self, db: TenantDb) {
        let broker = self.broker.clone();
        self.tasks.spawn("relay", async move {
            if let Err(error) = relay(&db, &broker).await {
                tracing::warn!(
                    tenant.id = %db.tenant(), error = %Chain(&error),
                    "jobs were not relayed; the next tick finds them"
                );
            }
        });
    }
}

async fn relay(db: &TenantDb, broker: &Broker) -> Result<(), NudgeError> {
    if !broker.is_connected() {
        return Ok(());
    }
    let connection = db.connect().await?;
    let relayed = relay_ready(&connection, db.tenant(), broker).await;
    if !matches!(relayed, Err(RelayError::Database(_))) {
        connection.release();
    }
    relayed?;
    Ok(())
}
