//! Wake-ups from PostgreSQL: one listening connection per process, any number of waiters.
//!
//! A notification says only that something may have changed. While the connection is away nothing
//! is heard, so everybody is woken when it is back.

use std::{pin::pin, time::Duration};

use futures_util::{StreamExt, stream};
use hotelhub_core::{errors::Chain, ids::TenantId, tasks::Tasks};
use secrecy::SecretString;
use tokio::{
    sync::{broadcast, watch},
    time::{sleep, timeout},
};
use tokio_postgres::{
    AsyncMessage, Client, Connection, NoTls, Notification, Socket, tls::NoTlsStream,
};

use crate::database::login;

const RETRY: Duration = Duration::from_millis(500);
const CONNECT: Duration = Duration::from_secs(5);

/// The channel that says whose operation went on.
const STEPS: &str = "operation_steps";
/// Steps that a reader may be behind before it misses some.
const STEPS_KEPT: usize = 1_024;

/// Hears of one channel. Cheap to clone; each clone remembers for itself what it has heard.
#[derive(Clone, Debug)]
pub(crate) struct Wakes {
    changes: watch::Receiver<u64>,
    steps: broadcast::Sender<TenantId>,
}

impl Wakes {
    /// Listens on `channel` for as long as the program runs.
    pub(crate) fn listen(database: SecretString, channel: &'static str, tasks: &Tasks) -> Self {
        Self::on(database, &[channel], tasks)
    }

    /// Listens to changes of routes, and to whose operations go on.
    pub(crate) fn listen_to_routes_and_steps(database: SecretString, tasks: &Tasks) -> Self {
        Self::on(database, &["route_changes", STEPS], tasks)
    }

    fn on(database: SecretString, channels: &[&'static str], tasks: &Tasks) -> Self {
        let (changes, receiver) = watch::channel(0);
        let (steps, _) = broadcast::channel(STEPS_KEPT);
        let stop = tasks.stop_token();
        let heard = Heard { changes, steps: steps.clone() };
        let channels = channels.to_vec();
        tasks.spawn_critical("listen", async move {
            tokio::select! {
                () = keep_listening(&database, &channels, &heard) => {}
                () = stop.cancelled() => {}
            }
        });
        Self { changes: receiver, steps }
    }

    /// Forgets what was heard so far: only what is heard from now on ends the next wait.
    pub(crate) fn catch_up(&mut self) {
        self.changes.mark_unchanged();
    }

    /// Waits until something is heard that was not heard before.
    pub(crate) async fn heard(&mut self) {
        if self.changes.changed().await.is_err() {
            // The listener ends only when the program does.
            std::future::pending::<()>().await;
        }
    }

    /// The tenants whose operations go on from now on.
    pub(crate) fn steps(&self) -> broadcast::Receiver<TenantId> {
        self.steps.subscribe()
    }
}

/// Tells what was heard.
struct Heard {
    changes: watch::Sender<u64>,
    steps: broadcast::Sender<TenantId>,
}

impl Heard {
    fn wake(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn tell(&self, notification: &Notification) {
        match notification.payload().parse() {
            // Nobody may be following a signup.
            Ok(tenant) if notification.channel() == STEPS => drop(self.steps.send(tenant)),
            _ => self.wake(),
        }
    }
}

async fn keep_listening(database: &SecretString, channels: &[&str], heard: &Heard) {
    loop {
        if let Err(error) = listen_once(database, channels, heard).await {
            tracing::warn!(error = %Chain(&error), ?channels, "not listening; trying again");
        }
        sleep(RETRY).await;
    }
}

#[derive(Debug, thiserror::Error)]
enum ListenError {
    #[error("connect to listen took too long")]
    Slow(#[from] tokio::time::error::Elapsed),
    #[error("listen")]
    Database(#[from] tokio_postgres::Error),
}

async fn listen_once(
    database: &SecretString,
    channels: &[&str],
    heard: &Heard,
) -> Result<(), ListenError> {
    let login = login(database, "control-plane listen")?;
    let (client, connection) = timeout(CONNECT, login.connect(NoTls)).await??;
    let mut hearing = pin!(hear(connection, heard));
    tokio::select! {
        ended = &mut hearing => return Ok(ended?),
        listening = timeout(CONNECT, start(&client, channels)) => listening??,
    }
    heard.wake();
    Ok(hearing.await?)
}

async fn start(client: &Client, channels: &[&str]) -> Result<(), tokio_postgres::Error> {
    for channel in channels {
        client.execute(&format!("LISTEN {channel}"), &[]).await?;
    }
    Ok(())
}

async fn hear(
    mut connection: Connection<Socket, NoTlsStream>,
    heard: &Heard,
) -> Result<(), tokio_postgres::Error> {
    let mut messages = stream::poll_fn(move |cx| connection.poll_message(cx));
    while let Some(message) = messages.next().await {
        if let AsyncMessage::Notification(notification) = message? {
            heard.tell(&notification);
        }
    }
    Ok(())
}
