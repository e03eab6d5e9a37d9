//! The platform while it runs: started in order, each process within reach.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::{CONTROL_HOST, Role, Setup, VENDOR_EMAIL};
use crate::{
    client::{ControlPlane, Site},
    clock,
    ports::RememberedPorts,
    process::{Program, hears, is_clean},
    secrets,
};

/// Migrating an empty control database takes a second; a busy machine gets time.
const COMMAND_DEADLINE: Duration = Duration::from_secs(180);
const READY_DEADLINE: Duration = Duration::from_secs(180);
/// Below the server's limit, so that the harness can always look for itself.
const DATABASE_HOST_CONNECTIONS: u32 = 180;

/// Which processes to start, and with what changes to their environment.
#[derive(Debug)]
pub struct PlatformBuilder {
    setup: Setup,
    roles: Vec<Role>,
    changes: Vec<(Option<Role>, String, String)>,
}

impl PlatformBuilder {
    /// Leaves a process out; [`Platform::start_role`] can start it later.
    #[must_use]
    pub fn without(mut self, role: Role) -> Self {
        self.roles.retain(|it| *it != role);
        self
    }

    /// Lets everybody ask as often as they like.
    #[must_use]
    pub fn without_rate_limits(self) -> Self {
        self.env("RATE_LIMIT_API_PER_MINUTE", "0")
            .env("RATE_LIMIT_FORMS_PER_MINUTE", "0")
            .env("RATE_LIMIT_LOGINS_PER_MINUTE", "0")
    }

    /// Sets a variable for every process.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.changes.push((None, name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a variable for one process.
    #[must_use]
    pub fn env_of(mut self, role: Role, name: &str, value: &str) -> Self {
        self.changes.push((Some(role), name.to_owned(), value.to_owned()));
        self
    }

    /// Migrates, declares the queues, starts the processes, makes the vendor's login and adds the
    /// database server; what was done in an earlier run is found and kept.
    ///
    /// # Errors
    /// Fails with the end of the log of the process that failed.
    pub async fn start(self) -> Result<Platform> {
        let Self { setup, roles, changes } = self;
        let mut platform =
            Platform { changes, programs: BTreeMap::new(), vendor: Vendor::default(), setup };
        platform.prepare().await?;
        // Serving comes first: the others ask it for routes, or are asked by it.
        for role in roles {
            platform.start_role(role).await?;
        }
        if platform.programs.contains_key(&Role::ControlServe) {
            platform.ensure_vendor().await?;
        }
        Ok(platform)
    }
}

/// What a platform keeps of its vendor between runs.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Vendor {
    password: String,
    database_host: Option<String>,
}

/// A running platform. Dropping it kills its processes.
pub struct Platform {
    setup: Setup,
    changes: Vec<(Option<Role>, String, String)>,
    programs: BTreeMap<Role, Program>,
    vendor: Vendor,
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Platform").field("programs", &self.programs).finish_non_exhaustive()
    }
}

impl Platform {
    /// A platform in these surroundings, with every process, and a replica of `tenant-api serve`
    /// on each of its ports.
    #[must_use]
    pub fn builder(setup: Setup) -> PlatformBuilder {
        let mut roles = vec![Role::ControlServe, Role::ControlWork, Role::Provisioner];
        roles.extend((0..setup.tenant_ports.len()).map(Role::TenantServe));
        roles.extend([Role::TenantWork, Role::TenantSchedule]);
        PlatformBuilder { setup, roles, changes: Vec::new() }
    }

    /// The surroundings.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The control plane, without a login.
    ///
    /// # Errors
    /// Fails if no HTTP client can be made on this machine.
    pub fn control(&self) -> Result<ControlPlane> {
        let tenant_port = self.setup.tenant_ports.first().copied().unwrap_or_default();
        Ok(ControlPlane::new(Site::new(self.setup.control_port, CONTROL_HOST)?, tenant_port))
    }

    /// The control plane, as the vendor's super administrator.
    ///
    /// # Errors
    /// Fails if the login is refused.
    pub async fn vendor(&self) -> Result<ControlPlane> {
        self.control()?.log_in(VENDOR_EMAIL, &self.vendor.password).await
    }

    /// The password of [`VENDOR_EMAIL`].
    #[must_use]
    pub fn vendor_password(&self) -> &str {
        &self.vendor.password
    }

    /// The process of `role`, to look at or to signal.
    ///
    /// # Errors
    /// Fails if it is not running.
    pub fn program(&mut self, role: Role) -> Result<&mut Program> {
        self.programs.get_mut(&role).with_context(|| format!("{} does not run", role.name()))
    }

    /// Starts a process that was left out, stopped or killed, and waits until it is ready.
    ///
    /// # Errors
    /// Fails with the end of its log if it does not become ready.
    pub async fn start_role(&mut self, role: Role) -> Result<()> {
        let mut launch = self.setup.launch(role)?;
        for (of, name, value) in &self.changes {
            if of.is_none_or(|it| it == role) {
                launch = launch.env(name, value);
            }
        }
        let mut program = launch.start()?;
        let ready = match role {
            Role::ControlServe => Ready::Answers(self.setup.control_port),
            Role::TenantServe(replica) => {
                Ready::Answers(self.setup.tenant_ports.get(replica).copied().unwrap_or_default())
            }
            // They serve nothing but metrics, and those only once their settings were accepted.
            Role::ControlWork
            | Role::Provisioner
            | Role::TenantWork
            | Role::TenantSchedule
            | Role::Worker(_) => {
                let name = format!("{}-metrics", role.name());
                Ready::Listens(RememberedPorts::load(&self.setup.folder)?.port(&name)?)
            }
        };
        let (what, pid) = (format!("{} to be ready", role.name()), program.pid());
        // One whose port is open, and that is asked to stop before it listens to signals, just ends.
        let is_ready = async || (ready.now().await && hears(pid, Signal::SIGTERM)).then_some(());
        program.wait_until(READY_DEADLINE, &what, is_ready).await?;
        self.programs.insert(role, program);
        Ok(())
    }

