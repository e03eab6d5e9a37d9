//! Child processes: started with an explicit environment, watched, stopped, killed.
//!
//! Each child leads a process group of its own, so that Ctrl-C in a terminal reaches only us and
//! we stop the children in order. A child that is still there when its handle is dropped is
//! killed. With a register (a folder), its pid is also noted there, so that a later run can stop
//! what a killed run left behind.

mod log;
mod register;
mod signals;

use std::{
    ffi::OsString,
    fs,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use hotelhub_core::errors::LogAndDrop as _;
use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::{Gid, Pid, Uid, User},
};
use tokio::process::{Child, Command};

pub use self::{register::stop_registered, signals::hears};
use crate::waiting::eventually;

/// What is needed to start a child process.
#[derive(Clone, Debug)]
pub struct Launch {
    name: String,
    executable: PathBuf,
    args: Vec<OsString>,
    env: Vec<(String, OsString)>,
    log: PathBuf,
    register: Option<PathBuf>,
    user: Option<(Uid, Gid)>,
}

impl Launch {
    /// Starts from `executable`; what it prints goes to the end of the file `log`.
    #[must_use]
    pub fn new(name: &str, executable: &Path, log: &Path) -> Self {
        Self {
            name: name.to_owned(),
            executable: executable.to_owned(),
            args: Vec::new(),
            env: inherited(),
            log: log.to_owned(),
            register: None,
            user: None,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<T: Into<OsString>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of the child's environment, over an earlier one of the name.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.retain(|(it, _)| it != name);
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Notes the child's pid in this folder for as long as it runs.
    #[must_use]
    pub fn register(mut self, folder: &Path) -> Self {
        self.register = Some(folder.to_owned());
        self
    }

    /// Runs the child as another user, which only root may do.
    #[must_use]
    pub fn as_user(mut self, user: Option<&User>) -> Self {
        self.user = user.map(|it| (it.uid, it.gid));
        self
    }

    /// Runs the child so that no file that it writes gets larger than so many blocks of 512 bytes; it
    /// is told so as by a disk that is full.
    #[must_use]
    pub fn with_file_limit(mut self, blocks: u32) -> Self {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let program = std::mem::replace(&mut self.executable, PathBuf::from("/bin/sh"));
        let head = [OsString::from("-c"), OsString::from(script), program.into_os_string()];
        self.args.splice(0..0, head);
        self
    }

    /// Starts the child.
    ///
    /// # Errors
    /// Fails if the executable or the log file cannot be opened.
    pub fn start(&self) -> Result<Program> {
        let log = self.open_log()?;
        let log_start = log.metadata()?.len();
        let mut command = self.command();
        command.stdout(log.try_clone()?).stderr(log);
        let child = command
            .spawn()
            .with_context(|| format!("start {} ({})", self.name, self.executable.display()))?;
        let pid = child.id().context("a child without a pid")?;
        let note = match &self.register {
            Some(folder) => Some(register::note(folder, &self.name, pid)?),
            None => None,
        };
        let pid = Pid::from_raw(i32::try_from(pid)?);
        let name = self.name.clone();
        Ok(Program { name, child, pid, log: self.log.clone(), log_start, note })
    }
}

impl Launch {
    /// Runs a command that ends by itself, and gives what it printed on standard output.
    ///
    /// # Errors
    /// Fails with the end of the log if it does not end well before the deadline.
    pub async fn run(&self, deadline: Duration) -> Result<String> {
        let log = self.open_log()?;
        let log_start = log.metadata()?.len();
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(log);
        let name = &self.name;
        // Not `output()`: it would capture what the log is to have.
        let child = command
            .spawn()
            .with_context(|| format!("start {name} ({})", self.executable.display()))?;
        let output = tokio::time::timeout(deadline, child.wait_with_output())
            .await
            .with_context(|| format!("{name} still runs after {} s", deadline.as_secs()))?
            .with_context(|| format!("wait for {name}"))?;
        if !output.status.success() {
            bail!("{name} failed: {}\n{}", output.status, log::end(&self.log, log_start));
        }
        String::from_utf8(output.stdout).with_context(|| format!("read what {name} printed"))
    }

    fn open_log(&self) -> Result<fs::File> {
        fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("open the log {}", self.log.display()))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        command
            .args(&self.args)
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .process_group(0)
            .kill_on_drop(true);
        if let Some((uid, gid)) = self.user {
            command.uid(uid.as_raw()).gid(gid.as_raw()).current_dir("/");
        }
        command
    }
}

/// The little of our own environment that a program may need to run at all.
fn inherited() -> Vec<(String, OsString)> {
    ["PATH", "HOME", "TZ"]
        .iter()
        .filter_map(|name| std::env::var_os(name).map(|value| ((*name).to_owned(), value)))
        .collect()
}

/// A child process.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    pid: Pid,
    log: PathBuf,
    log_start: u64,
    note: Option<PathBuf>,
}

