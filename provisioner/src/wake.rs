//! Hears the control database's notifications and wakes those who wait for work.
//!
//! A notification says only that something changed. One that is lost costs a second, since
//! everybody looks again without being woken.

use std::{future::poll_fn, time::Duration};

use hotelhub_core::{errors::Chain, tasks::Tasks};
use tokio::{sync::watch, time::sleep};
use tokio_postgres::{AsyncMessage, Config, Error, NoTls};

const RECONNECT: Duration = Duration::from_secs(1);

/// Wakes the runners, the keepers, and the leader of fleet migrations.
#[derive(Clone, Debug)]
pub struct Wake {
    operations: watch::Sender<()>,
    hosts: watch::Sender<()>,
    access: watch::Sender<()>,
    fleet_migrations: watch::Sender<()>,
}

impl Default for Wake {
    fn default() -> Self {
        Self {
            operations: watch::channel(()).0,
            hosts: watch::channel(()).0,
            access: watch::channel(()).0,
            fleet_migrations: watch::channel(()).0,
        }
    }
}

impl Wake {
    /// Changes whenever there may be a new operation, or one that can go on.
    #[must_use]
    pub fn on_operations(&self) -> watch::Receiver<()> {
        self.operations.subscribe()
    }

    /// Changes whenever a database server may have been added or altered.
    #[must_use]
    pub fn on_hosts(&self) -> watch::Receiver<()> {
        self.hosts.subscribe()
    }

    /// Changes whenever what a tenant may do may have changed.
    #[must_use]
    pub fn on_access(&self) -> watch::Receiver<()> {
        self.access.subscribe()
    }

    /// Changes whenever there may be a new fleet migration, or a new word on one.
    #[must_use]
    pub fn on_fleet_migrations(&self) -> watch::Receiver<()> {
        self.fleet_migrations.subscribe()
    }

    /// Wakes the runners.
    pub fn wake_operations(&self) {
        self.operations.send_replace(());
    }

    /// Listens until `tasks` stop, over as many connections as it takes.
    pub async fn listen(self, control: Config, tasks: Tasks) {
        loop {
            let outcome = tokio::select! {
                outcome = self.listen_once(&control) => outcome,
                () = tasks.stopping() => return,
            };
            if let Err(error) = outcome {
                tracing::warn!(error = %Chain(&error), "cannot listen to the control database");
            }
            tokio::select! {
                () = sleep(RECONNECT) => {}
                () = tasks.stopping() => return,
            }
        }
    }

    async fn listen_once(&self, control: &Config) -> Result<(), Error> {
        let (client, mut connection) = control.connect(NoTls).await?;
        let listen = async {
            client
                .simple_query(
                    "LISTEN operations; LISTEN db_hosts; LISTEN tenant_access;
                     LISTEN fleet_migrations",
                )
                .await?;
            // What came before we listened is not told again.
            self.operations.send_replace(());
            self.hosts.send_replace(());
            self.access.send_replace(());
            self.fleet_migrations.send_replace(());
            std::future::pending::<Result<(), Error>>().await
        };
        let hear = async {
            while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notification(it) = message? {
                    match it.channel() {
                        "db_hosts" => self.hosts.send_replace(()),
                        "tenant_access" => self.access.send_replace(()),
                        "fleet_migrations" => self.fleet_migrations.send_replace(()),
                        _ => self.operations.send_replace(()),
                    }
                }
            }
            Ok(())
        };
        tokio::select! {
            outcome = listen => outcome,
            outcome = hear => outcome,
        }
    }
}
