//! Each fault of the network is what it says.

use std::{io::ErrorKind, net::Ipv4Addr, time::Duration};

use platform_tests::{
    proxy::{Fault, Proxy, Way},
    waiting::eventually,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};

use crate::SOON;

/// Long enough for a byte on the loopback, short enough to wait for its absence.
const SILENCE: Duration = Duration::from_millis(200);

/// A server that the test itself is, and the proxy before it.
struct Ground {
    listener: TcpListener,
    proxy: Proxy,
}

impl Ground {
    async fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let proxy = Proxy::start(listener.local_addr().unwrap()).await.unwrap();
        Self { listener, proxy }
    }

    /// Both ends of a connection through the proxy.
    async fn connect(&self) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(self.proxy.address()).await.unwrap();
        let (server, _) = timeout(SOON, self.listener.accept()).await.unwrap().unwrap();
        (client, server)
    }
}

async fn arrives(from: &mut TcpStream, to: &mut TcpStream) {
    from.write_all(b"ping").await.unwrap();
    assert_eq!(read(to).await.unwrap(), "ping");
}

/// What comes next; nothing at the end of the stream.
async fn read(stream: &mut TcpStream) -> Result<String, ErrorKind> {
    let mut chunk = [0; 64];
    let length = timeout(SOON, stream.read(&mut chunk)).await.unwrap().map_err(|it| it.kind())?;
    Ok(String::from_utf8_lossy(&chunk[..length]).into_owned())
}

async fn is_silent(stream: &mut TcpStream) -> bool {
    timeout(SILENCE, stream.read_u8()).await.is_err()
}

#[tokio::test]
async fn without_a_fault_all_is_carried_and_counted() {
    let ground = Ground::new().await;
    let (mut client, mut server) = ground.connect().await;

    arrives(&mut client, &mut server).await;
    arrives(&mut server, &mut client).await;
    arrives(&mut server, &mut client).await;
    client.shutdown().await.unwrap();
    assert_eq!(read(&mut server).await.unwrap(), "");
    arrives(&mut server, &mut client).await;
    let traffic = ground.proxy.traffic();
    assert_eq!((traffic.connections, traffic.open), (1, 1));
    drop(server);

    assert_eq!(read(&mut client).await.unwrap(), "");
    let closed = async || (ground.proxy.traffic().open == 0).then_some(());
    eventually(SOON, "the connection to be over", closed).await.unwrap();
    let traffic = ground.proxy.traffic();
    assert_eq!((traffic.to_upstream, traffic.to_client), (4, 12));
}

#[tokio::test]
async fn a_delay_is_met_by_every_chunk() {
    let mut ground = Ground::new().await;
    let (mut client, mut server) = ground.connect().await;

    ground.proxy.set(Fault::Delay(SILENCE)).await;

    let begun = Instant::now();
    arrives(&mut client, &mut server).await;
    arrives(&mut server, &mut client).await;
    assert!(begun.elapsed() >= SILENCE * 2, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_black_hole_keeps_what_is_sent_until_it_is_over() {
    let mut ground = Ground::new().await;
    let (mut client, mut server) = ground.connect().await;
    arrives(&mut client, &mut server).await;

    ground.proxy.set(Fault::BlackHole(Way::Both)).await;
    let mut late = TcpStream::connect(ground.proxy.address()).await.unwrap();
    for stream in [&mut client, &mut server, &mut late] {
        stream.write_all(b"held").await.unwrap();
    }
    client.shutdown().await.unwrap();
    assert!(is_silent(&mut server).await && is_silent(&mut client).await);
    ground.proxy.set(Fault::None).await;

    assert_eq!(read(&mut server).await.unwrap(), "held");
    assert_eq!(read(&mut server).await.unwrap(), "");
    assert_eq!(read(&mut client).await.unwrap(), "held");
    let (mut server, _) = ground.listener.accept().await.unwrap();
    assert_eq!(read(&mut server).await.unwrap(), "held");
}

#[tokio::test]
async fn a_black_hole_can_be_of_one_way() {
    let mut ground = Ground::new().await;
    let (mut client, mut server) = ground.connect().await;

    for (way, client_is_heard) in [(Way::ToUpstream, false), (Way::ToClient, true)] {
        ground.proxy.set(Fault::BlackHole(way)).await;
        let (heard, lost) = match client_is_heard {
            true => (&mut client, &mut server),
            false => (&mut server, &mut client),
        };
        arrives(heard, lost).await;
        lost.write_all(b"late").await.unwrap();
        assert!(is_silent(heard).await);
        ground.proxy.set(Fault::None).await;
        assert_eq!(read(heard).await.unwrap(), "late");
    }
}

#[tokio::test]
async fn a_half_close_ends_one_way_for_good_and_leaves_the_other() {
    let mut ground = Ground::new().await;
    let (mut client, mut server) = ground.connect().await;

    ground.proxy.set(Fault::HalfClose(Way::ToClient)).await;

    assert_eq!(read(&mut client).await.unwrap(), "");
    server.write_all(b"unheard").await.unwrap();
    arrives(&mut client, &mut server).await;
    ground.proxy.set(Fault::None).await;
    arrives(&mut client, &mut server).await;
    assert_eq!(read(&mut client).await.unwrap(), "");
}

#[tokio::test]
async fn a_cut_resets_what_stands_and_a_refusal_what_comes_too() {
    let mut ground = Ground::new().await;
    let (mut client, mut server) = ground.connect().await;
    arrives(&mut client, &mut server).await;

    ground.proxy.cut();
    assert_eq!(read(&mut client).await, Err(ErrorKind::ConnectionReset));
    assert_eq!(read(&mut server).await, Err(ErrorKind::ConnectionReset));
    let (mut client, mut server) = ground.connect().await;
    arrives(&mut client, &mut server).await;

    ground.proxy.set(Fault::Refuse).await;
    assert_eq!(read(&mut client).await, Err(ErrorKind::ConnectionReset));
    let refused = TcpStream::connect(ground.proxy.address()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    ground.proxy.set(Fault::None).await;
    let (mut client, mut server) = ground.connect().await;
    arrives(&mut client, &mut server).await;
}

#[tokio::test]
async fn a_server_that_is_away_or_breaks_off_is_a_reset() {
    let ground = Ground::new().await;
    let (mut client, server) = ground.connect().await;

    server.set_zero_linger().unwrap();
    drop(server);
    assert_eq!(read(&mut client).await, Err(ErrorKind::ConnectionReset));
    drop(ground.listener);
    let mut client = TcpStream::connect(ground.proxy.address()).await.unwrap();

    assert_eq!(read(&mut client).await, Err(ErrorKind::ConnectionReset));
}
