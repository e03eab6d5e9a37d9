//! The server: listens, or refuses, and tells tests what arrived.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use anyhow::{Context as _, Result};
use hotelhub_core::tasks::Tasks;
use tokio::{net::TcpListener, sync::watch};

use super::{CaughtMail, Fault, MailStore, session};
use crate::{ports, waiting::eventually};

/// A running mail server. Stops when it is dropped.
#[derive(Debug)]
pub struct Catcher {
    address: SocketAddr,
    store: MailStore,
    fault: watch::Sender<Fault>,
    hanging: watch::Receiver<usize>,
    listening: watch::Receiver<bool>,
    tasks: Tasks,
}

impl Catcher {
    /// Starts a server on a free port, which keeps its messages in `folder`.
    ///
    /// # Errors
    /// Fails if it cannot listen or the folder not be read.
    pub async fn start(folder: &Path) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports::free()?));
        Self::listen(address, MailStore::open(folder)?).await
    }

    /// Starts a server on `address`.
    ///
    /// # Errors
    /// Fails if it cannot listen there.
    pub async fn listen(address: SocketAddr, store: MailStore) -> Result<Self> {
        let listener = bind(address).await?;
        let (fault, faults) = watch::channel(Fault::None);
        let (hanging, hanging_now) = watch::channel(0);
        let (listening, listening_now) = watch::channel(true);
        let tasks = Tasks::default();
        let shared = session::Shared { store: store.clone(), fault: faults, hanging };
        let server = Server { address, shared, listening, tasks: tasks.clone() };
        tasks.spawn("mail catcher", server.run(listener));
        Ok(Self { address, store, fault, hanging: hanging_now, listening: listening_now, tasks })
    }

    /// The server's address, in the form of `SMTP_URL`.
    #[must_use]
    pub fn smtp_url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// The messages that arrived.
    #[must_use]
    pub fn store(&self) -> &MailStore {
        &self.store
    }

    /// Makes the server fail in this way from now on. Returns when it does.
    pub async fn set_fault(&mut self, fault: Fault) {
        self.fault.send_replace(fault);
        let should_listen = fault != Fault::Refuse;
        // The server cannot be gone while we hold its tasks.
        drop(self.listening.wait_for(|it| *it == should_listen).await);
    }

    /// Waits until a client hangs in the middle of a message ([`Fault::Hang`], [`Fault::Hold`]).
    ///
    /// # Errors
    /// Fails if none does before the deadline.
    pub async fn wait_for_hanging_client(&self, deadline: Duration) -> Result<()> {
        eventually(deadline, "a mail client to hang", async || {
            (*self.hanging.borrow() > 0).then_some(())
        })
        .await
    }

    /// Waits for the first message that `wanted` recognises.
    ///
    /// # Errors
    /// Fails if none arrives before the deadline; the message lists what did.
    pub async fn wait_for(
        &self,
        deadline: Duration,
        what: &str,
        wanted: impl Fn(&CaughtMail) -> bool,
    ) -> Result<CaughtMail> {
        let found =
            eventually(deadline, what, async || self.store.list().into_iter().find(&wanted));
        found.await.with_context(|| {
            let subjects: Vec<_> =
                self.store.list().into_iter().map(|it| (it.to, it.subject)).collect();
            format!("the mail did not arrive; these did: {subjects:?}")
        })
    }

    /// Waits for the first message to `address`.
    ///
    /// # Errors
    /// As [`Catcher::wait_for`].
    pub async fn wait_for_mail_to(&self, address: &str, deadline: Duration) -> Result<CaughtMail> {
        self.wait_for(deadline, &format!("a mail to {address}"), |it| it.is_to(address)).await
    }
}

impl Drop for Catcher {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}

/// The task that accepts clients.
struct Server {
    address: SocketAddr,
    shared: session::Shared,
    listening: watch::Sender<bool>,
    tasks: Tasks,
}

impl Server {
    async fn run(self, first: TcpListener) {
        let mut listener = Some(first);
        let mut faults = self.shared.fault.clone();
        loop {
            tokio::select! {
                () = self.tasks.stopping() => return,
                changed = faults.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let refuses = *faults.borrow_and_update() == Fault::Refuse;
                    listener = match listener {
                        _ if refuses => None,
                        Some(listener) => Some(listener),
                        // Somebody else may have the port by now; then it stays refused.
                        None => bind(self.address).await.ok(),
                    };
                    self.listening.send_replace(listener.is_some());
                }
                accepted = accept(listener.as_ref()) => {
                    let shared = self.shared.clone();
                    let stop = self.tasks.stop_token();
                    self.tasks.spawn("mail session", async move {
                        tokio::select! {
                            () = stop.cancelled() => {}
                            // A client that breaks off is what tests are about.
                            ended = session::converse(accepted, shared) => drop(ended),
                        }
                    });
                }
            }
        }
    }
}

/// The next client; waits for ever while nobody listens.
async fn accept(listener: Option<&TcpListener>) -> tokio::net::TcpStream {
    match listener {
        Some(listener) => loop {
            if let Ok((stream, _)) = listener.accept().await {
                return stream;
            }
        },
        None => std::future::pending().await,
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("listen for mail on {address}"))
}
