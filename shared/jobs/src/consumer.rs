//! Takes tickets of one class from RabbitMQ, several at a time, and settles each one last.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use futures_util::StreamExt;
use hotelhub_core::{errors::Chain, tasks::Tasks};
use lapin::{
    Channel, Consumer,
    message::Delivery,
    options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use crate::{
    broker::{Broker, Live, PublishError},
    kind::{Class, WaitQueue},
    ticket::Ticket,
    topology::work_queue,
};

const LIMIT: Duration = Duration::from_secs(10);

/// What is to happen with a ticket that was looked at.
#[derive(Debug)]
pub enum Settled {
    /// It has served.
    Finished,
    /// It is to come again.
    Again(WaitQueue),
    /// It is none of ours: put it aside with this reason.
    SetAside(String),
}

/// The future of [`HandleTicket::handle`].
pub type Handling<'a> = Pin<Box<dyn Future<Output = Settled> + Send + 'a>>;

/// Does what a ticket asks for. Whatever it did is committed when it returns.
pub trait HandleTicket: Send + Sync + 'static {
    /// Looks at one ticket.
    fn handle(&self, ticket: Ticket) -> Handling<'_>;
}

/// Consumes one class until `tasks` stop, then lets what has begun come to its end.
///
/// Takes at most `concurrency` tickets at a time: what it has taken it has begun, so a crash delays
/// no ticket that only waited beside it.
pub async fn consume(
    consuming: Broker,
    publishing: Broker,
    class: Class,
    concurrency: u16,
    handler: Arc<dyn HandleTicket>,
    tasks: Tasks,
) {
    let running = TaskTracker::new();
    loop {
        let live = tokio::select! {
            live = consuming.connected() => live,
            () = tasks.stopping() => break,
        };
        let Some(live) = live else { break };
        match open(&live, class, concurrency).await {
            Ok((channel, consumer)) => {
                let hands = Hands {
                    live: live.clone(),
                    publishing: publishing.clone(),
                    handler: Arc::clone(&handler),
                };
                tokio::select! {
                    () = take(consumer, &hands, &running) => {
                        tracing::error!(class = class.name(), "the stream of tickets ended");
                        live.broken.cancel();
                    }
                    () = tasks.stopping() => {
                        stop_taking(&channel, class).await;
                        break;
                    }
                }
            }
            Err(error) => {
                tracing::error!(class = class.name(), error = %Chain(&error), "consume tickets");
                live.broken.cancel();
            }
        }
    }
    running.close();
    running.wait().await;
}

async fn open(
    live: &Live,
    class: Class,
    concurrency: u16,
) -> Result<(Channel, Consumer), PublishError> {
    let channel = timeout(LIMIT, live.connection.create_channel()).await??;
    timeout(LIMIT, channel.basic_qos(concurrency, BasicQosOptions::default())).await??;
    let consuming = channel.basic_consume(
        work_queue(class).into(),
        class.name().into(),
        BasicConsumeOptions::default(),
        FieldTable::default(),
    );
    let consumer = timeout(LIMIT, consuming).await??;
    Ok((channel, consumer))
}

async fn stop_taking(channel: &Channel, class: Class) {
    let cancel = channel.basic_cancel(class.name().into(), BasicCancelOptions::default());
    match timeout(LIMIT, cancel).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(error = %Chain(&error), "the channel was gone already"),
        Err(_elapsed) => tracing::warn!("the broker did not confirm the end of consuming"),
    }
}

async fn take(mut consumer: Consumer, hands: &Hands, running: &TaskTracker) {
    while let Some(Ok(delivery)) = consumer.next().await {
        let hands = hands.clone();
        running.spawn(async move { hands.settle(delivery).await });
    }
}

#[derive(Clone)]
struct Hands {
    live: Live,
    publishing: Broker,
    handler: Arc<dyn HandleTicket>,
}

impl Hands {
    /// Handles a delivery, then passes it on if need be, and acknowledges it last.
    ///
    /// Whatever fails on the way leaves it unacknowledged: the broker delivers it again.
    async fn settle(self, delivery: Delivery) {
        let passed_on = match Ticket::read(&delivery.data) {
            Ok(ticket) => match self.handler.handle(ticket.clone()).await {
                Settled::Finished => Ok(()),
                Settled::Again(wait) => self.publishing.park(&ticket, wait).await,
                Settled::SetAside(reason) => self.set_aside(&delivery.data, &reason).await,
            },
            Err(error) => {
                let reason = Chain(&error).to_string();
                self.set_aside(&delivery.data, &reason).await
            }
        };
        if let Err(error) = passed_on {
            tracing::warn!(error = %Chain(&error), "a ticket was not passed on; it comes again");
            self.live.broken.cancel();
            return;
        }
        // `Ok(false)` says that the channel is gone: the ticket comes again and finds its row done.
        match timeout(LIMIT, delivery.ack(BasicAckOptions::default())).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false) | Err(_)) | Err(_) => self.live.broken.cancel(),
        }
    }

    async fn set_aside(&self, body: &[u8], reason: &str) -> Result<(), PublishError> {
        metrics::counter!("job_tickets_set_aside_total").increment(1);
        tracing::error!(reason, "ALARM: a message was put aside");
        self.publishing.set_aside(body, reason).await
    }
}
