//! A collector of OpenTelemetry: keeps the spans that programs tell it about.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::{KeepAlive, header::CONTENT_TYPE},
    web::{Bytes, Data, Header, PayloadConfig, post},
};
use anyhow::{Context as _, Result};
use hotelhub_core::tasks::Tasks;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{ResourceSpans, Span, status::StatusCode},
};
use prost::Message as _;

use crate::waiting::eventually;

const PROTOBUF: &str = "application/x-protobuf";
const LARGEST: usize = 16 * 1024 * 1024;

/// A span, its ids as digits.
#[derive(Clone, Debug)]
pub struct ToldSpan {
    /// The program and role that told it.
    pub service: String,
    /// What was done.
    pub name: String,
    /// Its trace.
    pub trace: String,
    /// Itself.
    pub id: String,
    /// The one that caused it; empty if none did.
    pub parent: String,
    /// Traces and spans that it also belongs to.
    pub links: Vec<(String, String)>,
    /// What is said about it.
    pub attributes: BTreeMap<String, String>,
    /// Whether it failed.
    pub has_failed: bool,
}

/// A running collector. Stops when it is dropped.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    told: Told,
    server: ServerHandle,
    tasks: Tasks,
}

/// What was told so far. Clones are the same.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<Vec<ToldSpan>>>);

impl Collector {
    /// Starts a collector on a free port.
    ///
    /// # Errors
    /// Fails if it cannot listen.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("open a collector")?;
        let address = listener.local_addr().context("open a collector")?;
        let (told, tasks) = (Told::default(), Tasks::default());
        let data = Data::new(told.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(PayloadConfig::new(LARGEST))
                .route("/v1/traces", post().to(take))
        })
        .workers(1)
        // Were we held up, spans on a connection that is closed just then would be lost, and those on a
        // new one be refused.
        .keep_alive(KeepAlive::Disabled)
        .client_request_timeout(Duration::ZERO)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)
        .context("open a collector")?
        .run();
        let handle = server.handle();
        tasks.spawn("collector", async move { drop(server.await) });
        Ok(Self { address, told, server: handle, tasks })
    }

    /// Its address in the form of `OTEL_EXPORTER_OTLP_ENDPOINT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every span so far.
    #[must_use]
    pub fn spans(&self) -> Vec<ToldSpan> {
        self.told.read().clone()
    }

    /// Waits for a span of this trace with this name.
    ///
    /// # Errors
    /// Fails if there is none at the deadline; the message names those that there are.
    pub async fn wait_for(&self, trace: &str, name: &str, deadline: Duration) -> Result<ToldSpan> {
        let find =
            async || self.spans().into_iter().find(|it| it.trace == trace && it.name == name);
        eventually(deadline, &format!("a span `{name}` of {trace}"), find).await.with_context(
            || {
                let all = self.spans();
                let names: Vec<_> =
                    all.iter().map(|it| (&*it.trace, &*it.service, &*it.name)).collect();
                format!("the spans are {names:?}")
            },
        )
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.tasks.stop();
        // Who it is sent to is gone if this fails; nobody waits for the answer.
        drop(self.server.stop(false));
    }
}

impl Told {
    fn read(&self) -> MutexGuard<'_, Vec<ToldSpan>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn take(
    told: Data<Told>,
    kind: Header<actix_web::http::header::ContentType>,
    body: Bytes,
) -> HttpResponse {
    let request = match ExportTraceServiceRequest::decode(body) {
        Ok(request) if kind.into_inner().to_string() == PROTOBUF => request,
        _ => return HttpResponse::BadRequest().finish(),
    };
    told.read().extend(request.resource_spans.into_iter().flat_map(spans_of));
    let answer = ExportTraceServiceResponse::default().encode_to_vec();
    HttpResponse::Ok().insert_header((CONTENT_TYPE, PROTOBUF)).body(answer)
}

fn spans_of(resource: ResourceSpans) -> Vec<ToldSpan> {
    let named = attributes(resource.resource.map(|it| it.attributes).unwrap_or_default());
    let service = named.get("service.name").cloned().unwrap_or_default();
    let spans = resource.scope_spans.into_iter().flat_map(|it| it.spans);
    spans.map(|it| told(it, &service)).collect()
}

fn told(span: Span, service: &str) -> ToldSpan {
    ToldSpan {
        service: service.to_owned(),
        name: span.name,
        trace: digits(&span.trace_id),
        id: digits(&span.span_id),
        parent: digits(&span.parent_span_id),
        links: span.links.iter().map(|it| (digits(&it.trace_id), digits(&it.span_id))).collect(),
        attributes: attributes(span.attributes),
        has_failed: span.status.is_some_and(|it| it.code() == StatusCode::Error),
    }
}

fn attributes(all: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |it: KeyValue| match it.value.and_then(|value| value.value)? {
        Value::StringValue(text) => Some((it.key, text)),
        Value::IntValue(number) => Some((it.key, number.to_string())),
        _ => None,
    };
    all.into_iter().filter_map(text).collect()
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}
