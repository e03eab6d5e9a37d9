//! What a worker tells of a hotel that it has just looked at, or a web program of one that it has
//! changed: when to look again.
//!
//! Hints carry no truth and may be lost: whoever sends ticks sends one now and then anyway.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use hotelhub_core::{errors::Chain, ids::TenantId, tasks::Tasks};
use lapin::{
    Consumer,
    options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions},
    types::FieldTable,
};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::{
    broker::{Broker, Live, PublishError},
    topology::HINTS,
};

const LIMIT: Duration = Duration::from_secs(10);

/// When a tenant is to be looked at next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Which tenant.
    pub tenant: TenantId,
    /// On the business clock; `None`: nothing is due that is known of.
    pub next_due: Option<DateTime<Utc>>,
    /// Whether that is all that is due there; else something else may be due before.
    #[serde(default = "looked")]
    pub looked: bool,
}

/// Only workers sent hints at first.
const fn looked() -> bool {
    true
}

/// Hears every hint until `tasks` stop, except those sent while the broker is away.
pub async fn follow(broker: Broker, tasks: Tasks, heard: impl Fn(Hint) + Send + Sync + 'static) {
    loop {
        let live = tokio::select! {
            live = broker.connected() => live,
            () = tasks.stopping() => return,
        };
        let Some(live) = live else { return };
        match open(&live).await {
            Ok(consumer) => tokio::select! {
                () = listen(consumer, &heard) => tracing::error!("the stream of hints ended"),
                () = tasks.stopping() => return,
            },
            Err(error) => tracing::error!(error = %Chain(&error), "listen to hints"),
        }
        live.broken.cancel();
    }
}

/// A queue that goes with the connection.
async fn open(live: &Live) -> Result<Consumer, PublishError> {
    timeout(LIMIT, async {
        let channel = live.connection.create_channel().await?;
        let own = QueueDeclareOptions {
            exclusive: true,
            auto_delete: true,
            ..QueueDeclareOptions::default()
        };
        let queue = channel.queue_declare("".into(), own, FieldTable::default()).await?;
        let name = queue.name().clone();
        let bind = QueueBindOptions::default();
        let hints = HINTS.into();
        channel.queue_bind(name.clone(), hints, "".into(), bind, FieldTable::default()).await?;
        let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
        Ok(channel.basic_consume(name, "hints".into(), options, FieldTable::default()).await?)
    })
    .await?
}

async fn listen(mut consumer: Consumer, heard: &(impl Fn(Hint) + Sync)) {
    while let Some(Ok(delivery)) = consumer.next().await {
        match serde_json::from_slice(&delivery.data) {
            Ok(hint) => heard(hint),
            Err(error) => tracing::debug!(%error, "a hint of another form was left alone"),
        }
    }
}
