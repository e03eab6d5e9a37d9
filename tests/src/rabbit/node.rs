//! A private RabbitMQ node beside whatever else runs on the machine.
//!
//! It has a name, a cookie, a data folder and ports of its own, so several nodes run at once; they
//! share only `epmd`, the small directory of Erlang nodes, which stays when they stop. A node takes
//! about seven seconds to start: start it beside other work. Test processes can share one node and
//! take a virtual host each, see [`RabbitAddress::virtual_host`].

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use hotelhub_core::errors::LogAndDrop as _;
use lapin::{Connection, ConnectionProperties};
use nix::sys::signal::Signal;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    ports,
    process::{Launch, Program},
    secrets,
};

/// The package's own starter. The wrapper in `/usr/sbin` insists on the user `rabbitmq`.
const STARTER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const START_DEADLINE: Duration = Duration::from_secs(240);
const STOP_DEADLINE: Duration = Duration::from_secs(180);
const USER: &str = "hotelhub";
/// How the names of virtual hosts begin that belong to a process; its pid comes next.
const OF_PROCESS: &str = "test-";

/// How to reach a node.
#[derive(Clone, Serialize, Deserialize)]
pub struct RabbitAddress {
    /// The node's name in the directory of Erlang nodes.
    node: String,
    password: String,
    amqp_port: u16,
    dist_port: u16,
    management_port: u16,
}

impl std::fmt::Debug for RabbitAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RabbitAddress").field("node", &self.node).finish_non_exhaustive()
    }
}

impl RabbitAddress {
    fn new() -> Result<Self> {
        Ok(Self {
            node: format!("hotelhub_{}@localhost", secrets::tag()),
            password: secrets::password(),
            amqp_port: ports::free()?,
            dist_port: ports::free()?,
            management_port: ports::free()?,
        })
    }

    /// Reads what a node that was started on the folder `state` has noted there.
    ///
    /// # Errors
    /// Fails if there is no such note.
    pub fn read(state: &Path) -> Result<Self> {
        let file = state.join("rabbitmq.json");
        let text = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", file.display()))
    }

    /// The address of the default virtual host.
    #[must_use]
    pub fn amqp_url(&self) -> String {
        self.amqp_url_of("/")
    }

    /// Makes a virtual host for this process and gives its address. Those of processes that are gone
    /// are deleted with all that is in them: queues cost the node something while they are idle.
    ///
    /// # Errors
    /// Fails if the node refuses.
    pub async fn virtual_host(&self) -> Result<String> {
        let known: Vec<VirtualHost> =
            self.manage(Method::GET, "vhosts").await?.json().await.context("read virtual hosts")?;
        for left in known.iter().filter(|it| it.is_left_behind()) {
            // Another test may be deleting the same; what fails for both is left for the next.
            let deleted = self.manage(Method::DELETE, &format!("vhosts/{}", left.name)).await;
            let deleted = deleted.map(drop).map_err(std::io::Error::other);
            deleted.log_and_drop("a virtual host stays for the next test");
        }
        let name = format!("{OF_PROCESS}{}-{}", std::process::id(), secrets::tag());
        self.manage(Method::PUT, &format!("vhosts/{name}")).await?;
        Ok(self.amqp_url_of(&name))
    }

    /// Asks the management API, e.g. for `queues/%2f`.
    ///
    /// # Errors
    /// Fails if the node refuses.
    pub async fn manage(&self, method: Method, path: &str) -> Result<reqwest::Response> {
        let url = format!("http://127.0.0.1:{}/api/{path}", self.management_port);
        let answer = reqwest::Client::new()
            .request(method, &url)
            .basic_auth(USER, Some(&self.password))
            .send()
            .await
            .with_context(|| format!("ask RabbitMQ for {path}"))?;
        if !answer.status().is_success() {
            bail!("RabbitMQ answered {} for {path}", answer.status());
        }
        Ok(answer)
    }

    fn amqp_url_of(&self, virtual_host: &str) -> String {
        let host = virtual_host.replace('/', "%2f");
        format!("amqp://{USER}:{}@127.0.0.1:{}/{host}", self.password, self.amqp_port)
    }
}

/// A virtual host, as the management API tells of it.
#[derive(Deserialize)]
struct VirtualHost {
    name: String,
}

impl VirtualHost {
    /// Whether its process is gone.
    fn is_left_behind(&self) -> bool {
        let pid = self.name.strip_prefix(OF_PROCESS).and_then(|it| it.split_once('-'));
        pid.is_some_and(|(pid, _)| !Path::new("/proc").join(pid).exists())
    }
}

/// A private node. Dropping it kills it.
#[derive(Debug)]
pub struct RabbitNode {
    state: PathBuf,
    address: RabbitAddress,
    process: Option<Program>,
}

impl RabbitNode {
    /// Starts the node whose data stands under the folder `state`; makes it if it is new.
    ///
    /// # Errors
    /// Fails if RabbitMQ is not installed whole, a port is taken, or the node does not start.
    pub async fn start(state: &Path) -> Result<Self> {
        if !Path::new(STARTER).exists() {
            bail!(
                "RabbitMQ is not installed, or half of it ({STARTER} is missing): \
                 apt-get install --reinstall rabbitmq-server"
            );
        }
        let home = state.join("rabbitmq");
        fs::create_dir_all(&home).with_context(|| format!("make {}", home.display()))?;
        let file = state.join("rabbitmq.json");
        let address = if file.exists() {
            RabbitAddress::read(state)?
        } else {
            let address = RabbitAddress::new()?;
            secrets::write_private(&file, &serde_json::to_string_pretty(&address)?)?;
            address
        };
        let mut node = Self { state: state.to_owned(), address, process: None };
        node.configure(&home)?;
        node.start_again().await?;
        Ok(node)
    }

