//! Logs, metrics and spans: JSON lines on standard error, Prometheus on a port of its own, an
//! OpenTelemetry collector if there is one.

use std::net::SocketAddr;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder};
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::{
    config::Reader,
    spans::{self, Exporting},
};

/// What is logged and where metrics are served.
#[derive(Clone, Debug)]
pub struct TelemetryConfig {
    /// `LOG_FILTER`, in the syntax of `tracing_subscriber::EnvFilter`. Default `info`.
    pub filter: String,
    /// `METRICS_LISTEN`. Unset: no metrics are served.
    pub metrics_listen: Option<SocketAddr>,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`. Unset: no spans are exported.
    pub collector: Option<Url>,
}

impl TelemetryConfig {
    /// Reads `LOG_FILTER`, `METRICS_LISTEN` and `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let filter =
            reader.or("LOG_FILTER", "info,refinery_core=warn,sqlx=warn,lapin=warn".to_owned());
        let filter = filter.and_then(|it| match EnvFilter::builder().parse(&it) {
            Ok(_) => Some(it),
            Err(error) => reader.fault("LOG_FILTER", format_args!("is `{it}`: {error}")),
        });
        let metrics_listen = reader.optional("METRICS_LISTEN");
        let collector: Option<Option<Url>> = reader.optional("OTEL_EXPORTER_OTLP_ENDPOINT");
        let collector = match collector {
            Some(Some(it)) if !matches!(it.scheme(), "http" | "https") => {
                reader.fault("OTEL_EXPORTER_OTLP_ENDPOINT", "is no address of HTTP")
            }
            it => it,
        };
        Some(Self { filter: filter?, metrics_listen: metrics_listen?, collector: collector? })
    }
}

/// Telemetry could not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `LOG_FILTER` is not understood.
    #[error("read LOG_FILTER")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The metrics port cannot be served.
    #[error("serve metrics")]
    Metrics(#[from] BuildError),
    /// Spans cannot be exported.
    #[error("export spans")]
    Spans(#[from] spans::StartError),
}

/// Telemetry while it runs. Drop it last: the last spans are sent then.
#[derive(Debug)]
#[must_use]
pub struct Telemetry {
    _exporting: Option<Exporting>,
}

/// Starts logging for `service`, a program and its role, and what else is configured: the metrics
/// endpoint, the export of spans.
///
/// # Errors
/// Fails if the filter is malformed or the metrics port is taken.
pub fn start(config: &TelemetryConfig, service: &str) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::builder().parse(&config.filter)?;
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    if let Some(listen) = config.metrics_listen {
        PrometheusBuilder::new().with_http_listener(listen).install()?;
    }
    let exporting = config.collector.as_ref().map(|it| spans::export(it, service)).transpose()?;
    Ok(Telemetry { _exporting: exporting })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_filter_that_is_none_is_named_with_the_other_faults() {
        let env = BTreeMap::from([
            ("LOG_FILTER", "info,=,=x"),
            ("METRICS_LISTEN", "here"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "mailto:a@b.example"),
        ]);
        let mut reader = Reader::new(&env);
        let config = TelemetryConfig::read(&mut reader);
        let faults = reader.finish(config).unwrap_err().to_string();
        assert!(env.keys().all(|it| faults.contains(it)), "{faults}");
    }
}
