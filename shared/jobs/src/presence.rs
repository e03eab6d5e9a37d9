//! Whether a worker lives, as the broker sees it.
//!
//! A worker's consuming connection owns a queue with the worker's name, which goes when that
//! connection goes. Whoever is brought a ticket that somebody else had before asks for that queue: if
//! it is gone, so is the worker's claim to the job, and nobody waits for the lease to run out. Should
//! the worker live on without its connection, the fence keeps its outcome from counting.

use lapin::{
    Channel, Connection, Error,
    options::{QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};

/// Notes arrive there for those who ask; nobody reads them.
const KEPT_MS: i32 = 1_000;

/// Where those who have been connected for some time can be reached.
const EXCHANGE: &str = "amq.direct";
const GATHERED: &str = "jobs.worker.gathered";

/// The queue of a worker.
pub(crate) fn queue_of(worker: &str) -> String {
    format!("jobs.worker.{worker}")
}

/// Shows that `worker` lives as long as this connection; the channel keeps the queue.
pub(crate) async fn show(connection: &Connection, worker: &str) -> Result<Channel, Error> {
    let channel = connection.create_channel().await?;
    let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
    let mut arguments = FieldTable::default();
    arguments.insert("x-message-ttl".into(), AMQPValue::LongInt(KEPT_MS));
    channel.queue_declare(queue_of(worker).into(), options, arguments).await?;
    Ok(channel)
}

/// Shows that this worker has been connected for some time. All others had that time as well to come
/// back after the broker was away: who is not there now is gone.
pub(crate) async fn show_gathered(channel: &Channel, worker: &str) -> Result<(), Error> {
    let options = QueueBindOptions::default();
    let (queue, arguments) = (queue_of(worker).into(), FieldTable::default());
    channel.queue_bind(queue, EXCHANGE.into(), GATHERED.into(), options, arguments).await
}

/// Where to ask whether any worker has been connected for some time: exchange and routing key.
pub(crate) const fn gathered() -> (&'static str, &'static str) {
    (EXCHANGE, GATHERED)
}
