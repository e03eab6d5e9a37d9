//! A TCP proxy that puts a broken network between a program and a server.
//!
//! It runs in the test's own process. A fault can be changed at any time, for connections that
//! exist and for new ones. No byte is ever lost in the middle of a stream, since TCP loses none: a
//! black hole keeps what is sent into it, as the sender's own buffers would, and delivers it when
//! it is over, be it hours after one of the ends gave up.

mod fault;
mod line;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context as _, Result};
use hotelhub_core::tasks::Tasks;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

pub use self::fault::{Fault, Way};
use self::line::Line;
use crate::ports;

/// What went through a proxy so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Connections that clients made.
    pub connections: u64,
    /// Those of them that still stand.
    pub open: u64,
    /// Bytes that reached the server.
    pub to_upstream: u64,
    /// Bytes that reached clients.
    pub to_client: u64,
}

#[derive(Debug, Default)]
struct Counters {
    connections: AtomicU64,
    open: AtomicU64,
    to_upstream: AtomicU64,
    to_client: AtomicU64,
}

/// A running proxy. Ends its connections when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    fault: watch::Sender<Fault>,
    cuts: watch::Sender<u64>,
    counters: Arc<Counters>,
    listening: watch::Receiver<bool>,
    tasks: Tasks,
}

impl Proxy {
    /// Starts a proxy before `upstream`, on a free port.
    ///
    /// # Errors
    /// Fails if it cannot listen.
    pub async fn start(upstream: SocketAddr) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports::free()?));
        let listener = bind(address).await?;
        let (fault, faults) = watch::channel(Fault::None);
        let (cuts, cut) = watch::channel(0);
        let (listening, listening_now) = watch::channel(true);
        let (counters, tasks) = (Arc::<Counters>::default(), Tasks::default());
        let line = Line { upstream, faults, cut, counters: Arc::clone(&counters) };
        let server = Server { address, line, cuts: cuts.clone(), listening, tasks: tasks.clone() };
        tasks.spawn("proxy", server.run(listener));
        Ok(Self { address, fault, cuts, counters, listening: listening_now, tasks })
    }

    /// Where clients connect.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes the network fail in this way from now on: what is sent after the return meets it.
    pub async fn set(&mut self, fault: Fault) {
        self.fault.send_replace(fault);
        let should_listen = fault != Fault::Refuse;
        // The server cannot be gone while we hold its tasks.
        drop(self.listening.wait_for(|it| *it == should_listen).await);
    }

    /// Resets every connection that stands, now. New ones are not concerned.
    pub fn cut(&self) {
        cut(&self.cuts);
    }

    /// What went through so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        let Counters { connections, open, to_upstream, to_client } = &*self.counters;
        Traffic {
            connections: connections.load(Ordering::Relaxed),
            open: open.load(Ordering::Relaxed),
            to_upstream: to_upstream.load(Ordering::Relaxed),
            to_client: to_client.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}

/// The task that accepts clients.
struct Server {
    address: SocketAddr,
    line: Line,
    cuts: watch::Sender<u64>,
    listening: watch::Sender<bool>,
    tasks: Tasks,
}

impl Server {
    async fn run(self, first: TcpListener) {
        let mut listener = Some(first);
        let mut faults = self.line.faults.clone();
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
                        None => bind(self.address).await.ok(),
                    };
                    // Only now: nobody can have come in between.
                    if refuses {
                        cut(&self.cuts);
                    }
                    self.listening.send_replace(listener.is_some());
                }
                client = accept(listener.as_ref()) => {
                    let (mut line, stop) = (self.line.clone(), self.tasks.stop_token());
                    // A cut that came before this connection does not concern it.
                    line.cut.mark_unchanged();
                    self.tasks.spawn("proxied connection", async move {
                        tokio::select! {
                            () = stop.cancelled() => {}
                            () = line.carry(client) => {}
                        }
                    });
                }
            }
        }
    }
}

fn cut(cuts: &watch::Sender<u64>) {
    cuts.send_modify(|it| *it += 1);
}

/// The next client; waits for ever while nobody listens.
async fn accept(listener: Option<&TcpListener>) -> TcpStream {
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
    TcpListener::bind(address).await.with_context(|| format!("listen as a proxy on {address}"))
}