    /// How to reach the node.
    #[must_use]
    pub fn address(&self) -> &RabbitAddress {
        &self.address
    }

    /// Starts the node after [`RabbitNode::stop`] or [`RabbitNode::kill`], on the same ports.
    ///
    /// # Errors
    /// Fails if a port is taken or the node does not accept connections in time.
    pub async fn start_again(&mut self) -> Result<()> {
        for port in [self.address.amqp_port, self.address.dist_port] {
            if !ports::is_free(port) {
                let holder = ports::holder(port).unwrap_or_else(|| "another program".to_owned());
                bail!("port {port} of RabbitMQ is taken by {holder}: stop it");
            }
        }
        let mut process = self.launch().start()?;
        let url = self.address.amqp_url();
        process
            .wait_until(START_DEADLINE, "RabbitMQ to accept connections", async || {
                accepts(&url).await.ok()
            })
            .await
            .context(
                "RabbitMQ does not start; if it is half installed: \
                      apt-get install --reinstall rabbitmq-server erlang-base",
            )?;
        self.process = Some(process);
        Ok(())
    }

    /// Stops the node; what is durable stays.
    ///
    /// # Errors
    /// Fails if it still runs at the deadline.
    pub async fn stop(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.terminate(STOP_DEADLINE).await?;
        }
        Ok(())
    }

    /// Kills the node.
    ///
    /// # Errors
    /// Fails if the process cannot be waited for.
    pub async fn kill(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.kill().await?;
        }
        Ok(())
    }

    /// Stalls the node: its connections stay open, and nothing answers.
    ///
    /// # Errors
    /// Fails if it does not run.
    pub fn pause(&self) -> Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets a stalled node go on.
    ///
    /// # Errors
    /// Fails if it does not run.
    pub fn resume(&self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        self.process.as_ref().context("the node does not run")?.signal(signal)
    }

    fn configure(&self, home: &Path) -> Result<()> {
        let RabbitAddress { password, amqp_port, management_port, .. } = &self.address;
        let config = format!(
            "listeners.tcp.1 = 127.0.0.1:{amqp_port}\n\
             management.tcp.ip = 127.0.0.1\n\
             management.tcp.port = {management_port}\n\
             default_user = {USER}\n\
             default_pass = {password}\n\
             disk_free_limit.absolute = 200MB\n\
             log.console = true\n\
             log.console.level = info\n\
             log.file = false\n"
        );
        secrets::write_private(&home.join("rabbitmq.conf"), &config)?;
        fs::write(home.join("enabled_plugins"), "[rabbitmq_management].\n")?;
        // Erlang makes a cookie only in a home that it may write; its own keeps nodes apart.
        let cookie = home.join(".erlang.cookie");
        if !cookie.exists() {
            use std::os::unix::fs::PermissionsExt as _;
            secrets::write_private(&cookie, &secrets::password())?;
            fs::set_permissions(&cookie, fs::Permissions::from_mode(0o400))?;
        }
        Ok(())
    }

    fn launch(&self) -> Launch {
        let home = self.state.join("rabbitmq");
        self.tool("rabbitmq", STARTER)
            .register(&self.state.join("pids"))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", self.address.amqp_port.to_string())
            .env("RABBITMQ_DIST_PORT", self.address.dist_port.to_string())
            .env("RABBITMQ_MNESIA_BASE", home.join("mnesia"))
            .env("RABBITMQ_LOG_BASE", home.join("log"))
            .env("RABBITMQ_PID_FILE", home.join("pid"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", home.join("enabled_plugins"))
            .env("RABBITMQ_CONFIG_FILE", home.join("rabbitmq.conf"))
            // The first makes the starter replace itself with the node, so that our signals
            // reach it; the second keeps the node from reading its standard input all the same.
            .env("RABBITMQ_ALLOW_INPUT", "1")
            .env("RABBITMQ_SERVER_START_ARGS", "-noinput")
            // Distribution on loopback only; schedulers that sleep rather than spin.
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1} \
                 +sbwt none +sbwtdcpu none +sbwtdio none",
            )
    }

    /// One of the package's programs, told which node is meant and where its cookie is.
    pub(super) fn tool(&self, name: &str, program: &str) -> Launch {
        let log = self.state.join(format!("{name}.log"));
        Launch::new(name, Path::new(program), &log)
            .env("HOME", self.state.join("rabbitmq"))
            .env("RABBITMQ_NODENAME", &self.address.node)
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
    }
}

impl Drop for RabbitNode {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            // The handle kills the group when it goes.
            drop(process.signal(Signal::SIGTERM));
        }
    }
}

/// Connects and disconnects.
///
/// # Errors
/// Fails if the broker at `url` does not accept the login.
pub async fn accepts(url: &str) -> Result<()> {
    let address = Url::parse(url).context("AMQP_URL is no address")?;
    // A connect before the listener is up would be logged as a failure, with its address.
    let host = address.host_str().unwrap_or("127.0.0.1");
    let port = address.port().unwrap_or(5672);
    drop(tokio::net::TcpStream::connect((host, port)).await?);
    let connection = Connection::connect(url, ConnectionProperties::default())
        .await
        .with_context(|| format!("connect to RabbitMQ at {host}:{port}"))?;
    connection.close(200, "checked".into()).await?;
    Ok(())
}
