//! A connection to RabbitMQ that comes back by itself.
//!
//! The AMQP library's own recovery is off: it can leave a consumer hanging without a word. Here
//! any sign of trouble (an error, a missing confirm, an ended stream) tears the whole connection
//! down, and a new one is made from nothing. No wait on the broker is without a limit.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use hotelhub_core::{errors::Chain, ids::TenantId, tasks::Tasks};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Event,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    types::{AMQPValue, FieldTable},
};
use rand::RngExt;
use tokio::{
    sync::watch,
    time::{Instant, error::Elapsed, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    hints::Hint,
    presence,
    ticket::Ticket,
    topology::{self, DEAD, GARBAGE, HINTS, WORK},
    transport::{Boxed, Presence, Transport},
    wait::WaitQueue,
};

const CONFIRM: Duration = Duration::from_secs(5);
/// Characters of the reason why a message was put aside. All headers have to fit in one frame.
const REASON: usize = 500;
const CONNECT: Duration = Duration::from_secs(10);
const BACKOFF_MS: std::ops::Range<u64> = 200..5_000;
/// Seconds; a dead peer is noticed after two of them.
const HEARTBEAT: u16 = 10;
/// After a broker came back all workers come back, each at its time: so long nobody is called gone.
const GATHERING: Duration = Duration::from_secs(15);

/// Why it is not known that a message arrived. The row stays as it is and is found again.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// There is no connection at the moment.
    #[error("RabbitMQ is not connected")]
    Disconnected,
    /// The connection failed.
    #[error("publish to RabbitMQ")]
    Broker(#[from] lapin::Error),
    /// The connection stands, but not what tickets go through.
    #[error("check the exchanges and queues; where one is not found, run `tenant-api topology`")]
    Topology(#[source] lapin::Error),
    /// No confirm came in time.
    #[error("RabbitMQ did not confirm in time")]
    Unconfirmed(#[from] Elapsed),
    /// The broker refused.
    #[error("RabbitMQ refused the message")]
    Refused,
    /// No queue takes such a message.
    #[error("RabbitMQ has no queue for the message")]
    Unroutable,
    /// The ticket could not be written; a bug of ours.
    #[error("write the ticket")]
    Ticket(#[from] serde_json::Error),
}

/// A supervised connection. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Broker {
    live: watch::Receiver<Option<Live>>,
}

/// One connection while it lives.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) connection: Arc<Connection>,
    publisher: Channel,
    connected_at: Instant,
    /// Holds the queue that shows that this worker lives.
    presence: Option<Channel>,
    /// Whoever finds the connection unfit cancels this.
    pub(crate) broken: CancellationToken,
}

impl Broker {
    /// Connects, and connects again for ever, until `tasks` stop.
    ///
    /// `name` is what the broker shows of the connection.
    #[must_use]
    pub fn start(url: &str, name: &'static str, tasks: &Tasks) -> Self {
        Self::start_as(url, name, None, tasks)
    }

    /// As [`Broker::start`], and shows that `worker` lives.
    #[must_use]
    pub fn start_worker(url: &str, name: &'static str, worker: &str, tasks: &Tasks) -> Self {
        Self::start_as(url, name, Some(worker.to_owned()), tasks)
    }

    fn start_as(url: &str, name: &'static str, worker: Option<String>, tasks: &Tasks) -> Self {
        let (set, live) = watch::channel(None);
        let who = Who { url: with_heartbeat(url), name, worker };
        tasks.spawn("broker connection", supervise(who, set, tasks.clone()));
        Self { live }
    }

    /// Whether there is a connection now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.live.borrow().is_some()
    }

    /// The connection, if there is one now.
    pub(crate) fn current(&self) -> Option<Live> {
        self.live.borrow().clone()
    }

    /// Waits for a connection that nobody has found unfit.
    pub(crate) async fn connected(&self) -> Option<Live> {
        let is_fit = |it: &Option<Live>| it.as_ref().is_some_and(|it| !it.broken.is_cancelled());
        let mut live = self.live.clone();
        live.wait_for(is_fit).await.ok().and_then(|it| it.clone())
    }

    /// Publishes a ticket to its class and waits until the broker has it.
    ///
    /// # Errors
    /// After an error it is not known whether the broker has it.
    pub async fn publish(&self, ticket: &Ticket) -> Result<(), PublishError> {
        let body = serde_json::to_vec(ticket)?;
        self.send(WORK, ticket.routing_key(), &body, FieldTable::default()).await
    }

    /// Publishes a tick for a tenant.
    ///
    /// # Errors
    /// As [`Broker::publish`].
    pub async fn publish_tick(&self, tenant: TenantId) -> Result<(), PublishError> {
        self.publish(&Ticket::tick(tenant)).await
    }

    /// Lets a ticket wait before it comes to its class.
    ///
    /// # Errors
    /// As [`Broker::publish`].
    pub async fn park(&self, ticket: &Ticket, wait: WaitQueue) -> Result<(), PublishError> {
        let body = serde_json::to_vec(ticket)?;
        self.send(&wait.name(), ticket.routing_key(), &body, FieldTable::default()).await
    }

    /// Puts aside a message that is no ticket of ours, with the reason.
    /// Of the reason goes what a header has room for: it may quote the message.
    ///
    /// # Errors
    /// As [`Broker::publish`].
    pub async fn set_aside(&self, body: &[u8], reason: &str) -> Result<(), PublishError> {
        let mut headers = FieldTable::default();
        let reason: String = reason.chars().take(REASON).collect();
        headers.insert("x-reason".into(), AMQPValue::LongString(reason.into()));
        self.send(DEAD, GARBAGE, body, headers).await
    }

    /// Tells whoever listens when a tenant is to be looked at next.
    ///
    /// # Errors
    /// As [`Broker::publish`]. That nobody listens is no error.
    pub async fn publish_hint(&self, hint: &Hint) -> Result<(), PublishError> {
        let body = serde_json::to_vec(hint)?;
        let live = self.live.borrow().clone().ok_or(PublishError::Disconnected)?;
        let options = BasicPublishOptions::default();
        let properties = BasicProperties::default().with_delivery_mode(1);
        timeout(CONFIRM, async {
            let channel = &live.publisher;
            let sent = channel.basic_publish(HINTS.into(), "".into(), options, &body, properties);
            // Not for its own sake: the library keeps what nobody waits for.
            sent.await?.await
        })
        .await??;
        Ok(())
    }

    /// Looks for the worker's queue.
    async fn look_for(&self, worker: &str) -> Presence {
        let Some(live) = self.live.borrow().clone() else { return Presence::Unknown };
        let queue = presence::queue_of(worker);
        match confirmed(&live.publisher, "", &queue, b"", FieldTable::default()).await {
            Ok(()) => Presence::Here,
            Err(PublishError::Unroutable) if has_gathered(&live).await => Presence::Gone,
            Err(_) => Presence::Unknown,
        }
    }

    async fn send(
        &self,
        exchange: &str,
        key: &str,
        body: &[u8],
        headers: FieldTable,
    ) -> Result<(), PublishError> {
        let live = self.live.borrow().clone().ok_or(PublishError::Disconnected)?;
        let sent = confirmed(&live.publisher, exchange, key, body, headers).await;
        if matches!(sent, Err(PublishError::Broker(_) | PublishError::Unconfirmed(_))) {
            live.broken.cancel();
        }
        sent
    }
}

impl Transport for Broker {
    fn is_connected(&self) -> bool {
        self.is_connected()
    }

    fn publish<'a>(&'a self, ticket: &'a Ticket) -> Boxed<'a, Result<(), PublishError>> {
        Box::pin(self.publish(ticket))
    }

    fn park<'a>(
        &'a self,
        ticket: &'a Ticket,
        wait: WaitQueue,
    ) -> Boxed<'a, Result<(), PublishError>> {
        Box::pin(self.park(ticket, wait))
    }

    fn hint<'a>(&'a self, hint: &'a Hint) -> Boxed<'a, Result<(), PublishError>> {
        Box::pin(self.publish_hint(hint))
    }

    fn look_for<'a>(&'a self, worker: &'a str) -> Boxed<'a, Presence> {
        Box::pin(self.look_for(worker))
    }
}

