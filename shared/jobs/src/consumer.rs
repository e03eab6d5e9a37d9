//! Takes tickets of one class from RabbitMQ, several at a time, and settles each one last.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use hotelhub_core::{errors::Chain, tasks::Tasks};
use lapin::{
    Channel, Consumer,
    message::Delivery,
    options::{
        BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
    },
    types::FieldTable,
};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use crate::{
    broker::{Broker, Live, PublishError},
    ticket::Ticket,
    transport::{Delivered, HandleTicket, Settled},
};

const LIMIT: Duration = Duration::from_secs(10);

/// Consumes one queue until `tasks` stop, then lets what has begun come to its end.
///
/// Takes at most `concurrency` tickets at a time: what it has taken it has begun, so a crash delays
/// no ticket that only waited beside it.
pub async fn consume(
    consuming: Broker,
    publishing: Broker,
    queue: String,
    concurrency: u16,
    handler: Arc<dyn HandleTicket>,
    tasks: Tasks,
) {
    let running = TaskTracker::new();
    loop {
        // Whoever takes a ticket has to be able to pass it on.
        let live = tokio::select! {
            (_, live) = async { (publishing.connected().await, consuming.connected().await) } => live,
            () = tasks.stopping() => break,
        };
        let Some(live) = live else { break };
        match open(&live, &queue, concurrency).await {
            Ok((channel, consumer)) => {
                let hands = Hands {
                    live: live.clone(),
                    publishing: publishing.clone(),
                    handler: Arc::clone(&handler),
                };
                tokio::select! {
                    () = take(consumer, &hands, &running) => {
                        tracing::error!(queue, "the stream of tickets ended");
                        live.broken.cancel();
                    }
                    () = tasks.stopping() => {
                        stop_taking(&channel, &queue).await;
                        break;
                    }
                }
            }
            Err(error) => {
                tracing::error!(queue, error = %Chain(&error), "consume tickets");
                live.broken.cancel();
            }
        }
    }
    running.close();
    running.wait().await;
}

async fn open(
    live: &Live,
    queue: &str,
    concurrency: u16,
) -> Result<(Channel, Consumer), PublishError> {
    let channel = timeout(LIMIT, live.connection.create_channel()).await??;
    timeout(LIMIT, channel.basic_qos(concurrency, BasicQosOptions::default())).await??;
    let consuming = channel.basic_consume(
        queue.into(),
        queue.into(),
        BasicConsumeOptions::default(),
        FieldTable::default(),
    );
    let consumer = timeout(LIMIT, consuming).await??;
    Ok((channel, consumer))
}

async fn stop_taking(channel: &Channel, queue: &str) {
    let cancel = channel.basic_cancel(queue.into(), BasicCancelOptions::default());
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
            Ok(ticket) => match self
                .handler
                .handle(Delivered {
                    ticket: ticket.clone(),
                    again: delivery.redelivered || ticket.is_again(),
                })
                .await
            {
                Settled::Finished => Ok(()),
                Settled::Back => return self.give_back(&delivery).await,
                Settled::Again(wait) => self.publishing.park(&ticket, wait).await,
                Settled::StillAgain(wait) => self.publishing.park(&ticket.again(), wait).await,
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

    /// Gives a ticket to whoever comes next. This counts towards the broker's delivery limit only.
    async fn give_back(&self, delivery: &Delivery) {
        let requeue = BasicNackOptions { requeue: true, ..BasicNackOptions::default() };
        match timeout(LIMIT, delivery.nack(requeue)).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false) | Err(_)) | Err(_) => self.live.broken.cancel(),
        }
    }

    async fn set_aside(&self, body: &[u8], reason: &str) -> Result<(), PublishError> {
        self.publishing.set_aside(body, reason).await?;
        metrics::counter!("job_tickets_set_aside_total").increment(1);
        tracing::error!(reason, "ALARM: a message was put aside");
        Ok(())
    }
}
