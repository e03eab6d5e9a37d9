//! Requests that no HTTP library would send.

use std::{net::Ipv4Addr, time::Duration};

use anyhow::{Context as _, Result};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Sends `bytes` as they are and gives all that comes back until the server closes the
/// connection or `patience` is over.
///
/// # Errors
/// Fails if nothing listens on the port, or the connection breaks while sending.
pub async fn send_raw(port: u16, bytes: &[u8], patience: Duration) -> Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| format!("connect to port {port}"))?;
    stream.write_all(bytes).await.context("send raw bytes")?;
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    // What came before the silence, or before a reset, is the answer.
    while let Ok(Ok(length @ 1..)) = tokio::time::timeout(patience, stream.read(&mut chunk)).await {
        answer.extend_from_slice(chunk.get(..length).unwrap_or_default());
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
