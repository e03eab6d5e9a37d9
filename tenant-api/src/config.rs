//! The settings of each role, read from the environment, all faults at once.

use std::{
    net::SocketAddr,
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

use hotelhub_core::{
    clock::Clock,
    config::{ConfigFaults, Env, Reader},
    keys::Keyring,
    telemetry::TelemetryConfig,
};
use hotelhub_http::{client_addr::TrustedProxies, limits::LimitsConfig};
use hotelhub_jobs::{address::read_amqp_url, peers::shared::read_redis_url};
use hotelhub_storage::StorageConfig;
use hotelhub_tenancy::{feed::FeedConfig, host::Hostname};
use lettre::{AsyncSmtpTransport, Tokio1Executor, message::Mailbox};
use secrecy::SecretString;
use url::Url;

use crate::tls::TlsConfig;

/// A server with the usual 100 connections has room for two such processes and the provisioner.
const CONNECTIONS_PER_HOST: usize = 40;

/// As many as a window of tickets can hold twice.
const BATCH: usize = 16;
/// As far as workers are scaled.
const REPLICAS: u32 = 32;

/// What every role needs.
#[derive(Clone, Debug)]
pub struct ProgramConfig {
    /// Logs and metrics.
    pub telemetry: TelemetryConfig,
    /// `SHUTDOWN_GRACE_SECONDS`: how long running work may take to end. Kubernetes' own grace
    /// period must be longer.
    pub grace: Duration,
    /// `CLOCK_FILE`: moves the clock, for tests.
    pub clock: Clock,
}

/// What `serve` needs.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// What every role needs.
    pub program: ProgramConfig,
    /// `TENANT_LISTEN`.
    pub listen: SocketAddr,
    /// The addresses that people see.
    pub addresses: Addresses,
    /// Where routes come from.
    pub feed: FeedConfig,
    /// How tenant databases are reached.
    pub databases: DatabasesConfig,
    /// `TOKEN_KEYS`: signs access tokens.
    pub token_keys: Keyring,
    /// `AMQP_URL`.
    pub amqp_url: SecretString,
    /// `TRUSTED_PROXIES`.
    pub trusted_proxies: TrustedProxies,
    /// Requests per client address.
    pub limits: LimitsConfig,
    /// How TLS is served, where no edge does.
    pub tls: TlsConfig,
}

/// What `work` needs.
#[derive(Clone, Debug)]
pub struct WorkConfig {
    /// What every role needs.
    pub program: ProgramConfig,
    /// The addresses that people see.
    pub addresses: Addresses,
    /// Where routes come from.
    pub feed: FeedConfig,
    /// How tenant databases are reached.
    pub databases: DatabasesConfig,
    /// `AMQP_URL`.
    pub amqp_url: SecretString,
    /// `SMTP_URL`, e.g. `smtps://user:password@mail.example:465`.
    pub smtp_url: SecretString,
    /// `MAIL_FROM`, e.g. `HotelHub <no-reply@hotelhub.id>`.
    pub mail_from: Mailbox,
    /// `WORK_BATCH`: at most so many claims or outcomes of one hotel are committed together; 1 is
    /// each by itself.
    pub batch: usize,
    /// `WORK_REPLICAS`: the most workers there may be; without Redis each takes its share of what
    /// a peer allows all hotels together.
    pub replicas: u32,
    /// `REDIS_URL`: where workers count together what a peer allows all hotels.
    pub redis_url: Option<SecretString>,
}

/// What `schedule` needs.
#[derive(Clone, Debug)]
pub struct ScheduleConfig {
    /// What every role needs.
    pub program: ProgramConfig,
    /// Where routes come from.
    pub feed: FeedConfig,
    /// `AMQP_URL`.
    pub amqp_url: SecretString,
}

/// What `topology` needs.
#[derive(Clone, Debug)]
pub struct TopologyConfig {
    /// `AMQP_URL`.
    pub amqp_url: SecretString,
}

/// How tenant databases are reached.
#[derive(Clone, Debug)]
pub struct DatabasesConfig {
    /// `DB_HOST_KEYS`: makes the login passwords.
    pub keys: Keyring,
    /// `DB_CONNECTIONS_PER_HOST`: this process's share of a database host's connections. The
    /// shares of all processes must add up to less than the server's `max_connections`.
    pub connections_per_host: usize,
}

