//! How many tickets wait for each class and how many workers take them, as figures that workers are
//! scaled by.
//!
//! Windows keep a backlog out of the queues, so this is only half of it: what still waits in
//! hotels' tables is told by the ticks.

use std::time::Duration;

use hotelhub_core::{errors::Chain, tasks::Tasks};
use lapin::{Channel, options::QueueDeclareOptions, types::FieldTable};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::{
    broker::{Broker, PublishError},
    class::Class,
    topology::work_queue,
};

const EVERY: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_secs(5);

/// Tells how deep the queues of these classes are, until `tasks` stop.
pub async fn watch(broker: Broker, classes: Vec<Class>, tasks: Tasks) {
    let mut every = interval(EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut depths = Depths::new(broker);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            () = tasks.stopping() => return,
        }
        if let Err(error) = tell(&mut depths, &classes).await {
            tracing::debug!(error = %Chain(&error), "it is not known how deep the queues are");
        }
    }
}

async fn tell(depths: &mut Depths, classes: &[Class]) -> Result<(), PublishError> {
    for class in classes {
        let depth = depths.of(*class).await;
        // What is not known is said so: an old figure would look like a new one.
        let (tickets, workers) = match &depth {
            Ok(Some(it)) => (f64::from(it.tickets), f64::from(it.workers)),
            Ok(None) | Err(_) => (f64::NAN, f64::NAN),
        };
        metrics::gauge!("job_queue_tickets", "class" => class.name()).set(tickets);
        metrics::gauge!("job_queue_workers", "class" => class.name()).set(workers);
        depth?;
    }
    Ok(())
}

/// A class's queue at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Tickets that no worker has.
    pub tickets: u32,
    /// Connected workers that take some.
    pub workers: u32,
}

/// Asks a broker how deep queues are.
#[derive(Debug)]
pub struct Depths {
    broker: Broker,
    /// Of the last answer.
    channel: Option<Channel>,
}

impl Depths {
    /// Opens nothing yet.
    #[must_use]
    pub const fn new(broker: Broker) -> Self {
        Self { broker, channel: None }
    }

    /// How deep the queue of a class is; `None` while the broker is away.
    ///
    /// # Errors
    /// Fails if there is no such queue or the broker does not answer.
    pub async fn of(&mut self, class: Class) -> Result<Option<Depth>, PublishError> {
        let channel = match self.channel.take().filter(|it| it.status().connected()) {
            Some(channel) => channel,
            None => {
                let Some(live) = self.broker.current() else { return Ok(None) };
                timeout(LIMIT, live.connection.create_channel()).await??
            }
        };
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let asked = channel.queue_declare(work_queue(class).into(), passive, FieldTable::default());
        let queue = timeout(LIMIT, asked).await??;
        self.channel = Some(channel);
        Ok(Some(Depth { tickets: queue.message_count(), workers: queue.consumer_count() }))
    }
}
