//! Logs and metrics: JSON lines on standard error, Prometheus on a port of its own.

use std::net::SocketAddr;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder};
use tracing_subscriber::EnvFilter;

use crate::config::Reader;

/// What is logged and where metrics are served.
#[derive(Clone, Debug)]
pub struct TelemetryConfig {
    /// `LOG_FILTER`, in the syntax of `tracing_subscriber::EnvFilter`. Default `info`.
    pub filter: String,
    /// `METRICS_LISTEN`. Unset: no metrics are served.
    pub metrics_listen: Option<SocketAddr>,
}

impl TelemetryConfig {
    /// Reads `LOG_FILTER` and `METRICS_LISTEN`.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let filter =
            reader.or("LOG_FILTER", "info,refinery_core=warn,sqlx=warn,lapin=warn".to_owned());
        let filter = filter.and_then(|it| match EnvFilter::builder().parse(&it) {
            Ok(_) => Some(it),
            Err(error) => reader.fault("LOG_FILTER", format_args!("is `{it}`: {error}")),
        });
        let metrics_listen = reader.optional("METRICS_LISTEN");
        Some(Self { filter: filter?, metrics_listen: metrics_listen? })
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
}

/// Starts logging and, if configured, the metrics endpoint.
///
/// # Errors
/// Fails if the filter is malformed or the metrics port is taken.
pub fn start(config: &TelemetryConfig) -> Result<(), TelemetryError> {
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
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_filter_that_is_none_is_named_with_the_other_faults() {
        let env = BTreeMap::from([("LOG_FILTER", "info,=,=x"), ("METRICS_LISTEN", "here")]);
        let mut reader = Reader::new(&env);
        let config = TelemetryConfig::read(&mut reader);
        let faults = reader.finish(config).unwrap_err().to_string();
        assert!(faults.contains("LOG_FILTER") && faults.contains("METRICS_LISTEN"), "{faults}");
    }
}