/// The addresses that people see.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// `TENANT_BASE_DOMAIN`: hotels live below it.
    pub base_domain: String,
    /// `TENANT_PUBLIC_URL`: a hotel's address, with `{host}` for its host name.
    tenant_pattern: String,
    /// `CONTROL_PUBLIC_URL`: where hotels sign up.
    pub control: Url,
}

impl Addresses {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let base_domain: Option<String> = reader.required("TENANT_BASE_DOMAIN");
        let pattern = reader.or("TENANT_PUBLIC_URL", "https://{host}".to_owned());
        let control = reader.required("CONTROL_PUBLIC_URL");
        let base_domain = match base_domain.map(|it| Hostname::parse(&it)) {
            Some(Ok(name)) => Some(name.to_string()),
            Some(Err(error)) => reader.fault("TENANT_BASE_DOMAIN", error),
            None => None,
        };
        let tenant_pattern = match pattern {
            Some(it) if it.contains("{host}") => Some(it),
            Some(_) => reader.fault("TENANT_PUBLIC_URL", "needs `{host}` where the host name goes"),
            None => None,
        };
        Some(Self { base_domain: base_domain?, tenant_pattern: tenant_pattern?, control: control? })
    }

    /// The address of a hotel, without a slash at its end.
    #[must_use]
    pub fn of_hotel(&self, host: &str) -> String {
        self.tenant_pattern.replace("{host}", host)
    }

    /// Whether a name is one that the platform gives.
    #[must_use]
    pub fn is_of_platform(&self, host: &str) -> bool {
        host.strip_suffix(&*self.base_domain).is_some_and(|it| it.ends_with('.'))
    }

    /// Those of `hotelhub.id`, over this scheme.
    #[cfg(test)]
    pub(crate) fn of_a_test(scheme: &str) -> Self {
        let env = [
            ("TENANT_BASE_DOMAIN", "hotelhub.id".to_owned()),
            ("TENANT_PUBLIC_URL", format!("{scheme}://{{host}}")),
            ("CONTROL_PUBLIC_URL", "https://control.hotelhub.id".to_owned()),
        ];
        let env: std::collections::BTreeMap<&str, &str> =
            env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Self::read(&mut Reader::new(&env)).unwrap()
    }

    /// Whether people reach hotels over TLS.
    #[must_use]
    pub fn over_tls(&self) -> bool {
        self.tenant_pattern.starts_with("https:")
    }
}

impl ServeConfig {
    /// Reads the settings of `serve`.
    ///
    /// # Errors
    /// Names everything that is wrong.
    pub fn from_env(env: &dyn Env) -> Result<Self, ConfigFaults> {
        let mut reader = Reader::new(env);
        let program = read_program(&mut reader);
        let listen = reader.listen("TENANT_LISTEN", ([127, 0, 0, 1], 8080));
        let addresses = Addresses::read(&mut reader);
        let feed = read_feed(&mut reader);
        let databases = read_databases(&mut reader);
        let token_keys = reader.keys("TOKEN_KEYS");
        let amqp_url = read_amqp_url(&mut reader);
        let trusted_proxies = TrustedProxies::read(&mut reader);
        let limits = LimitsConfig::read(&mut reader);
        let tls = TlsConfig::read(&mut reader);
        let config = || {
            Some(Self {
                program: program?,
                listen: listen?,
                addresses: addresses?,
                feed: feed?,
                databases: databases?,
                token_keys: token_keys?,
                amqp_url: amqp_url?,
                trusted_proxies: trusted_proxies?,
                limits: limits?,
                tls: tls?,
            })
        };
        reader.finish(config())
    }
}

impl WorkConfig {
    /// Reads the settings of `work`.
    ///
    /// # Errors
    /// Names everything that is wrong.
    pub fn from_env(env: &dyn Env) -> Result<Self, ConfigFaults> {
        let mut reader = Reader::new(env);
        let program = read_program(&mut reader);
        let addresses = Addresses::read(&mut reader);
        let feed = read_feed(&mut reader);
        let databases = read_databases(&mut reader);
        let amqp_url = read_amqp_url(&mut reader);
        let smtp_url = read_smtp_url(&mut reader);
        let mail_from = reader.required("MAIL_FROM");
        let batch: Option<Option<NonZeroUsize>> = reader.optional("WORK_BATCH");
        let replicas: Option<Option<NonZeroU32>> = reader.optional("WORK_REPLICAS");
        let redis_url = read_redis_url(&mut reader);
        let config = || {
            Some(Self {
                program: program?,
                addresses: addresses?,
                feed: feed?,
                databases: databases?,
                amqp_url: amqp_url?,
                smtp_url: smtp_url?,
                mail_from: mail_from?,
                batch: batch?.map_or(BATCH, NonZeroUsize::get),
                replicas: replicas?.map_or(REPLICAS, NonZeroU32::get),
                redis_url: redis_url?,
            })
        };
        reader.finish(config())
    }
}

