//! Other programs, run with our own environment; their output goes to a file.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, Result, bail};
use platform_tests::settings::setting;
use tokio::process::Command;

/// Enough of a compiler's error to see what it is about.
const SHOWN_LINES: usize = 40;

/// A program that is being put together.
pub(crate) struct Tool {
    command: Command,
    log: PathBuf,
}

impl Tool {
    /// `program`, whose output goes to the file `log`.
    pub(crate) fn new(program: impl AsRef<std::ffi::OsStr>, log: &Path) -> Self {
        Self { command: Command::new(program), log: log.to_owned() }
    }

    /// The cargo that runs us, as if a person had called it: what `cargo run` told us about our own
    /// package makes build scripts that look at it run again, and all that depends on them.
    pub(crate) fn cargo(log: &Path) -> Self {
        let mut tool = Self::new(setting("CARGO").unwrap_or_else(|| "cargo".to_owned()), log);
        for (name, _) in std::env::vars_os() {
            let is_ours = name.to_str().is_some_and(|it| {
                ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|begin| it.starts_with(begin))
            });
            if is_ours {
                tool.command.env_remove(name);
            }
        }
        tool
    }

    /// Adds arguments.
    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs in this folder.
    pub(crate) fn in_folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs the program to its end, and gives all that it printed.
    ///
    /// Fails with the end of its output if it does not succeed.
    pub(crate) async fn run(mut self) -> Result<String> {
        let name = format!("{:?}", self.command.as_std().get_program()).replace('"', "");
        let log = fs::File::create(&self.log)
            .with_context(|| format!("make the log {}", self.log.display()))?;
        let status = self
            .command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .status()
            .await
            .with_context(|| format!("start {name}"))?;
        let printed = fs::read(&self.log).context("read what a program printed")?;
        let printed = String::from_utf8_lossy(&printed).into_owned();
        if !status.success() {
            let lines: Vec<&str> = printed.lines().collect();
            let from = lines.len().saturating_sub(SHOWN_LINES);
            let end = lines.get(from..).unwrap_or_default().join("\n  ");
            bail!("{status}; the end of {}:\n  {end}", self.log.display());
        }
        Ok(printed)
    }
}
