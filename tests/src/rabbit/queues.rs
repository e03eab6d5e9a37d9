//! A client of the broker that looks into queues, deletes them, and publishes whatever it is given.

use anyhow::{Context as _, Result, bail};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties,
    options::{
        BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions,
        QueueDeleteOptions, QueuePurgeOptions,
    },
    types::{AMQPValue, FieldTable},
};

const PERSISTENT: u8 = 2;

/// How full a queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Messages that wait for a consumer; those that a consumer holds are not among them.
    pub ready: u32,
    /// Who consumes it.
    pub consumers: u32,
}

/// A message that was taken out of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// As it was published.
    pub body: Vec<u8>,
    /// Its header `x-reason`: why it was put aside.
    pub reason: Option<String>,
}

/// A connection of the test's own.
#[derive(Debug)]
pub struct Queues {
    connection: Connection,
}

impl Queues {
    /// Connects to the virtual host of this address.
    ///
    /// # Errors
    /// Fails if the broker does not accept it.
    pub async fn connect(amqp_url: &str) -> Result<Self> {
        let connecting = Connection::connect(amqp_url, ConnectionProperties::default());
        Ok(Self { connection: connecting.await.context("connect to RabbitMQ")? })
    }

    /// How full a queue is now.
    ///
    /// # Errors
    /// Fails if there is no such queue.
    pub async fn depth(&self, queue: &str) -> Result<Depth> {
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let channel = self.channel().await?;
        let declaring = channel.queue_declare(queue.into(), passive, FieldTable::default());
        let found = declaring.await.with_context(|| format!("look into {queue}"))?;
        let depth = Depth { ready: found.message_count(), consumers: found.consumer_count() };
        close(&channel).await?;
        Ok(depth)
    }

    /// Deletes a queue with all that is in it: its consumers are cancelled.
    ///
    /// # Errors
    /// Fails if the broker refuses.
    pub async fn delete(&self, queue: &str) -> Result<()> {
        let channel = self.channel().await?;
        let deleting = channel.queue_delete(queue.into(), QueueDeleteOptions::default());
        deleting.await.with_context(|| format!("delete {queue}"))?;
        close(&channel).await
    }

    /// Throws away what waits in a queue.
    ///
    /// # Errors
    /// Fails if there is no such queue.
    pub async fn purge(&self, queue: &str) -> Result<()> {
        let channel = self.channel().await?;
        let purging = channel.queue_purge(queue.into(), QueuePurgeOptions::default());
        purging.await.with_context(|| format!("purge {queue}"))?;
        close(&channel).await
    }

    /// Takes the oldest message out of a queue, for good.
    ///
    /// # Errors
    /// Fails if there is no such queue.
    pub async fn take(&self, queue: &str) -> Result<Option<Taken>> {
        let channel = self.channel().await?;
        let taking = channel.basic_get(queue.into(), BasicGetOptions { no_ack: true });
        let got = taking.await.with_context(|| format!("take from {queue}"))?;
        let taken = got.map(|it| {
            let headers = it.properties.headers().as_ref();
            let reason = headers.and_then(|it| match it.inner().get("x-reason") {
                Some(AMQPValue::LongString(text)) => Some(text.to_string()),
                _ => None,
            });
            Taken { body: it.delivery.data, reason }
        });
        close(&channel).await?;
        Ok(taken)
    }

    /// Publishes each of `bodies` as it is, and returns when the broker has them all. The exchange
    /// `""` is the one that knows every queue by its name.
    ///
    /// # Errors
    /// Fails if the broker refuses one, or no queue takes it.
    pub async fn publish(
        &self,
        exchange: &str,
        routing_key: &str,
        bodies: &[impl AsRef<[u8]>],
    ) -> Result<()> {
        let channel = self.channel().await?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .context("ask for confirms")?;
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let mut confirms = Vec::new();
        for body in bodies {
            let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
            let body = body.as_ref();
            let (to, key) = (exchange.into(), routing_key.into());
            let sent = channel.basic_publish(to, key, options, body, properties);
            confirms.push(sent.await.context("publish")?);
        }
        for confirm in confirms {
            match confirm.await.context("publish")? {
                Confirmation::Ack(None) => {}
                other => bail!("{exchange} did not take a message for {routing_key}: {other:?}"),
            }
        }
        close(&channel).await
    }

    async fn channel(&self) -> Result<Channel> {
        self.connection.create_channel().await.context("open a channel")
    }
}

async fn close(channel: &Channel) -> Result<()> {
    channel.close(200, "done".into()).await.context("close a channel")
}
