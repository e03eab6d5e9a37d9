//! The settings of each role, read from the environment, all faults at once.

use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf, time::Duration};

use hotelhub_bundle::{Limits as BundleLimits, read_temp_folder};
use hotelhub_core::{
    clock::Clock,
    config::{ConfigFaults, Env, Reader},
    keys::Keyring,
    telemetry::TelemetryConfig,
};
use hotelhub_http::{client_addr::TrustedProxies, limits::LimitsConfig};
use hotelhub_storage::StorageConfig;
use lettre::{AsyncSmtpTransport, Tokio1Executor, message::Mailbox};
use secrecy::SecretString;
use url::{Host, Url};

use crate::domains::DomainsConfig;
pub use crate::vendor_users::{Gate, TotpRule};

/// Each may fill the temporary folder up to its limit, and unpacking one takes a processor.
const IMPORT_CONCURRENCY: usize = 2;

/// What every long-running role needs.
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
    /// `CONTROL_LISTEN`.
    pub listen: SocketAddr,
    /// The addresses that people see.
    pub addresses: Addresses,
    /// `PANEL_PUBLIC_URL`: where the vendor's panel is, on a host where nobody signs up.
    pub panel: Url,
    /// `CONTROL_DATABASE_URL`.
    pub database_url: SecretString,
    /// `ROUTE_FEED_TOKEN`: what replicas of tenant-api show.
    pub route_feed_token: SecretString,
    /// `SEALING_KEYS`: seal what is secret in the control database.
    pub sealing_keys: Keyring,
    /// `DB_HOST_KEYS`: only the id of the current one is used, for new database hosts.
    pub db_host_keys: Keyring,
    /// `TOKEN_KEYS`: sign access tokens.
    pub token_keys: Keyring,
    /// `TRUSTED_PROXIES`.
    pub trusted_proxies: TrustedProxies,
    /// `VENDOR_TOTP` and `VENDOR_ALLOWED_ADDRESSES`.
    pub gate: Gate,
    /// Requests per client address.
    pub limits: LimitsConfig,
    /// `STORAGE_URL`: where a snapshot of the routes is published, if anywhere.
    pub storage: Option<StorageConfig>,
    /// How bundles that somebody brings are taken in.
    pub imports: ImportsConfig,
    /// `TENANT_UPCALL_URL`: where tenant-api is reached from inside, if not at its public addresses.
    pub upcall_url: Option<Url>,
    /// How custom domains are looked at.
    pub(crate) domains: DomainsConfig,
}

/// How bundles that somebody brings are taken in.
#[derive(Clone, Debug)]
pub struct ImportsConfig {
    /// `BUNDLE_MAX_GIB`: how much one may hold.
    pub limits: BundleLimits,
    /// `IMPORT_CONCURRENCY`: how many are taken in at once.
    pub at_once: NonZeroUsize,
    /// `TEMP_FOLDER`: where they lie meanwhile. Unset: as the system does.
    pub temp_folder: Option<PathBuf>,
}

/// What `work` needs.
#[derive(Clone, Debug)]
pub struct WorkConfig {
    /// What every role needs.
    pub program: ProgramConfig,
    /// The addresses that people see.
    pub addresses: Addresses,
    /// `CONTROL_DATABASE_URL`.
    pub database_url: SecretString,
    /// `SMTP_URL`: where mail is handed over.
    pub smtp_url: SecretString,
    /// `MAIL_FROM`: whom mail comes from.
    pub mail_from: Mailbox,
    /// `ROUTE_FEED_TOKEN`: what hotels' programs believe us by.
    pub route_feed_token: SecretString,
    /// `TENANT_UPCALL_URL`: where tenant-api is reached from inside, if not at its public addresses.
    pub upcall_url: Option<Url>,
    /// How custom domains are looked at.
    pub(crate) domains: DomainsConfig,
}

/// What `vendor-user` needs.
#[derive(Clone, Debug)]
pub struct VendorUserConfig {
    /// `CONTROL_DATABASE_URL`.
    pub database_url: SecretString,
    /// `CLOCK_FILE`: moves the clock, for tests.
    pub clock: Clock,
}

/// The addresses that people see.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// `TENANT_BASE_DOMAIN`: hotels live below it.
    pub base_domain: String,
    /// `TENANT_PUBLIC_URL`: a hotel's address, with `{host}` for its host name.
    tenant_pattern: String,
    /// `CONTROL_PUBLIC_URL`: our own.
    pub control: Url,
}

