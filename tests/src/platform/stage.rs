//! The private servers of one test: database, broker and mail, started together.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use crate::settings::setting;
use anyhow::{Context as _, Result};
use chrono::Timelike as _;
use hotelhub_core::clock::Clock;
use tempfile::TempDir;
use url::Url;

use super::{Platform, PlatformBuilder, Role, Setup};
use crate::{
    mail::Catcher,
    ports,
    postgres::{PostgresServer, Preset},
    proxy::Proxy,
    rabbit::{RabbitAddress, RabbitNode},
    temporary,
};

/// How long a test waits for a hotel to be made, on a machine with much else to do.
pub const HOTEL_DEADLINE: Duration = Duration::from_secs(180);

/// A `BACKUP_HOUR` that is half a day off: no night's backup, and no drill of it, comes into a test
/// that does not move the clock.
#[must_use]
pub fn distant_backup_hour() -> String {
    ((Clock::system().now().hour() + 12) % 24).to_string()
}

/// Servers for one platform.
#[derive(Debug)]
pub struct Stage {
    /// The database server.
    pub postgres: PostgresServer,
    /// The mail server.
    pub mail: Catcher,
    /// The broker's own node, unless the test run shares one.
    pub rabbit: Option<RabbitNode>,
    amqp_url: String,
    folder: TempDir,
}

impl Stage {
    /// Starts the servers. The broker is shared by a whole test run if `HOTELHUB_TEST_BROKER`
    /// names the folder of a running node: each stage then has a virtual host of its own.
    ///
    /// # Errors
    /// Fails if one of them does not start.
    pub async fn new(preset: Preset) -> Result<Self> {
        Self::start(PostgresServer::temporary(preset), setting("HOTELHUB_TEST_BROKER")).await
    }

    /// Starts the servers with a broker that the test can stop and kill.
    ///
    /// # Errors
    /// Fails if one of them does not start.
    pub async fn with_own_broker(preset: Preset) -> Result<Self> {
        Self::start(PostgresServer::temporary(preset), None).await
    }

    /// As [`Stage::with_own_broker`], with lines of `postgresql.conf` for the database server.
    ///
    /// # Errors
    /// Fails if one of them does not start.
    pub async fn with_settings(preset: Preset, settings: &str) -> Result<Self> {
        Self::start(PostgresServer::temporary_with(preset, settings), None).await
    }

    async fn start(
        postgres: impl Future<Output = Result<PostgresServer>>,
        shared_broker: Option<String>,
    ) -> Result<Self> {
        let folder = temporary::folder(Path::new("/tmp")).await?;
        let mails = folder.path().join("mails");
        let broker = async {
            match shared_broker {
                Some(state) => {
                    let address = RabbitAddress::read(state.as_ref())?;
                    let url = address.virtual_host().await?;
                    anyhow::Ok((None, url))
                }
                None => {
                    let node = RabbitNode::start(folder.path()).await?;
                    let url = node.address().amqp_url();
                    Ok((Some(node), url))
                }
            }
        };
        let (postgres, (rabbit, amqp_url), mail) =
            tokio::try_join!(postgres, broker, Catcher::start(&mails))
                .context("start the servers of a test")?;
        Ok(Self { postgres, mail, rabbit, amqp_url, folder })
    }

    /// The broker's address.
    #[must_use]
    pub fn amqp_url(&self) -> &str {
        &self.amqp_url
    }

    /// The broker's address as seen from behind `proxy`, which leads to it.
    ///
    /// # Errors
    /// Never in practice: the address is ours.
    pub fn amqp_url_through(&self, proxy: &Proxy) -> Result<String> {
        let mut url = Url::parse(&self.amqp_url).context("read our own address")?;
        url.set_port(Some(proxy.address().port())).ok().context("an address without a host")?;
        Ok(url.to_string())
    }

    /// A proxy before the broker.
    ///
    /// # Errors
    /// Fails if it cannot listen.
    pub async fn broker_proxy(&self) -> Result<Proxy> {
        let url = Url::parse(&self.amqp_url).context("read our own address")?;
        let port = url.port().context("an address without a port")?;
        Proxy::start(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
    }

    /// A platform on these servers, with so many replicas of `tenant-api serve`, a clock that can
    /// be moved, half a day from the next night, and without rate limits.
    ///
    /// # Errors
    /// Fails if the programs are not built or no port is free.
    pub fn platform(&self, replicas: usize) -> Result<PlatformBuilder> {
        let mut setup = self.setup(replicas)?;
        setup.clock_file = Some(self.folder.path().join("clock"));
        let hour = distant_backup_hour();
        let builder = Platform::builder(setup).env_of(Role::Provisioner, "BACKUP_HOUR", &hour);
        Ok(builder.without_rate_limits())
    }

    /// The surroundings of a platform on these servers, on the machine's own clock.
    ///
    /// # Errors
    /// Fails if the programs are not built or no port is free.
    pub fn setup(&self, replicas: usize) -> Result<Setup> {
        let tenant_ports = (0..replicas).map(|_| ports::free()).collect::<Result<_>>()?;
        Setup::new(
            self.folder.path(),
            self.postgres.urls()?,
            self.amqp_url.clone(),
            self.mail.smtp_url(),
            (ports::free()?, tenant_ports),
        )
    }
}
