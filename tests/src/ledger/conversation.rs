//! One client's connection to a ledger: requests, one after another, and their answers.

use std::io;

use hotelhub_core::clock::Clock;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream},
    net::TcpStream,
    sync::watch,
};

use super::{Behaviour, Book, Call};

/// A body of ours is a line of JSON.
const MAX_BODY: usize = 1024 * 1024;
const MAX_HEAD_LINES: usize = 100;

/// Answers requests until the client hangs up.
pub(super) async fn converse(
    client: TcpStream,
    book: Book,
    mut behaviours: watch::Receiver<Behaviour>,
) -> io::Result<()> {
    let mut stream = BufStream::new(client);
    while let Some(request) = Request::read(&mut stream).await? {
        let Some(answer) = answer(request, &book, &mut behaviours).await else { return Ok(()) };
        stream.write_all(answer.text().as_bytes()).await?;
        stream.flush().await?;
    }
    Ok(())
}

/// Writes the call down and says what to answer; nothing if the connection is to be closed.
async fn answer(
    request: Request,
    book: &Book,
    behaviours: &mut watch::Receiver<Behaviour>,
) -> Option<Answer> {
    let behaviour = *behaviours.borrow_and_update();
    let is_taken = !matches!(behaviour, Behaviour::Refuse(_) | Behaviour::TooMany(_));
    let call = match request.call(is_taken) {
        Ok(call) => call,
        Err(answer) => return Some(answer),
    };
    let taken = Answer::of(200, json!({ "effect": call.effect, "repeat": book.write(call) }));
    match behaviour {
        Behaviour::Answer => {}
        Behaviour::Refuse(status) => return Some(Answer::of(status, json!({}))),
        Behaviour::TooMany(time) => {
            return Some(Answer {
                retry_after: Some(time.as_secs()),
                ..Answer::of(429, json!({}))
            });
        }
        // It ends with the ledger, which ends the conversation as well.
        Behaviour::Hang => drop(behaviours.wait_for(|it| *it != Behaviour::Hang).await),
        Behaviour::Slow(time) => tokio::time::sleep(time).await,
        Behaviour::DropAfterRecording => return None,
    }
    Some(taken)
}

struct Answer {
    status: u16,
    retry_after: Option<u64>,
    body: Value,
}

impl Answer {
    fn of(status: u16, body: Value) -> Self {
        Self { status, retry_after: None, body }
    }

    fn text(&self) -> String {
        let (status, body) = (self.status, self.body.to_string());
        let later = self.retry_after.map(|it| format!("Retry-After: {it}\r\n")).unwrap_or_default();
        let length = body.len();
        format!(
            "HTTP/1.1 {status} ledger\r\n{later}Content-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
    }
}

struct Request {
    line: String,
    key: Option<String>,
    trace: Option<String>,
    body: Vec<u8>,
}

impl Request {
    /// The next request; nothing if the client has hung up before it.
    async fn read(stream: &mut BufStream<TcpStream>) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let mut request =
            Self { line: line.trim_end().to_owned(), key: None, trace: None, body: Vec::new() };
        let mut length = 0;
        for _ in 0..MAX_HEAD_LINES {
            line.clear();
            stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            let value = value.trim().to_owned();
            match &*name.to_ascii_lowercase() {
                "idempotency-key" => request.key = Some(value),
                "traceparent" => request.trace = Some(value),
                "content-length" => length = value.parse().map_err(io::Error::other)?,
                _ => {}
            }
        }
        if length > MAX_BODY {
            return Err(io::Error::other("the body is too long"));
        }
        request.body.resize(length, 0);
        stream.read_exact(&mut request.body).await?;
        Ok(Some(request))
    }

    /// The call that this is, or why it is none.
    fn call(self, is_taken: bool) -> Result<Call, Answer> {
        if !self.line.starts_with("POST /calls ") {
            return Err(Answer::of(404, json!({ "error": "only POST /calls is here" })));
        }
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let effect = body.get("effect").and_then(Value::as_str).map(str::to_owned);
        let (Some(key), Some(effect)) = (self.key, effect) else {
            let error = "a call has an Idempotency-Key and an `effect`";
            return Err(Answer::of(400, json!({ "error": error })));
        };
        let at = Clock::system().now();
        Ok(Call { key, effect, is_taken, at, trace: self.trace, body })
    }
}
