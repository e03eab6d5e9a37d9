//! Wake-ups from PostgreSQL: one listening connection per process, any number of waiters.
//!
//! A notification says only that something may have changed. While the connection is away nothing
//! is heard, so everybody is woken when it is back.

use std::{pin::pin, time::Duration};

use futures_util::{StreamExt, stream};
use hotelhub_core::{errors::Chain, tasks::Tasks};
use secrecy::SecretString;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls, Socket, tls::NoTlsStream};

use crate::database::login;

const RETRY: Duration = Duration::from_millis(500);
const CONNECT: Duration = Duration::from_secs(5);

/// Hears of one channel. Cheap to clone; each clone remembers for itself what it has heard.
#[derive(Clone, Debug)]
pub(crate) struct Wakes(watch::Receiver<u64>);

impl Wakes {
    /// Listens on `channel` for as long as the program runs.
    pub(crate) fn listen(database: SecretString, channel: &'static str, tasks: &Tasks) -> Self {
        let (sender, receiver) = watch::channel(0);
        let stop = tasks.stop_token();
        tasks.spawn_critical("listen", async move {
            tokio::select! {
                () = keep_listening(&database, channel, &sender) => {}
                () = stop.cancelled() => {}
            }
        });
        Self(receiver)
    }

    /// Forgets what was heard so far: only what is heard from now on ends the next wait.
    pub(crate) fn catch_up(&mut self) {
        self.0.mark_unchanged();
    }

    /// Waits until something is heard that was not heard before.
    pub(crate) async fn heard(&mut self) {
        if self.0.changed().await.is_err() {
            // The listener ends only when the program does.
            std::future::pending::<()>().await;
        }
    }
}

async fn keep_listening(database: &SecretString, channel: &str, wakes: &watch::Sender<u64>) {
    loop {
        if let Err(error) = listen_once(database, channel, wakes).await {
            tracing::warn!(error = %Chain(&error), channel, "not listening; trying again");
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
    channel: &str,
    wakes: &watch::Sender<u64>,
) -> Result<(), ListenError> {
    let login = login(database, "control-plane listen")?;
    let (client, connection) = timeout(CONNECT, login.connect(NoTls)).await??;
    let mut hearing = pin!(hear(connection, wakes));
    tokio::select! {
        ended = &mut hearing => return Ok(ended?),
        listening = timeout(CONNECT, start(&client, channel)) => listening??,
    }
    wake(wakes);
    Ok(hearing.await?)
}

async fn start(client: &Client, channel: &str) -> Result<(), tokio_postgres::Error> {
    client.execute(&format!("LISTEN {channel}"), &[]).await.map(drop)
}

async fn hear(
    mut connection: Connection<Socket, NoTlsStream>,
    wakes: &watch::Sender<u64>,
) -> Result<(), tokio_postgres::Error> {
    let mut messages = stream::poll_fn(move |cx| connection.poll_message(cx));
    while let Some(message) = messages.next().await {
        if let AsyncMessage::Notification(_) = message? {
            wake(wakes);
        }
    }
    Ok(())
}

fn wake(wakes: &watch::Sender<u64>) {
    wakes.send_modify(|count| *count = count.wrapping_add(1));
}
