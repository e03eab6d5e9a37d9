//! A private PostgreSQL server: made, started, stopped, killed and restarted at will.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};
use hotelhub_core::errors::LogAndDrop as _;
use nix::sys::signal::Signal;
use tempfile::TempDir;
use url::Url;

use super::{
    Installation, Passwords, PostgresUrls, bootstrap, connect,
    preset::{PG_HBA, Preset},
};
use crate::{
    ports,
    process::{Launch, Program},
    secrets,
    settings::setting,
    temporary,
};

/// It takes a second to start or to stop; a busy machine gets time.
const START_DEADLINE: Duration = Duration::from_secs(180);
const STOP_DEADLINE: Duration = Duration::from_secs(180);

/// Names the folder that temporary servers begin as.
pub const PROTOTYPE: &str = "HOTELHUB_TEST_POSTGRES";
/// In a server's state folder.
const PASSWORDS: &str = "postgres.json";
/// In a server's home.
const DATA: &str = "postgres";

/// A private server. Dropping it kills it.
#[derive(Debug)]
pub struct PostgresServer {
    installation: Installation,
    port: u16,
    passwords: Passwords,
    data: PathBuf,
    sockets: PathBuf,
    log: PathBuf,
    register: PathBuf,
    process: Option<Program>,
    /// Deleted with the server, if it was made for this process only. Last, so that the server
    /// is dead by then.
    _temporary: Option<TempDir>,
}

impl PostgresServer {
    /// A server for one test process, with random logins, on shared memory if there is enough;
    /// its data goes with it.
    ///
    /// # Errors
    /// Fails if PostgreSQL is not installed or does not start.
    pub async fn temporary(preset: Preset) -> Result<Self> {
        Self::temporary_with(preset, "").await
    }

    /// As [`PostgresServer::temporary`], with lines of `postgresql.conf` that win over the preset's.
    ///
    /// # Errors
    /// As [`PostgresServer::temporary`].
    pub async fn temporary_with(preset: Preset, settings: &str) -> Result<Self> {
        let folder = temporary::folder(preset.temporary_parent()).await?;
        let state = folder.path().to_owned();
        if let Some(prototype) = setting(PROTOTYPE) {
            for part in [PASSWORDS, DATA] {
                copy(&Path::new(&prototype).join(part), &state.join(part))?;
            }
        }
        let mut server = Self::at((&state, &state), ports::free()?, preset, settings).await?;
        server._temporary = Some(folder);
        Ok(server)
    }

    /// A folder with a server that was made ready for the platform and stopped. To copy it is much less
    /// work than to make one: where [`PROTOTYPE`] names such a folder, temporary servers begin as it.
    ///
    /// # Errors
    /// As [`PostgresServer::temporary`].
    pub async fn prototype() -> Result<TempDir> {
        let folder = temporary::folder(Path::new("/tmp")).await?;
        let state = folder.path();
        let mut server = Self::at((state, state), ports::free()?, Preset::Fast, "").await?;
        server.stop().await?;
        Ok(folder)
    }

    /// The server whose data, log and passwords are kept under `state`; makes it if it is new,
    /// starts it and makes it ready for the platform.
    ///
    /// # Errors
    /// Fails if PostgreSQL is not installed, the port is taken, or it does not start.
    pub async fn kept(state: &Path, port: u16) -> Result<Self> {
        let installation = Installation::find()?;
        let home = Self::home(&installation, state);
        Self::at((state, &home), port, Preset::Durable, "").await
    }

    /// Where the data of [`PostgresServer::kept`] stands: under `state`, unless the server's
    /// user cannot get there, as when root keeps the project under `/root`.
    #[must_use]
    pub fn home(installation: &Installation, state: &Path) -> PathBuf {
        if installation.can_enter(state) {
            return state.to_owned();
        }
        // FNV-1a: one state folder always has the same home, whatever compiler built us.
        let hash = state.to_string_lossy().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        PathBuf::from(format!("/var/tmp/hotelhub-{hash:016x}"))
    }

    async fn at(
        (state, home): (&Path, &Path),
        port: u16,
        preset: Preset,
        settings: &str,
    ) -> Result<Self> {
        let installation = Installation::find()?;
        let passwords = secrets::load_or_create(&state.join(PASSWORDS), Passwords::random)?;
        let mut server = Self {
            installation,
            port,
            passwords,
            data: home.join(DATA),
            // A socket's path has at most 107 bytes, so it cannot stand under the state folder.
            sockets: PathBuf::from(format!("/tmp/hotelhub-pg-{port}")),
            log: state.join("postgres.log"),
            register: state.join("pids"),
            process: None,
            _temporary: None,
        };
        if !server.data.join("PG_VERSION").exists() {
            server.initialise(home, state, preset)?;
        }
        server.configure(preset, settings)?;
        server.start().await?;
        bootstrap(&server.urls()?.superuser, &server.passwords).await?;
        Ok(server)
    }

    /// The logins of the server.
    ///
    /// # Errors
    /// Never in practice: the address is ours.
    pub fn urls(&self) -> Result<PostgresUrls> {
        PostgresUrls::new(&self.superuser_url()?, &self.passwords)
    }

