//! A DNS server that says what a test wants, over UDP and TCP, and stays silent where it is told to.

mod answer;
mod zone;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use hotelhub_core::tasks::Tasks;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UdpSocket},
};

pub use self::zone::{Fault, Zone};
use crate::ports;

/// Larger datagrams are not asked for.
const DATAGRAM: usize = 4_096;

/// A running DNS server. Ends when it is dropped.
#[derive(Debug)]
pub struct DnsServer {
    address: SocketAddr,
    zone: Arc<Zone>,
    tasks: Tasks,
}

impl DnsServer {
    /// Starts a server that knows no name, on a free port.
    ///
    /// # Errors
    /// Fails if it cannot listen.
    pub async fn start() -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports::free()?));
        let datagrams = UdpSocket::bind(address).await.context("listen for datagrams")?;
        let streams = TcpListener::bind(address).await.context("listen for streams")?;
        let (zone, tasks) = (Arc::<Zone>::default(), Tasks::default());
        tasks.spawn("dns over udp", serve_datagrams(datagrams, Arc::clone(&zone)));
        tasks.spawn("dns over tcp", serve_streams(streams, Arc::clone(&zone), tasks.clone()));
        Ok(Self { address, zone, tasks })
    }

    /// What `DNS_SERVERS` is set to.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// What it says.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}

async fn serve_datagrams(socket: UdpSocket, zone: Arc<Zone>) {
    let mut buffer = vec![0; DATAGRAM];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let Some(question) = buffer.get(..length) else { continue };
        if let Some(answer) = answer::to(question, &zone) {
            // Whoever asked may be gone.
            drop(socket.send_to(&answer, from).await);
        }
    }
}

async fn serve_streams(listener: TcpListener, zone: Arc<Zone>, tasks: Tasks) {
    while let Ok((stream, _)) = listener.accept().await {
        tasks.spawn("dns stream", serve_stream(stream, Arc::clone(&zone)));
    }
}

async fn serve_stream(mut stream: TcpStream, zone: Arc<Zone>) {
    while let Ok(length) = stream.read_u16().await {
        let mut question = vec![0; usize::from(length)];
        if stream.read_exact(&mut question).await.is_err() {
            return;
        }
        let Some(answer) = answer::to(&question, &zone) else { continue };
        let Ok(length) = u16::try_from(answer.len()) else { return };
        let whole = [length.to_be_bytes().as_slice(), &answer].concat();
        if stream.write_all(&whole).await.is_err() {
            return;
        }
    }
}
