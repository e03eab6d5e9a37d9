//! What an operator does to a running node, by `rabbitmqctl`; each command takes a second or two.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::{RabbitNode, accepts};
use crate::waiting::eventually;

const TOOL: &str = "/usr/lib/rabbitmq/bin/rabbitmqctl";
/// Each tool is an Erlang node that starts first; a busy machine gets time.
const DEADLINE: Duration = Duration::from_secs(240);
/// The share of the memory at which the node stops publishers, as it is without our doing.
const USUAL_SHARE: &str = "0.4";
/// The free space below which it stops them, as the node was configured.
const USUAL_SPACE: &str = "200MB";
/// More than any disk has.
const NO_SPACE: &str = "1000000GB";

/// A queue as the node itself sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct QueueState {
    /// Its name.
    pub name: String,
    /// Messages that wait for a consumer.
    #[serde(rename = "messages_ready")]
    pub ready: u64,
    /// Messages that a consumer has and has not acknowledged.
    #[serde(rename = "messages_unacknowledged")]
    pub unacknowledged: u64,
    /// Who consumes it.
    pub consumers: u64,
}

impl RabbitNode {
    /// Stops the broker inside the node, as an upgrade does: clients are told and disconnected,
    /// nobody listens, the Erlang node stays.
    ///
    /// # Errors
    /// Fails if the node does not run.
    pub async fn stop_app(&self) -> Result<()> {
        self.control(&["stop_app"]).await.map(drop)
    }

    /// Starts the broker again after [`RabbitNode::stop_app`] and waits until it accepts clients.
    ///
    /// # Errors
    /// Fails if it does not in time.
    pub async fn start_app(&self) -> Result<()> {
        self.control(&["start_app"]).await?;
        let url = self.address().amqp_url();
        eventually(DEADLINE, "RabbitMQ to accept connections", async || accepts(&url).await.ok())
            .await
    }

    /// Sets the alarm for memory or takes it back: while it is set, whoever publishes is blocked.
    ///
    /// # Errors
    /// Fails if the node does not run.
    pub async fn alarm_memory(&self, is_set: bool) -> Result<()> {
        let share = if is_set { "0" } else { USUAL_SHARE };
        self.control(&["set_vm_memory_high_watermark", share]).await.map(drop)
    }

    /// Sets the alarm for the disk or takes it back: while it is set, whoever publishes is blocked.
    ///
    /// # Errors
    /// Fails if the node does not run.
    pub async fn alarm_disk(&self, is_set: bool) -> Result<()> {
        let space = if is_set { NO_SPACE } else { USUAL_SPACE };
        self.control(&["set_disk_free_limit", space]).await.map(drop)
    }

    /// The queues of the default virtual host, with the messages that consumers hold, which
    /// [`Queues`](super::Queues) cannot see.
    ///
    /// # Errors
    /// Fails if the node does not run.
    pub async fn queues(&self) -> Result<Vec<QueueState>> {
        let asked = ["messages_ready", "messages_unacknowledged", "consumers"];
        let mut args = vec!["--silent", "--formatter", "json", "list_queues", "name"];
        args.extend(asked);
        let printed = self.control(&args).await?;
        serde_json::from_str(&printed).with_context(|| format!("read the queues in: {printed}"))
    }

    async fn control(&self, args: &[&str]) -> Result<String> {
        let tool = self.tool("rabbitmqctl", TOOL).args(args.iter().copied());
        tool.run(DEADLINE).await.with_context(|| format!("rabbitmqctl {}", args.join(" ")))
    }
}