/// Whether all workers have had the time to come back after the broker was away: this one has had it,
/// or another one.
async fn has_gathered(live: &Live) -> bool {
    if live.connected_at.elapsed() >= GATHERING {
        return true;
    }
    let (exchange, key) = presence::gathered();
    confirmed(&live.publisher, exchange, key, b"", FieldTable::default()).await.is_ok()
}

/// Shows after a while that this worker has had it.
async fn gather(who: &Who, live: &Live) {
    let (Some(worker), Some(channel)) = (&who.worker, &live.presence) else {
        return std::future::pending().await;
    };
    sleep(GATHERING).await;
    match timeout(CONFIRM, presence::show_gathered(channel, worker)).await {
        Ok(Ok(())) => std::future::pending().await,
        Ok(Err(_)) | Err(_) => {
            tracing::warn!(connection = who.name, "RabbitMQ did not bind a queue")
        }
    }
}

/// Only a bare acknowledgement is success: with a returned message nothing took it.
async fn confirmed(
    channel: &Channel,
    exchange: &str,
    key: &str,
    body: &[u8],
    headers: FieldTable,
) -> Result<(), PublishError> {
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let properties = BasicProperties::default()
        .with_delivery_mode(2)
        .with_content_type("application/json".into())
        .with_headers(headers);
    let confirmation = timeout(CONFIRM, async {
        channel.basic_publish(exchange.into(), key.into(), options, body, properties).await?.await
    })
    .await??;
    match confirmation {
        Confirmation::Ack(None) => Ok(()),
        Confirmation::Ack(Some(_)) => Err(PublishError::Unroutable),
        Confirmation::Nack(_) | Confirmation::NotRequested => Err(PublishError::Refused),
    }
}

