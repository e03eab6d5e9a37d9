//! One connection through the proxy: two pumps, one for each way.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hotelhub_core::errors::LogAndDrop as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
};

use super::{Counters, Fault, Way};

const CHUNK: usize = 64 * 1024;

/// What each connection needs of its proxy.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) upstream: SocketAddr,
    pub(super) faults: watch::Receiver<Fault>,
    pub(super) cut: watch::Receiver<u64>,
    pub(super) counters: Arc<Counters>,
}

impl Line {
    /// Carries what one client and the server say to each other, until both have ended, one of them
    /// breaks off, or the connection is cut. A break is passed on as a break.
    pub(super) async fn carry(mut self, mut client: TcpStream) {
        let _open = Open::count(&self.counters);
        let Ok(mut upstream) = TcpStream::connect(self.upstream).await else {
            return reset(&client);
        };
        for stream in [&client, &upstream] {
            stream.set_nodelay(true).log_and_drop("small chunks are merged");
        }
        let is_whole = {
            let (from_client, to_client) = client.split();
            let (from_upstream, to_upstream) = upstream.split();
            let there = self.pump(Way::ToUpstream, &self.counters.to_upstream);
            let back = self.pump(Way::ToClient, &self.counters.to_client);
            let both = async {
                tokio::try_join!(
                    there.run(from_client, to_upstream),
                    back.run(from_upstream, to_client),
                )
            };
            tokio::select! {
                biased;
                _ = self.cut.changed() => false,
                ended = both => ended.is_ok(),
            }
        };
        if !is_whole {
            reset(&client);
            reset(&upstream);
        }
    }

    fn pump<'a>(&self, way: Way, delivered: &'a AtomicU64) -> Pump<'a> {
        Pump { way, faults: self.faults.clone(), delivered, held: Vec::new(), end: None }
    }
}

/// Makes the end of this socket, which follows, a reset.
fn reset(stream: &TcpStream) {
    stream.set_zero_linger().log_and_drop("the other end sees a proper close");
}

/// Counts a connection for as long as it stands.
struct Open<'a>(&'a AtomicU64);

impl<'a> Open<'a> {
    fn count(counters: &'a Counters) -> Self {
        counters.connections.fetch_add(1, Ordering::Relaxed);
        counters.open.fetch_add(1, Ordering::Relaxed);
        Self(&counters.open)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One way of one connection.
struct Pump<'a> {
    way: Way,
    faults: watch::Receiver<Fault>,
    delivered: &'a AtomicU64,
    /// What was sent and not delivered yet.
    held: Vec<u8>,
    /// How the sender ended, once it did.
    end: Option<io::Result<()>>,
}

/// What the present fault means for one way.
enum Bearing {
    Deliver(Duration),
    Hold,
    Close,
}

impl Pump<'_> {
    /// Delivers what comes, and its end, as the fault of the moment lets it. What was read before a
    /// fault is delivered only if the fault of now lets it.
    async fn run(mut self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> io::Result<()> {
        loop {
            match self.bearing() {
                Bearing::Close => return self.close(from, to).await,
                Bearing::Deliver(delay) if !self.held.is_empty() => {
                    if !delay.is_zero() {
                        tokio::select! {
                            () = tokio::time::sleep(delay) => {}
                            () = changed(&mut self.faults) => continue,
                        }
                    }
                    to.write_all(&self.held).await?;
                    let length = u64::try_from(self.held.len()).unwrap_or(u64::MAX);
                    self.delivered.fetch_add(length, Ordering::Relaxed);
                    self.held.clear();
                }
                Bearing::Deliver(_) if self.end.is_some() => {
                    self.end.take().unwrap_or(Ok(()))?;
                    return to.shutdown().await;
                }
                Bearing::Deliver(_) | Bearing::Hold => self.listen(&mut from).await,
            }
        }
    }

    /// Waits until something is sent, the sender ends, or the fault is another.
    async fn listen(&mut self, from: &mut ReadHalf<'_>) {
        self.held.reserve(CHUNK);
        tokio::select! {
            biased;
            () = changed(&mut self.faults) => {}
            read = from.read_buf(&mut self.held), if self.end.is_none() => match read {
                Ok(0) => self.end = Some(Ok(())),
                Ok(_) => {}
                Err(error) => self.end = Some(Err(error)),
            }
        }
    }

    /// Tells the receiver that nothing more comes, and hears the sender out for nothing.
    async fn close(self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> io::Result<()> {
        to.shutdown().await?;
        let mut unheard = vec![0; CHUNK];
        while from.read(&mut unheard).await? > 0 {}
        Ok(())
    }

    fn bearing(&mut self) -> Bearing {
        match *self.faults.borrow_and_update() {
            Fault::BlackHole(way) if way.concerns(self.way) => Bearing::Hold,
            Fault::HalfClose(way) if way.concerns(self.way) => Bearing::Close,
            Fault::Delay(time) => Bearing::Deliver(time),
            // A refusal comes with a cut, which ends the pump.
            Fault::None | Fault::BlackHole(_) | Fault::HalfClose(_) | Fault::Refuse => {
                Bearing::Deliver(Duration::ZERO)
            }
        }
    }
}

/// Waits for another fault; for ever when the proxy is gone, since its end ends the pump.
async fn changed(faults: &mut watch::Receiver<Fault>) {
    if faults.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
