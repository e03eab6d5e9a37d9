//! Everything around our programs: servers, ports, keys; and each program's environment from it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use hotelhub_core::keys::Keyring;
use serde::{Deserialize, Serialize};

use super::Role;
use crate::{
    client::Site, ports::RememberedPorts, postgres::PostgresUrls, process::Launch, secrets,
};

/// The domain under which hotels have their addresses.
pub const BASE_DOMAIN: &str = "hotelhub.localhost";
/// The control plane's host name.
pub const CONTROL_HOST: &str = "control.localhost";
/// The host name of the vendor's panel.
pub const PANEL_HOST: &str = "panel.localhost";
/// The vendor's first login.
pub const VENDOR_EMAIL: &str = "admin@hotelhub.localhost";

/// Longest wait for a program to finish what it is at, after SIGTERM.
const GRACE: Duration = Duration::from_secs(25);

const BUILD: &str = "run `cargo build --workspace --bins` first";

/// What the programs share and no program makes itself.
#[derive(Clone, Serialize, Deserialize)]
struct Secrets {
    route_feed_token: String,
    sealing_keys: String,
    db_host_keys: String,
    control_token_keys: String,
    tenant_token_keys: String,
}

impl Secrets {
    fn random() -> Self {
        Self {
            route_feed_token: secrets::password(),
            sealing_keys: secrets::keys(),
            db_host_keys: secrets::keys(),
            control_token_keys: secrets::keys(),
            tenant_token_keys: secrets::keys(),
        }
    }
}