impl Program {
    /// The name it was started under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// All that it has printed since this start.
    #[must_use]
    pub fn printed(&self) -> String {
        log::read_from(&self.log, self.log_start)
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits until `probe` answers.
    ///
    /// # Errors
    /// Fails if the process ends before, or the deadline passes; the message shows the end of
    /// the log.
    pub async fn wait_until<T>(
        &mut self,
        deadline: Duration,
        what: &str,
        mut probe: impl AsyncFnMut() -> Option<T>,
    ) -> Result<T> {
        let outcome = eventually(deadline, what, async || {
            if let Some(status) = self.ended() {
                return Some(Err(status));
            }
            probe().await.map(Ok)
        });
        match outcome.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(status)) => bail!("{} ended early: {status}\n{}", self.name, self.log_end()),
            Err(late) => Err(late.context(format!("{}\n{}", self.name, self.log_end()))),
        }
    }

    /// Sends a signal to the process alone.
    ///
    /// # Errors
    /// Fails if it is not there any more.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill(self.pid, signal).with_context(|| format!("send {signal} to {}", self.name))
    }

    /// Waits for the process to end by itself.
    ///
    /// # Errors
    /// Fails if it still runs at the deadline.
    pub async fn wait(&mut self, deadline: Duration) -> Result<ExitStatus> {
        let Ok(status) = tokio::time::timeout(deadline, self.child.wait()).await else {
            bail!("{} still runs after {} s\n{}", self.name, deadline.as_secs(), self.log_end());
        };
        self.forget();
        Ok(status?)
    }

    /// Asks the process to stop, and waits; SIGTERM, and nothing harder.
    ///
    /// # Errors
    /// Fails if it still runs at the deadline.
    pub async fn terminate(&mut self, deadline: Duration) -> Result<ExitStatus> {
        self.stop_with(Signal::SIGTERM, deadline).await
    }

    /// Sends `signal` and waits for the end; a process that ended before is fine.
    ///
    /// # Errors
    /// Fails if it still runs at the deadline.
    pub async fn stop_with(&mut self, signal: Signal, deadline: Duration) -> Result<ExitStatus> {
        if self.ended().is_none() {
            self.signal(signal)?;
        }
        self.wait(deadline).await
    }

    /// Kills the process and whatever it started, at once, as a power cut would.
    ///
    /// # Errors
    /// Fails if the process cannot be waited for.
    pub async fn kill(&mut self) -> Result<()> {
        if self.ended().is_none() {
            killpg(self.pid, Signal::SIGKILL).with_context(|| format!("kill {}", self.name))?;
        }
        self.child.wait().await?;
        self.forget();
        Ok(())
    }

    /// The last lines of the log, for the message of a failure.
    #[must_use]
    pub fn log_end(&self) -> String {
        log::end(&self.log, self.log_start)
    }

    /// The pid is nobody's now: a later process may have it.
    fn forget(&mut self) {
        if let Some(note) = self.note.take() {
            fs::remove_file(note).log_and_drop("without its note nothing is killed later");
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.ended().is_none() {
            // Also what it started itself: the broker's helpers would outlive it otherwise.
            killpg(self.pid, Signal::SIGKILL).log_and_drop("it ended meanwhile");
        }
        self.forget();
    }
}

/// Tells whether a stop was a clean one: exit code 0.
#[must_use]
pub fn is_clean(status: ExitStatus) -> bool {
    status.code() == Some(0) && status.signal().is_none()
}