    /// See [`Setup::figure`].
    ///
    /// # Errors
    /// Fails if the program does not answer.
    pub async fn figure(&self, role: Role, name: &str) -> Result<f64> {
        self.setup.figure(role, name).await
    }

    /// Sets a variable for processes that are started from now on: all, or those of one role.
    pub fn set_env(&mut self, of: Option<Role>, name: &str, value: &str) {
        self.changes.push((of, name.to_owned(), value.to_owned()));
    }

    /// Takes a variable that the builder set away from processes that are started from now on.
    pub fn forget_env(&mut self, name: &str) {
        self.changes.retain(|(_, it, _)| it != name);
    }

    /// Asks one process to stop, and expects exit code 0.
    ///
    /// # Errors
    /// Fails if it does not end in time or not with 0.
    pub async fn stop_role(&mut self, role: Role) -> Result<()> {
        let Some(mut program) = self.programs.remove(&role) else { return Ok(()) };
        let status = program.terminate(self.setup.stop_deadline()).await?;
        if !is_clean(status) {
            bail!("{} stopped with {status}\n{}", role.name(), program.log_end());
        }
        Ok(())
    }

    /// Kills one process at once.
    ///
    /// # Errors
    /// Fails if it does not run.
    pub async fn kill_role(&mut self, role: Role) -> Result<()> {
        self.program(role)?.kill().await?;
        self.programs.remove(&role);
        Ok(())
    }

    /// Asks all processes to stop, those that feed others last.
    ///
    /// # Errors
    /// Says which did not stop well; all were asked.
    pub async fn stop(&mut self) -> Result<()> {
        let mut faults = Vec::new();
        let roles: Vec<Role> = self.programs.keys().rev().copied().collect();
        for role in roles {
            if let Err(fault) = self.stop_role(role).await {
                faults.push(format!("{fault:#}"));
            }
        }
        if !faults.is_empty() {
            bail!("{}", faults.join("\n"));
        }
        Ok(())
    }

    /// The processes that have ended without being asked to, with the end of their logs.
    pub fn ended(&mut self) -> Vec<String> {
        let ended = self.programs.values_mut().filter_map(|program| {
            let status = program.ended()?;
            Some(format!("{} ended: {status}\n{}", program.name(), program.log_end()))
        });
        ended.collect()
    }

    /// Moves the clock of all programs to `seconds` from the machine's.
    ///
    /// # Errors
    /// Fails if the setup has no clock file.
    pub fn move_clock(&self, seconds: i64) -> Result<()> {
        let file = self.setup.clock_file.as_ref().context("this platform has no clock file")?;
        clock::move_clock(file, seconds)
    }

    async fn prepare(&self) -> Result<()> {
        let migrate = self.setup.command("migrate", "provisioner", &["migrate"]);
        let topology = self.setup.command("topology", "tenant-api", &["topology"]);
        tokio::try_join!(migrate.run(COMMAND_DEADLINE), topology.run(COMMAND_DEADLINE))?;
        Ok(())
    }

    async fn ensure_vendor(&mut self) -> Result<()> {
        let file = self.setup.folder.join("vendor.json");
        if file.exists() {
            self.vendor = secrets::load_or_create(&file, Vendor::default)?;
        } else {
            self.vendor.password = self.create_vendor_user().await?;
            secrets::write_private(&file, &serde_json::to_string(&self.vendor)?)?;
        }
        if self.vendor.database_host.is_none() {
            let vendor = self.vendor().await?;
            let postgres = &self.setup.postgres;
            let id = vendor.add_database_host("local", postgres, DATABASE_HOST_CONNECTIONS).await;
            self.vendor.database_host = Some(id.context("add the database server")?);
            secrets::write_private(&file, &serde_json::to_string(&self.vendor)?)?;
        }
        Ok(())
    }

    async fn create_vendor_user(&self) -> Result<String> {
        let args = [
            "vendor-user",
            "create",
            "--email",
            VENDOR_EMAIL,
            "--name",
            "Platform administrator",
            "--role",
            "super_admin",
        ];
        let command = self.setup.command("vendor-user", "control-plane", &args);
        let printed = command.run(COMMAND_DEADLINE).await.context("make the vendor's login")?;
        let password = printed.lines().last().map(str::trim).filter(|it| !it.is_empty());
        password.map(str::to_owned).context("`vendor-user create` printed no password")
    }
}

/// How a process shows that it is ready.
enum Ready {
    /// `/readyz` on this port answers 200.
    Answers(u16),
    /// This port accepts connections.
    Listens(u16),
}

impl Ready {
    async fn now(&self) -> bool {
        match self {
            Self::Answers(port) => {
                let Ok(site) = Site::new(*port, "localhost") else { return false };
                site.get("/readyz").await.is_ok_and(|it| it.status.as_u16() == 200)
            }
            Self::Listens(port) => {
                tokio::net::TcpStream::connect(("127.0.0.1", *port)).await.is_ok()
            }
        }
    }
}