impl ScheduleConfig {
    /// Reads the settings of `schedule`.
    ///
    /// # Errors
    /// Names everything that is wrong.
    pub fn from_env(env: &dyn Env) -> Result<Self, ConfigFaults> {
        let mut reader = Reader::new(env);
        let program = read_program(&mut reader);
        let feed = read_feed(&mut reader);
        let amqp_url = read_amqp_url(&mut reader);
        let config = || Some(Self { program: program?, feed: feed?, amqp_url: amqp_url? });
        reader.finish(config())
    }
}

impl TopologyConfig {
    /// Reads the settings of `topology`.
    ///
    /// # Errors
    /// Names everything that is wrong.
    pub fn from_env(env: &dyn Env) -> Result<Self, ConfigFaults> {
        let mut reader = Reader::new(env);
        let amqp_url = read_amqp_url(&mut reader);
        reader.finish(amqp_url.map(|amqp_url| Self { amqp_url }))
    }
}

fn read_program(reader: &mut Reader<'_>) -> Option<ProgramConfig> {
    let telemetry = TelemetryConfig::read(reader);
    let grace = reader.seconds("SHUTDOWN_GRACE_SECONDS", 25);
    let clock: Option<Option<PathBuf>> = reader.optional("CLOCK_FILE");
    let clock = clock.map(|it| it.map_or_else(Clock::system, Clock::moved_by_file));
    Some(ProgramConfig { telemetry: telemetry?, grace: grace?, clock: clock? })
}

fn read_feed(reader: &mut Reader<'_>) -> Option<FeedConfig> {
    let url = reader.required("ROUTE_FEED_URL");
    let token = reader.secret("ROUTE_FEED_TOKEN");
    let snapshot_file = reader.required("ROUTE_SNAPSHOT_FILE");
    let storage = StorageConfig::read(reader);
    Some(FeedConfig { url: url?, token: token?, snapshot_file: snapshot_file?, storage: storage? })
}

fn read_databases(reader: &mut Reader<'_>) -> Option<DatabasesConfig> {
    let keys = reader.keys("DB_HOST_KEYS");
    let connections_per_host: Option<Option<NonZeroUsize>> =
        reader.optional("DB_CONNECTIONS_PER_HOST");
    let connections_per_host =
        connections_per_host?.map_or(CONNECTIONS_PER_HOST, NonZeroUsize::get);
    Some(DatabasesConfig { keys: keys?, connections_per_host })
}

fn read_smtp_url(reader: &mut Reader<'_>) -> Option<SecretString> {
    let form = "smtps://name:password@host` or `smtp://host:port";
    reader
        .address("SMTP_URL", form, |it| AsyncSmtpTransport::<Tokio1Executor>::from_url(it).is_ok())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn an_empty_environment_names_every_setting_that_is_missing() {
        let faults = ServeConfig::from_env(&BTreeMap::new()).unwrap_err().to_string();
        for name in [
            "TENANT_BASE_DOMAIN",
            "CONTROL_PUBLIC_URL",
            "ROUTE_FEED_URL",
            "ROUTE_FEED_TOKEN",
            "ROUTE_SNAPSHOT_FILE",
            "DB_HOST_KEYS",
            "TOKEN_KEYS",
            "AMQP_URL",
        ] {
            assert!(faults.contains(name), "{name} is not in: {faults}");
        }
    }

    #[test]
    fn every_setting_of_work_that_is_wrong_is_named_at_once_and_no_password_repeated() {
        let env = BTreeMap::from([
            ("LOG_FILTER", "=,=x"),
            ("AMQP_URL", "http://a:hunter2@rabbit.example"),
            ("SMTP_URL", "mail://a:hunter2@mail.example"),
            ("MAIL_FROM", "nobody"),
            ("DB_CONNECTIONS_PER_HOST", "0"),
            ("SHUTDOWN_GRACE_SECONDS", "soon"),
            ("TENANT_PUBLIC_URL", "https://hotelhub.id"),
        ]);
        let faults = WorkConfig::from_env(&env).unwrap_err().to_string();
        for name in env.keys() {
            assert!(faults.contains(name), "{name} is not in: {faults}");
        }
        assert!(!faults.contains("hunter2"), "{faults}");
    }
}