/// The surroundings of one platform.
#[derive(Clone)]
pub struct Setup {
    /// Logs, pid notes, route snapshots, keys.
    pub folder: PathBuf,
    /// Where the executables stand.
    pub programs: PathBuf,
    /// The database server that is made ready.
    pub postgres: PostgresUrls,
    /// The broker.
    pub amqp_url: String,
    /// Where mail goes.
    pub smtp_url: String,
    /// The control plane's port.
    pub control_port: u16,
    /// A port for each replica of `tenant-api serve`; the first is in the public addresses.
    pub tenant_ports: Vec<u16>,
    /// The file that moves the clock of all programs, if tests want one.
    pub clock_file: Option<PathBuf>,
    secrets: Secrets,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Setup {
    /// A setup whose keys are kept in `folder`: new ones the first time, the same from then on.
    ///
    /// # Errors
    /// Fails if the executables are not built or the folder cannot be used.
    pub fn new(
        folder: &Path,
        postgres: PostgresUrls,
        amqp_url: String,
        smtp_url: String,
        (control_port, tenant_ports): (u16, Vec<u16>),
    ) -> Result<Self> {
        Ok(Self {
            folder: folder.to_owned(),
            programs: programs_folder()?,
            postgres,
            amqp_url,
            smtp_url,
            control_port,
            tenant_ports,
            clock_file: None,
            secrets: secrets::load_or_create(&folder.join("keys.json"), Secrets::random)?,
        })
    }

    /// The control plane's public address.
    #[must_use]
    pub fn control_public_url(&self) -> String {
        format!("http://{CONTROL_HOST}:{}", self.control_port)
    }

    /// The address of the vendor's panel.
    #[must_use]
    pub fn panel_public_url(&self) -> String {
        format!("http://{PANEL_HOST}:{}", self.control_port)
    }

    /// Where backups and published routes are kept.
    #[must_use]
    pub fn storage_url(&self) -> String {
        format!("file://{}", self.folder.join("storage").display())
    }

    /// The public address of the hotel on `host`.
    #[must_use]
    pub fn tenant_public_url(&self, host: &str) -> String {
        let port = self.tenant_ports.first().copied().unwrap_or_default();
        format!("http://{host}:{port}")
    }

    /// The keys that make the login passwords of hotels' databases.
    ///
    /// # Errors
    /// Never in practice: they are ours.
    pub fn db_host_keys(&self) -> Result<Keyring> {
        self.secrets.db_host_keys.parse().context("read our own keys")
    }

    /// The keys that sign the tokens of hotels' people.
    ///
    /// # Errors
    /// Never in practice: they are ours.
    pub fn tenant_token_keys(&self) -> Result<Keyring> {
        self.secrets.tenant_token_keys.parse().context("read our own keys")
    }

    /// What the control plane and the hotels' programs show each other.
    #[must_use]
    pub fn route_feed_token(&self) -> &str {
        &self.secrets.route_feed_token
    }

    /// How long a program may take to stop; a busy machine gets time.
    #[must_use]
    pub const fn stop_deadline(&self) -> Duration {
        Duration::from_secs(GRACE.as_secs() + 60)
    }

    /// A figure of a program's metrics, summed over its labels unless they are named with it; 0 before
    /// it was first written.
    ///
    /// # Errors
    /// Fails if the program does not answer.
    pub async fn figure(&self, role: Role, name: &str) -> Result<f64> {
        let port =
            RememberedPorts::load(&self.folder)?.port(&format!("{}-metrics", role.name()))?;
        let page = Site::new(port, "localhost")?.get("/metrics").await?.body;
        let of = |line: &str| {
            let (written, value) = line.rsplit_once(' ')?;
            let found = written == name || written.split('{').next() == Some(name);
            found.then(|| value.parse::<f64>().ok())?
        };
        Ok(page.lines().filter_map(of).sum())
    }

    /// What starts the process of `role`; the port of its metrics is remembered.
    ///
    /// # Errors
    /// Fails if its executable is not built or no port is free.
    pub fn launch(&self, role: Role) -> Result<Launch> {
        let name = role.name();
        // Not every run builds the workers of tests.
        if !self.programs.join(role.executable()).exists() {
            bail!("{} is not built: {BUILD}", role.executable());
        }
        let metrics = RememberedPorts::load(&self.folder)?.port(&format!("{name}-metrics"))?;
        let mut launch = self
            .command(&name, role.executable(), &role.args())
            .env("METRICS_LISTEN", format!("127.0.0.1:{metrics}"))
            .register(&self.folder.join("pids"));
        match role {
            Role::ControlServe => {
                launch = launch.env("CONTROL_LISTEN", format!("127.0.0.1:{}", self.control_port));
            }
            Role::TenantServe(replica) => {
                let port = self.tenant_ports.get(replica);
                let port = port.with_context(|| format!("no port for replica {replica}"))?;
                launch = launch.env("TENANT_LISTEN", format!("127.0.0.1:{port}"));
            }
            Role::ControlWork
            | Role::Provisioner
            | Role::TenantWork
            | Role::TenantSchedule
            | Role::Worker(_) => {}
        }
        Ok(launch)
    }

    /// A command of one of the programs, with the settings that the program reads.
    #[must_use]
    pub fn command(&self, name: &str, executable: &str, args: &[&str]) -> Launch {
        let log = self.folder.join(format!("{name}.log"));
        let mut launch = Launch::new(name, &self.programs.join(executable), &log)
            .args(args)
            .env("LOG_FILTER", "info,refinery_core=warn,sqlx=warn,lapin=warn")
            .env("SHUTDOWN_GRACE_SECONDS", GRACE.as_secs().to_string());
        if let Some(file) = &self.clock_file {
            launch = launch.env("CLOCK_FILE", file);
        }
        match executable {
            "control-plane" => self.control_plane(launch),
            "provisioner" => self.provisioner(launch),
            _ => self.tenant_api(launch, name),
        }
    }

    fn control_plane(&self, launch: Launch) -> Launch {
        self.public(launch)
            .env("CONTROL_DATABASE_URL", self.postgres.control.as_str())
            .env("STORAGE_URL", self.storage_url())
            // Not every resolver knows the names below `localhost`.
            .env("TENANT_UPCALL_URL", self.tenant_public_url("127.0.0.1"))
            .env("ROUTE_FEED_TOKEN", &self.secrets.route_feed_token)
            .env("SEALING_KEYS", &self.secrets.sealing_keys)
            .env("DB_HOST_KEYS", &self.secrets.db_host_keys)
            .env("TOKEN_KEYS", &self.secrets.control_token_keys)
            .env("SMTP_URL", &self.smtp_url)
            .env("MAIL_FROM", "HotelHub <no-reply@hotelhub.localhost>")
            // Whoever tries the platform out has no authenticator at hand.
            .env("VENDOR_TOTP", "optional")
    }

    fn provisioner(&self, launch: Launch) -> Launch {
        launch
            .env("CONTROL_DATABASE_URL", self.postgres.control.as_str())
            .env("STORAGE_URL", self.storage_url())
            .env("SEALING_KEYS", &self.secrets.sealing_keys)
            .env("DB_HOST_KEYS", &self.secrets.db_host_keys)
            .env("AMQP_URL", &self.amqp_url)
    }

    fn tenant_api(&self, launch: Launch, name: &str) -> Launch {
        self.public(launch)
            .env("ROUTE_FEED_URL", format!("http://127.0.0.1:{}", self.control_port))
            .env("ROUTE_FEED_TOKEN", &self.secrets.route_feed_token)
            .env("ROUTE_SNAPSHOT_FILE", self.folder.join(format!("{name}-routes.json")))
            .env("DB_HOST_KEYS", &self.secrets.db_host_keys)
            .env("TOKEN_KEYS", &self.secrets.tenant_token_keys)
            .env("AMQP_URL", &self.amqp_url)
            .env("SMTP_URL", &self.smtp_url)
            .env("MAIL_FROM", "HotelHub <no-reply@hotelhub.localhost>")
    }

    fn public(&self, launch: Launch) -> Launch {
        launch
            .env("CONTROL_PUBLIC_URL", self.control_public_url())
            .env("PANEL_PUBLIC_URL", self.panel_public_url())
            .env("TENANT_BASE_DOMAIN", BASE_DOMAIN)
            .env("TENANT_PUBLIC_URL", self.tenant_public_url("{host}"))
    }
}

/// Where the executables stand: beside the one that runs now, or in the folder above it.
///
/// # Errors
/// Fails if one is missing; the message says how to build them.
pub fn programs_folder() -> Result<PathBuf> {
    let here = std::env::current_exe().context("find our own executable")?;
    let whole = |folder: &&Path| {
        ["control-plane", "provisioner", "tenant-api"].iter().all(|it| folder.join(it).exists())
    };
    match here.ancestors().skip(1).take(2).find(whole) {
        Some(folder) => Ok(folder.to_owned()),
        None => bail!("the programs are not built: {BUILD}"),
    }
}
