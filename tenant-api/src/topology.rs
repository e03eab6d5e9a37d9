//! Prepares RabbitMQ: declares what all programs only check for.

use std::time::Duration;

use anyhow::Context;
use hotelhub_jobs::topology;
use lapin::{Connection, ConnectionProperties};
use secrecy::ExposeSecret;
use tokio::time::timeout;

use crate::config::TopologyConfig;

const LIMIT: Duration = Duration::from_secs(60);
const DECLARE: &str = "declare exchanges and queues (one that stands in another shape: stop the \
     workers, delete it in RabbitMQ and run this again; its tickets are made again from their rows)";

/// Declares exchanges and queues. May be repeated.
///
/// # Errors
/// Fails if the broker cannot be reached, or something stands there in another shape.
pub async fn run(config: &TopologyConfig) -> anyhow::Result<()> {
    let properties = ConnectionProperties::default().with_connection_name("topology".into());
    let url = config.amqp_url.expose_secret();
    timeout(LIMIT, async {
        let connection =
            Connection::connect(url, properties).await.context("connect to RabbitMQ")?;
        topology::declare(&connection).await.context(DECLARE)?;
        connection.close(200, "declared".into()).await.context("close the connection")
    })
    .await
    .context("RabbitMQ did not answer in time")?
}