impl Addresses {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let domain: Option<String> = reader.required("TENANT_BASE_DOMAIN");
        let pattern = reader.or("TENANT_PUBLIC_URL", "https://{host}".to_owned());
        let control = reader.required("CONTROL_PUBLIC_URL");
        let base_domain = domain.and_then(|it| match Host::parse(&it) {
            Ok(Host::Domain(name)) if !name.ends_with('.') => Some(name),
            _ => reader.fault("TENANT_BASE_DOMAIN", format!("is `{it}`: not a domain name")),
        });
        let tenant_pattern = pattern.and_then(|it| match it.contains("{host}") {
            true => Some(it),
            false => reader.fault("TENANT_PUBLIC_URL", "needs `{host}` where the host name goes"),
        });
        Some(Self { base_domain: base_domain?, tenant_pattern: tenant_pattern?, control: control? })
    }

    /// The platform's host name for the hotel with this slug.
    #[must_use]
    pub fn host_of(&self, slug: &str) -> String {
        format!("{slug}.{}", self.base_domain)
    }

    /// The address of the hotel on `host`, without a slash at its end.
    #[must_use]
    pub fn of_hotel(&self, host: &str) -> String {
        self.tenant_pattern.replace("{host}", host)
    }

    /// Whether people reach hotels over TLS.
    #[must_use]
    pub fn over_tls(&self) -> bool {
        self.tenant_pattern.starts_with("https:")
    }

    /// Where people of the hotel on `host` log in.
    #[must_use]
    pub fn login_of(&self, host: &str) -> String {
        format!("{}/login", self.of_hotel(host))
    }

    /// The address of our own page or resource at `path`.
    #[must_use]
    pub fn own(&self, path: &str) -> String {
        format!("{}{path}", self.control.as_str().trim_end_matches('/'))
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
        let listen = reader.listen("CONTROL_LISTEN", ([127, 0, 0, 1], 8000));
        let addresses = Addresses::read(&mut reader);
        let panel = read_panel(&mut reader, addresses.as_ref());
        let database_url = read_database_url(&mut reader);
        let route_feed_token = reader.secret("ROUTE_FEED_TOKEN");
        let sealing_keys = reader.keys("SEALING_KEYS");
        let db_host_keys = reader.keys("DB_HOST_KEYS");
        let token_keys = reader.keys("TOKEN_KEYS");
        let trusted_proxies = TrustedProxies::read(&mut reader);
        let gate = read_gate(&mut reader);
        let limits = LimitsConfig::read(&mut reader);
        let storage = StorageConfig::read(&mut reader);
        let imports = read_imports(&mut reader);
        let upcall_url = read_upcall_url(&mut reader);
        let domains = DomainsConfig::read(&mut reader);
        let config = || {
            Some(Self {
                program: program?,
                listen: listen?,
                addresses: addresses?,
                panel: panel?,
                database_url: database_url?,
                route_feed_token: route_feed_token?,
                sealing_keys: sealing_keys?,
                db_host_keys: db_host_keys?,
                token_keys: token_keys?,
                trusted_proxies: trusted_proxies?,
                gate: gate?,
                limits: limits?,
                storage: storage?,
                imports: imports?,
                upcall_url: upcall_url?,
                domains: domains?,
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
        let database_url = read_database_url(&mut reader);
        let smtp_url = read_smtp_url(&mut reader);
        let mail_from = reader.required("MAIL_FROM");
        let route_feed_token = reader.secret("ROUTE_FEED_TOKEN");
        let upcall_url = read_upcall_url(&mut reader);
        let domains = DomainsConfig::read(&mut reader);
        let config = || {
            Some(Self {
                program: program?,
                addresses: addresses?,
                database_url: database_url?,
                smtp_url: smtp_url?,
                mail_from: mail_from?,
                route_feed_token: route_feed_token?,
                upcall_url: upcall_url?,
                domains: domains?,
            })
        };
        reader.finish(config())
    }
}

impl VendorUserConfig {
    /// Reads the settings of `vendor-user`.
    ///
    /// # Errors
    /// Names everything that is wrong.
    pub fn from_env(env: &dyn Env) -> Result<Self, ConfigFaults> {
        let mut reader = Reader::new(env);
        let clock = read_clock(&mut reader);
        let database_url = read_database_url(&mut reader);
        let config = || Some(Self { database_url: database_url?, clock: clock? });
        reader.finish(config())
    }
}

fn read_program(reader: &mut Reader<'_>) -> Option<ProgramConfig> {
    let telemetry = TelemetryConfig::read(reader);
    let grace = reader.seconds("SHUTDOWN_GRACE_SECONDS", 25);
    let clock = read_clock(reader);
    Some(ProgramConfig { telemetry: telemetry?, grace: grace?, clock: clock? })
}

fn read_clock(reader: &mut Reader<'_>) -> Option<Clock> {
    let file: Option<PathBuf> = reader.optional("CLOCK_FILE")?;
    Some(file.map_or_else(Clock::system, Clock::moved_by_file))
}

/// Whoever has a password of the vendor's may do much, so that a second factor is the rule.
fn read_gate(reader: &mut Reader<'_>) -> Option<Gate> {
    let totp = reader.or("VENDOR_TOTP", TotpRule::Required);
    let allowed = reader.optional("VENDOR_ALLOWED_ADDRESSES");
    Some(Gate { totp: totp?, allowed: allowed? })
}

fn read_imports(reader: &mut Reader<'_>) -> Option<ImportsConfig> {
    let limits = BundleLimits::read(reader);
    let usual = NonZeroUsize::new(IMPORT_CONCURRENCY).unwrap_or(NonZeroUsize::MIN);
    let at_once = reader.or("IMPORT_CONCURRENCY", usual);
    let temp_folder = read_temp_folder(reader);
    Some(ImportsConfig { limits: limits?, at_once: at_once?, temp_folder: temp_folder? })
}

fn read_upcall_url(reader: &mut Reader<'_>) -> Option<Option<Url>> {
    match reader.optional::<Url>("TENANT_UPCALL_URL")? {
        Some(url) if !["http", "https"].contains(&url.scheme()) || !url.has_host() => {
            reader.fault("TENANT_UPCALL_URL", "needs the form `http://host:port`")
        }
        url => Some(url),
    }
}

fn read_database_url(reader: &mut Reader<'_>) -> Option<SecretString> {
    let form = "postgres://name:password@host/database";
    reader.address("CONTROL_DATABASE_URL", form, |it| {
        Url::parse(it).is_ok_and(|it| matches!(it.scheme(), "postgres" | "postgresql"))
    })
}

/// The panel's address. A session of the vendor's people is worth much: no page that anybody may open
/// is on its host.
fn read_panel(reader: &mut Reader<'_>, addresses: Option<&Addresses>) -> Option<Url> {
    const NAME: &str = "PANEL_PUBLIC_URL";
    let panel: Url = reader.required(NAME)?;
    if !matches!(panel.scheme(), "http" | "https") || panel.path() != "/" {
        return reader
            .fault(NAME, format!("is `{panel}`: it needs the form https://panel.example"));
    }
    if addresses.is_some_and(|it| it.control.host_str() == panel.host_str()) {
        return reader
            .fault(NAME, "needs another host than CONTROL_PUBLIC_URL, where anybody signs up");
    }
    Some(panel)
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
            "PANEL_PUBLIC_URL",
            "CONTROL_DATABASE_URL",
            "ROUTE_FEED_TOKEN",
            "SEALING_KEYS",
            "DB_HOST_KEYS",
            "TOKEN_KEYS",
        ] {
            assert!(faults.contains(name), "{name} is not in: {faults}");
        }
    }

    #[test]
    fn the_panel_has_a_host_of_its_own() {
        let faults = |panel: &'static str| {
            let env = BTreeMap::from([
                ("CONTROL_PUBLIC_URL", "https://hotelhub.id"),
                ("TENANT_BASE_DOMAIN", "hotelhub.id"),
                ("PANEL_PUBLIC_URL", panel),
            ]);
            ServeConfig::from_env(&env).unwrap_err().to_string()
        };
        assert!(!faults("https://panel.vendor.example").contains("PANEL_PUBLIC_URL"));
        for odd in
            ["https://hotelhub.id", "ftp://panel.example", "https://a.example/panel", "mailto:a"]
        {
            assert!(faults(odd).contains("PANEL_PUBLIC_URL"), "{odd}");
        }
    }

    #[test]
    fn every_setting_of_work_that_is_wrong_is_named_at_once_and_no_password_repeated() {
        let env = BTreeMap::from([
            ("CONTROL_DATABASE_URL", "hunter2"),
            ("SMTP_URL", "mail://a:hunter2@mail.example"),
            ("MAIL_FROM", "nobody"),
            ("LOG_FILTER", "=,=x"),
        ]);
        let faults = WorkConfig::from_env(&env).unwrap_err().to_string();
        for name in env.keys() {
            assert!(faults.contains(name), "{name} is not in: {faults}");
        }
        assert!(!faults.contains("hunter2"), "{faults}");
    }

    #[test]
    fn a_hotels_address_follows_the_pattern() {
        let addresses = Addresses {
            base_domain: "hotelhub.id".to_owned(),
            tenant_pattern: "http://{host}:8080".to_owned(),
            control: "http://control.localhost:8000".parse().unwrap(),
        };
        assert_eq!(addresses.login_of("a.hotelhub.id"), "http://a.hotelhub.id:8080/login");
        assert_eq!(addresses.own("/signup"), "http://control.localhost:8000/signup");
    }
}