fn with_heartbeat(url: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    if url.contains("heartbeat=") {
        url.to_owned()
    } else {
        format!("{url}{separator}heartbeat={HEARTBEAT}")
    }
}

/// Who connects, and where to.
struct Who {
    url: String,
    /// What the broker shows of the connection.
    name: &'static str,
    /// The worker that lives as long as the connection, if one does.
    worker: Option<String>,
}

async fn supervise(who: Who, set: watch::Sender<Option<Live>>, tasks: Tasks) {
    let (name, mut reported) = (who.name, false);
    loop {
        match connect(&who).await {
            Ok(live) => {
                tracing::info!(connection = name, "RabbitMQ is connected");
                reported = false;
                metrics::gauge!("rabbitmq_connected", "connection" => name).set(1.0);
                set.send_replace(Some(live.clone()));
                tokio::select! {
                    () = async {
                        tokio::select! { () = gather(&who, &live) => {}, () = trouble(&live) => {} }
                    } => {
                        tracing::error!(connection = name, "RabbitMQ is lost; connecting again");
                    }
                    () = tasks.stopping() => {}
                }
                metrics::gauge!("rabbitmq_connected", "connection" => name).set(0.0);
                if !tasks.stop_token().is_cancelled() {
                    set.send_replace(None);
                }
                live.broken.cancel();
                if tasks.stop_token().is_cancelled() {
                    // What is still being drained needs the connection; it closes with the process.
                    return;
                }
                drop(timeout(CONFIRM, live.connection.close(200, "starting over".into())).await);
            }
            Err(error) => {
                if !reported {
                    tracing::error!(connection = name, error = %Chain(&error), "no RabbitMQ");
                    reported = true;
                }
            }
        }
        let pause = Duration::from_millis(rand::rng().random_range(BACKOFF_MS));
        tokio::select! {
            () = sleep(pause) => {}
            () = tasks.stopping() => return,
        }
    }
}

async fn connect(who: &Who) -> Result<Live, PublishError> {
    let properties = ConnectionProperties::default().with_connection_name(who.name.into());
    let connection = timeout(CONNECT, Connection::connect(&who.url, properties)).await??;
    timeout(CONNECT, topology::check(&connection)).await?.map_err(PublishError::Topology)?;
    let publisher = timeout(CONFIRM, connection.create_channel()).await??;
    timeout(CONFIRM, publisher.confirm_select(ConfirmSelectOptions::default())).await??;
    let presence = match &who.worker {
        Some(worker) => Some(timeout(CONFIRM, presence::show(&connection, worker)).await??),
        None => None,
    };
    Ok(Live {
        connection: Arc::new(connection),
        publisher,
        connected_at: Instant::now(),
        presence,
        broken: CancellationToken::new(),
    })
}

/// Ends when the connection is of no use any more.
async fn trouble(live: &Live) {
    let mut events = live.connection.events_listener();
    loop {
        tokio::select! {
            () = live.broken.cancelled() => return,
            event = events.next() => match event {
                Some(Event::ConnectionBlocked(reason)) => {
                    tracing::warn!(?reason, "RabbitMQ is short of memory or disk and takes nothing");
                }
                Some(Event::Connected | Event::ConnectionUnblocked) => {}
                Some(_) | None => return,
            },
        }
        if !live.connection.status().connected() {
            return;
        }
    }
}
