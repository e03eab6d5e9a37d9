//! The exchanges and queues on RabbitMQ: declared by a command, only checked by programs.
//!
//! Arguments of a queue never change; another shape is another version of its name. No queue has a
//! greatest length: a full one would hold up what returns from the wait queues. Everything is a
//! quorum queue with at-least-once dead-lettering, so an expired wait is not lost in between.

use lapin::{
    Channel, Connection, Error, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, ShortString},
};

use crate::{class::Class, wait::WaitQueue};

/// Tickets go in here, with their class as the routing key.
pub const WORK: &str = "jobs.work";
/// What the broker gave up on comes out here.
pub const DEAD: &str = "jobs.dead";
/// Hints when a tenant is to be looked at next; every listener has a queue of its own.
pub const HINTS: &str = "jobs.hints";
/// Messages that are no tickets of ours, kept for thirty days.
pub const GARBAGE: &str = "jobs.dead.garbage";
/// Deliveries before the broker gives up; a safety net below the rows' own counts.
const DELIVERY_LIMIT: i32 = 20;
const GARBAGE_TTL_MS: i64 = 30 * 24 * 3_600 * 1_000;

/// The queue in which a class works.
#[must_use]
pub fn work_queue(class: Class) -> String {
    format!("jobs.{class}.v1")
}

/// Where a class's tickets end that the broker gave up on.
#[must_use]
pub fn dead_queue(class: Class) -> String {
    format!("jobs.dead.{class}.v1")
}

/// Declares everything. May be repeated; fails if something stands there in another shape.
///
/// # Errors
/// Fails if the broker refuses.
pub async fn declare(connection: &Connection) -> Result<(), Error> {
    let channel = connection.create_channel().await?;
    exchange(&channel, WORK, ExchangeKind::Direct).await?;
    exchange(&channel, DEAD, ExchangeKind::Direct).await?;
    exchange(&channel, HINTS, ExchangeKind::Fanout).await?;
    for class in Class::ALL.iter().copied() {
        let (work, dead) = (work_queue(class), dead_queue(class));
        let mut arguments = dead_lettered_to(DEAD);
        arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(DELIVERY_LIMIT));
        queue(&channel, &work, arguments).await?;
        bind(&channel, &work, WORK, class.name()).await?;
        queue(&channel, &dead, quorum()).await?;
        bind(&channel, &dead, DEAD, class.name()).await?;
    }
    let mut arguments = quorum();
    arguments.insert("x-message-ttl".into(), AMQPValue::LongLongInt(GARBAGE_TTL_MS));
    queue(&channel, GARBAGE, arguments).await?;
    bind(&channel, GARBAGE, DEAD, GARBAGE).await?;
    for wait in WaitQueue::all() {
        let name = wait.name();
        // A fan-out, so that the ticket keeps its class as the routing key for the way back.
        exchange(&channel, &name, ExchangeKind::Fanout).await?;
        let mut arguments = dead_lettered_to(WORK);
        let milliseconds = i32::try_from(wait.time().as_millis()).unwrap_or(i32::MAX);
        arguments.insert("x-message-ttl".into(), AMQPValue::LongInt(milliseconds));
        queue(&channel, &name, arguments).await?;
        bind(&channel, &name, &name, "").await?;
    }
    channel.close(200, "declared".into()).await
}

/// Checks that everything is there, without changing anything.
///
/// # Errors
/// Fails if something is missing: run the `topology` command first.
pub async fn check(connection: &Connection) -> Result<(), Error> {
    let channel = connection.create_channel().await?;
    let works = Class::ALL.iter().map(|it| work_queue(*it));
    for name in works.chain(WaitQueue::all().map(WaitQueue::name)).chain([GARBAGE.to_owned()]) {
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(name.into(), passive, FieldTable::default()).await?;
    }
    let passive = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
    channel
        .exchange_declare(HINTS.into(), ExchangeKind::Fanout, passive, FieldTable::default())
        .await?;
    channel.close(200, "checked".into()).await
}

fn quorum() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    arguments
}

fn dead_lettered_to(target: &str) -> FieldTable {
    let mut arguments = quorum();
    for (name, value) in [
        ("x-dead-letter-exchange", target),
        ("x-dead-letter-strategy", "at-least-once"),
        ("x-overflow", "reject-publish"),
    ] {
        arguments.insert(ShortString::from(name), AMQPValue::LongString(value.into()));
    }
    arguments
}

async fn exchange(channel: &Channel, name: &str, kind: ExchangeKind) -> Result<(), Error> {
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel.exchange_declare(name.into(), kind, durable, FieldTable::default()).await
}

async fn queue(channel: &Channel, name: &str, arguments: FieldTable) -> Result<(), Error> {
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(name.into(), durable, arguments).await.map(drop)
}

async fn bind(channel: &Channel, queue: &str, exchange: &str, key: &str) -> Result<(), Error> {
    let options = QueueBindOptions::default();
    channel
        .queue_bind(queue.into(), exchange.into(), key.into(), options, FieldTable::default())
        .await
}
