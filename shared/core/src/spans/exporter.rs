//! Sends spans to the collector, from a thread of its own: no request and no job waits for it.

use std::{io, sync::mpsc::SyncSender, time::Duration};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{InstrumentationScope, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span as Record},
};
use prost::Message as _;
use reqwest::header::CONTENT_TYPE;
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc::Receiver,
    time::sleep,
};
use url::Url;
use uuid::Uuid;

use super::key_value;
use crate::errors::Chain;

/// So many spans are sent together,
const MOST: usize = 512;
/// or those that came in this time.
const GATHER: Duration = Duration::from_secs(1);
/// How long the collector may take.
const ANSWER: Duration = Duration::from_secs(5);

/// The sending half.
pub(super) struct Exporter {
    url: Url,
    client: reqwest::Client,
    resource: Resource,
    waiting: Receiver<Record>,
    finishing: Receiver<SyncSender<()>>,
    /// The collector did not take the last spans, and that was said.
    is_away: bool,
}

/// Why spans did not reach the collector.
#[derive(Debug, thiserror::Error)]
#[error("send spans")]
struct SendError(#[from] reqwest::Error);

impl Exporter {
    pub(super) fn new(
        endpoint: &Url,
        service: &str,
        waiting: Receiver<Record>,
        finishing: Receiver<SyncSender<()>>,
    ) -> Result<Self, reqwest::Error> {
        let named = [
            ("service.name", service.to_owned()),
            ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
            ("service.instance.id", Uuid::new_v4().to_string()),
        ];
        let attributes = named.map(|(key, value)| key_value(key, Value::StringValue(value)));
        Ok(Self {
            url: address(endpoint),
            client: reqwest::Client::builder().timeout(ANSWER).build()?,
            resource: Resource { attributes: attributes.into(), ..Resource::default() },
            waiting,
            finishing,
            is_away: false,
        })
    }

    pub(super) fn start(self) -> io::Result<()> {
        let runtime: Runtime = Builder::new_current_thread().enable_all().build()?;
        let run = move || runtime.block_on(self.run());
        std::thread::Builder::new().name("spans".to_owned()).spawn(run).map(drop)
    }

    async fn run(mut self) {
        loop {
            let mut batch = Vec::with_capacity(MOST);
            let finishing = self.gather(&mut batch).await;
            self.send(batch).await;
            if let Some(done) = finishing {
                self.send_rest().await;
                if done.try_send(()).is_err() {
                    tracing::debug!("nobody waits for the last spans any more");
                }
                return;
            }
        }
    }

    /// The next spans to send together; who waits, if they are the last.
    async fn gather(&mut self, batch: &mut Vec<Record>) -> Option<SyncSender<()>> {
        tokio::select! {
            Some(done) = self.finishing.recv() => return Some(done),
            _ = self.waiting.recv_many(batch, MOST) => {}
        }
        let mut over = std::pin::pin!(sleep(GATHER));
        while batch.len() < MOST {
            let room = MOST - batch.len();
            tokio::select! {
                Some(done) = self.finishing.recv() => return Some(done),
                () = &mut over => break,
                _ = self.waiting.recv_many(batch, room) => {}
            }
        }
        None
    }

    async fn send_rest(&mut self) {
        while !self.is_away && !self.waiting.is_empty() {
            let mut batch = Vec::with_capacity(MOST);
            self.waiting.recv_many(&mut batch, MOST).await;
            self.send(batch).await;
        }
    }

    async fn send(&mut self, batch: Vec<Record>) {
        if batch.is_empty() {
            return;
        }
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        match self.post(batch).await {
            Ok(()) => {
                metrics::counter!("spans_exported_total").increment(count);
                if std::mem::take(&mut self.is_away) {
                    tracing::info!("the collector takes spans again");
                }
            }
            Err(error) => {
                metrics::counter!("spans_lost_total").increment(count);
                if !std::mem::replace(&mut self.is_away, true) {
                    tracing::warn!(
                        error = %Chain(&error),
                        "the collector takes no spans; they are lost until it does"
                    );
                }
            }
        }
    }

    async fn post(&self, spans: Vec<Record>) -> Result<(), SendError> {
        let scope = InstrumentationScope { name: "hotelhub".to_owned(), ..Default::default() };
        let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, ..Default::default() }];
        let resource = Some(self.resource.clone());
        let resource_spans =
            vec![ResourceSpans { resource, scope_spans, schema_url: String::new() }];
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        let request = self.client.post(self.url.clone()).body(body);
        let sent = request.header(CONTENT_TYPE, "application/x-protobuf").send().await;
        sent.and_then(reqwest::Response::error_for_status).map_err(reqwest::Error::without_url)?;
        Ok(())
    }
}

/// Where traces go, below the collector's address.
fn address(endpoint: &Url) -> Url {
    let mut url = endpoint.clone();
    url.set_path(&format!("{}/v1/traces", endpoint.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_go_below_the_collectors_address() {
        for (endpoint, expected) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("https://otel.example/of/us/", "https://otel.example/of/us/v1/traces"),
        ] {
            assert_eq!(address(&endpoint.parse().unwrap()).as_str(), expected);
        }
    }
}
