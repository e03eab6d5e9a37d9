//! Spans: pieces of work that a collector of OpenTelemetry is told about, if there is one.
//!
//! They are beside the log on purpose: only what this module is asked for becomes a span, and
//! while nothing is exported, asking costs a look at an empty cell.

mod exporter;

use std::{
    fmt,
    sync::{OnceLock, mpsc::SyncSender},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::{
        Span as Record, Status,
        span::{Link, SpanKind},
        status::StatusCode,
    },
};
use tokio::sync::mpsc;
use url::Url;

use self::exporter::Exporter;
use crate::trace::TraceContext;

/// Spans that wait to be sent; more are lost.
const WAITING: usize = 4096;
/// How long the end of a program waits for its last spans to be sent.
const FLUSH: Duration = Duration::from_secs(2);
/// The parent's place is known, and it is in another process.
const REMOTE_PARENT: u32 = 0x300;

static QUEUE: OnceLock<mpsc::Sender<Record>> = OnceLock::new();

/// What a piece of work is to the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It answers somebody.
    Server,
    /// It puts work into a queue.
    Producer,
    /// It does work from a queue.
    Consumer,
}

/// A piece of work while it lasts. One that is dropped before its end is not told.
#[derive(Debug)]
pub struct Span {
    record: Record,
    began: Instant,
}

/// Spans could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No HTTP client can be made on this machine.
    #[error("make an HTTP client")]
    Client(#[from] reqwest::Error),
    /// The exporter cannot run.
    #[error("start the exporter's thread")]
    Thread(#[from] std::io::Error),
}

/// Has spans exported while it lives. Dropping it sends those that wait, for a short while.
#[derive(Debug)]
pub struct Exporting {
    finish: mpsc::Sender<SyncSender<()>>,
}

impl Drop for Exporting {
    fn drop(&mut self) {
        let (done, flushed) = std::sync::mpsc::sync_channel(1);
        if self.finish.try_send(done).is_ok() && flushed.recv_timeout(FLUSH).is_err() {
            tracing::warn!("the last spans could not be sent");
        }
    }
}

/// Exports the spans of this process to the OTLP collector at `endpoint`, under the name of
/// `service`. A collector that is away costs spans, and nothing else.
///
/// # Errors
/// Fails if the machine has no room for the exporter.
pub fn export(endpoint: &Url, service: &str) -> Result<Exporting, StartError> {
    let (queue, waiting) = mpsc::channel(WAITING);
    let (finish, finishing) = mpsc::channel(1);
    Exporter::new(endpoint, service, waiting, finishing)?.start()?;
    if QUEUE.set(queue).is_err() {
        tracing::warn!("spans are exported already");
    }
    Ok(Exporting { finish })
}

impl Span {
    /// Begins the piece of work at this place of its trace, below the one that caused it. `None`:
    /// nobody wants to know.
    #[must_use]
    pub fn begin(kind: Kind, at: TraceContext, cause: Option<TraceContext>) -> Option<Self> {
        QUEUE.get().filter(|_| at.is_sampled())?;
        let parent = cause.map(|it| it.span_id().to_vec());
        let record = Record {
            trace_id: at.trace_id().as_bytes().to_vec(),
            span_id: at.span_id().to_vec(),
            flags: 1 | if parent.is_some() { REMOTE_PARENT } else { 0 },
            parent_span_id: parent.unwrap_or_default(),
            kind: kind.of_otlp().into(),
            start_time_unix_nano: now(),
            ..Record::default()
        };
        Some(Self { record, began: Instant::now() })
    }

    /// Says what else it belongs to.
    #[must_use]
    pub fn linked_to(mut self, other: TraceContext) -> Self {
        self.record.links.push(Link {
            trace_id: other.trace_id().as_bytes().to_vec(),
            span_id: other.span_id().to_vec(),
            flags: u32::from(other.is_sampled()) | REMOTE_PARENT,
            ..Link::default()
        });
        self
    }

    /// Says something about it.
    #[must_use]
    pub fn with(self, key: &str, value: impl fmt::Display) -> Self {
        self.with_value(key, Value::StringValue(value.to_string()))
    }

    /// Says a number about it.
    #[must_use]
    pub fn with_number(self, key: &str, value: impl Into<i64>) -> Self {
        self.with_value(key, Value::IntValue(value.into()))
    }

    fn with_value(mut self, key: &str, value: Value) -> Self {
        self.record.attributes.push(key_value(key, value));
        self
    }

    /// Says that it failed, and of what.
    #[must_use]
    pub fn failed(mut self, why: impl fmt::Display) -> Self {
        let code = StatusCode::Error.into();
        self.record.status = Some(Status { message: why.to_string(), code });
        self
    }

    /// Ends it. Of many alike, the name is the same.
    pub fn end(mut self, name: impl Into<String>) {
        self.record.name = name.into();
        // The machine's clock may be set meanwhile: a piece of work never ends before it begins.
        let lasted = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.record.end_time_unix_nano = self.record.start_time_unix_nano.saturating_add(lasted);
        if QUEUE.get().is_some_and(|it| it.try_send(self.record).is_err()) {
            metrics::counter!("spans_lost_total").increment(1);
        }
    }
}

impl Kind {
    const fn of_otlp(self) -> SpanKind {
        match self {
            Self::Server => SpanKind::Server,
            Self::Producer => SpanKind::Producer,
            Self::Consumer => SpanKind::Consumer,
        }
    }
}

/// The machine's time: what other machines tell the collector is not moved either.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn key_value(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn while_nothing_is_exported_there_are_no_spans() {
        let at = TraceContext::beginning(Uuid::nil(), true);
        assert!(Span::begin(Kind::Server, at, None).is_none());
    }
}