    /// The pid of the postmaster, while the server runs.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        self.process.as_ref().map(Program::pid)
    }

    /// Starts the server and waits until it answers a query.
    ///
    /// # Errors
    /// Fails if it ends or does not answer in time; the message shows its log.
    pub async fn start(&mut self) -> Result<()> {
        if !ports::is_free(self.port) {
            let holder = ports::holder(self.port).unwrap_or_else(|| "another program".to_owned());
            anyhow::bail!("port {} of PostgreSQL is taken by {holder}: stop it", self.port);
        }
        self.installation.make_folder(&self.sockets)?;
        let url = self.superuser_url()?;
        let launch = Launch::new("postgres", &self.installation.program("postgres"), &self.log)
            .args(["-D".as_ref(), self.data.as_os_str()])
            .register(&self.register)
            .as_user(self.installation.user());
        let mut process = launch.start()?;
        process
            .wait_until(START_DEADLINE, "PostgreSQL to answer", async || connect(&url).await.ok())
            .await?;
        self.process = Some(process);
        Ok(())
    }

    /// Ends all sessions and stops (`fast`).
    ///
    /// # Errors
    /// Fails if the server still runs at the deadline.
    pub async fn stop(&mut self) -> Result<()> {
        self.end(Signal::SIGINT).await
    }

    /// Stops without a checkpoint (`immediate`): the next start recovers from the log.
    ///
    /// # Errors
    /// Fails if the server still runs at the deadline.
    pub async fn stop_immediately(&mut self) -> Result<()> {
        self.end(Signal::SIGQUIT).await
    }

    /// Kills the postmaster; its children notice and end by themselves.
    ///
    /// # Errors
    /// Fails if the process cannot be waited for, or its port stays taken.
    pub async fn kill(&mut self) -> Result<()> {
        self.end(Signal::SIGKILL).await?;
        // A new postmaster refuses to start while a child of the old one is attached.
        crate::waiting::eventually(
            STOP_DEADLINE,
            "the last child of PostgreSQL to end",
            async || (!self.has_children()).then_some(()),
        )
        .await
    }

    /// Stops and starts again, on the same port and data.
    ///
    /// # Errors
    /// As [`PostgresServer::stop`] and [`PostgresServer::start`].
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await?;
        self.start().await
    }

    /// Stops, keeps a copy of all data beside them, and starts again.
    ///
    /// # Errors
    /// As [`PostgresServer::restart`], or if the data cannot be copied.
    pub async fn keep_copy(&mut self) -> Result<()> {
        self.stop().await?;
        copy(&self.data, &self.kept_copy())?;
        self.start().await
    }

    /// Stops, puts the copy of [`PostgresServer::keep_copy`] in the place of the data, and starts
    /// again: all that was written since is lost.
    ///
    /// # Errors
    /// As [`PostgresServer::restart`], or if there is no copy.
    pub async fn restore_copy(&mut self) -> Result<()> {
        self.stop().await?;
        fs::remove_dir_all(&self.data).context("remove the data")?;
        copy(&self.kept_copy(), &self.data)?;
        self.start().await
    }

    fn kept_copy(&self) -> PathBuf {
        self.data.with_extension("copy")
    }

    async fn end(&mut self, signal: Signal) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.stop_with(signal, STOP_DEADLINE).await?;
        }
        fs::remove_dir_all(&self.sockets).log_and_drop("an empty folder is left");
        Ok(())
    }

    /// Whether a process still has its working folder in the data, as every child does.
    fn has_children(&self) -> bool {
        fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .flatten()
            .any(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|it| it == self.data))
    }

    fn superuser_url(&self) -> Result<Url> {
        let Passwords { superuser, .. } = &self.passwords;
        let url = format!("postgres://postgres:{superuser}@127.0.0.1:{}/postgres", self.port);
        Url::parse(&url).context("the address of our own PostgreSQL")
    }

    fn initialise(&self, home: &Path, state: &Path, preset: Preset) -> Result<()> {
        // Only the folder of the data is the server's; the one around it must let it through.
        if home != state {
            use std::os::unix::fs::PermissionsExt as _;
            fs::create_dir_all(home)?;
            fs::set_permissions(home, fs::Permissions::from_mode(0o711))?;
        }
        self.installation.make_folder(&self.data)?;
        let password = self.data.with_extension("password");
        secrets::write_private(&password, &self.passwords.superuser)?;
        if let Some(user) = self.installation.user() {
            std::os::unix::fs::chown(&password, Some(user.uid.as_raw()), None)?;
        }
        let data = self.data.to_string_lossy();
        let pwfile = format!("--pwfile={}", password.display());
        let mut args = vec![
            "--pgdata",
            data.as_ref(),
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--auth=scram-sha-256",
            pwfile.as_str(),
        ];
        if preset == Preset::Fast {
            args.push("--no-sync");
        }
        let made = self.installation.run("initdb", &args);
        fs::remove_file(&password)?;
        made
    }

    fn configure(&self, preset: Preset, more: &str) -> Result<()> {
        let settings = format!(
            "listen_addresses = '127.0.0.1'\n\
             port = {}\n\
             unix_socket_directories = '{}'\n\
             password_encryption = 'scram-sha-256'\n\
             max_connections = 200\n\
             log_line_prefix = '%m [%p] %q%u@%d '\n\
             {}{more}",
            self.port,
            self.sockets.display(),
            preset.settings(),
        );
        // `auto.conf` is read after `postgresql.conf`, which stays as `initdb` made it.
        fs::write(self.data.join("postgresql.auto.conf"), settings)?;
        fs::write(self.data.join("pg_hba.conf"), PG_HBA).context("write pg_hba.conf")
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            // A postmaster that dies takes its children along only after a while; `immediate`
            // lets it end them first. The handle kills it if it is gone before it is done.
            drop(process.signal(Signal::SIGQUIT));
            wait_for_end(process);
        }
        fs::remove_dir_all(&self.sockets).log_and_drop("an empty folder is left");
    }
}

/// Copies a folder with its owners and modes, as an operator would.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let copied = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status();
    let copied = copied.context("run cp")?;
    anyhow::ensure!(copied.success(), "cp ended with {copied}");
    Ok(())
}

/// Waits a moment, without a runtime, for a process that was asked to end.
fn wait_for_end(mut process: Program) {
    for _ in 0..100 {
        if process.ended().is_some() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
