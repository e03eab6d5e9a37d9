//! An outside system that writes down every call: what jobs did to the world is read here.
//!
//! It speaks as much HTTP/1.1 as a client of ours needs: `POST /calls` with the header
//! `Idempotency-Key`, perhaps `traceparent`, and a JSON body that says in `effect` what the call is
//! to bring about. What it wrote down outlives the callers, since it lives in the test's process.

mod book;
mod conversation;

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context as _, Result};
use hotelhub_core::tasks::Tasks;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

pub use self::book::{Book, Call};
use crate::waiting::eventually;

/// How the ledger answers, until it is told otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// The call has its effect and is answered with 200.
    #[default]
    Answer,
    /// The call has no effect and is answered with this status.
    Refuse(u16),
    /// The call has no effect and is answered with 429 and this `Retry-After`, in whole seconds.
    TooMany(Duration),
    /// The call has its effect, and is answered when the behaviour is another.
    Hang,
    /// The call has its effect, and is answered after this time.
    Slow(Duration),
    /// The call has its effect, and the connection is closed without an answer.
    DropAfterRecording,
}

/// A running ledger. Stops when it is dropped.
#[derive(Debug)]
pub struct Ledger {
    address: SocketAddr,
    book: Book,
    behaviour: watch::Sender<Behaviour>,
    tasks: Tasks,
}

impl Ledger {
    /// Starts an empty ledger on a free port.
    ///
    /// # Errors
    /// Fails if it cannot listen.
    pub async fn start() -> Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("open a ledger")?;
        let address = listener.local_addr().context("open a ledger")?;
        let (behaviour, behaviours) = watch::channel(Behaviour::Answer);
        let (book, tasks) = (Book::default(), Tasks::default());
        tasks.spawn("ledger", accept(listener, book.clone(), behaviours, tasks.clone()));
        Ok(Self { address, book, behaviour, tasks })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address in the form of `LEDGER_URL`; the calls go to `/calls` below it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What is written down.
    #[must_use]
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Answers in this way from now on; calls that hang are answered.
    pub fn behave(&self, behaviour: Behaviour) {
        self.behaviour.send_replace(behaviour);
    }

    /// Waits until there were so many calls, whatever came of them.
    ///
    /// # Errors
    /// Fails if there are fewer at the deadline; the message says how many.
    pub async fn wait_for_calls(&self, wanted: usize, deadline: Duration) -> Result<()> {
        let enough = async || (self.book.len() >= wanted).then_some(());
        eventually(deadline, &format!("{wanted} calls"), enough)
            .await
            .with_context(|| format!("there were {} calls", self.book.len()))
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}

async fn accept(
    listener: TcpListener,
    book: Book,
    behaviours: watch::Receiver<Behaviour>,
    tasks: Tasks,
) {
    loop {
        let client: TcpStream = tokio::select! {
            () = tasks.stopping() => return,
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => client,
                Err(_gone) => continue,
            },
        };
        let (book, behaviours, stop) = (book.clone(), behaviours.clone(), tasks.stop_token());
        tasks.spawn("ledger conversation", async move {
            tokio::select! {
                () = stop.cancelled() => {}
                // A client that breaks off is what tests are about.
                ended = conversation::converse(client, book, behaviours) => drop(ended),
            }
        });
    }
}
