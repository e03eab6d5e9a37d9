//! A person, or a machine, with the executable and a home of their own.

use std::{path::PathBuf, process::Stdio, time::Duration};

use platform_tests::platform::programs_folder;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt as _, process::Command};

/// How long a command may take on a machine with much else to do.
const SOON: Duration = Duration::from_secs(300);

/// Somebody who types commands.
pub(crate) struct Operator {
    home: TempDir,
    env: Vec<(String, String)>,
}

/// What a command printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Operator {
    /// Somebody who has never logged in.
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), env: Vec::new() }
    }

    /// Sets a variable for all commands from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.env.retain(|(it, _)| it != name);
        self.env.push((name.to_owned(), value.to_owned()));
    }

    /// Where the session is kept.
    pub(crate) fn session_file(&self) -> PathBuf {
        self.home.path().join("hotelhub/session.json")
    }

    /// Runs a command that needs no input.
    pub(crate) async fn run(&self, args: &[&str]) -> Said {
        self.run_with(args, "").await
    }

    /// Runs a command with this on its standard input.
    pub(crate) async fn run_with(&self, args: &[&str], input: &str) -> Said {
        let mut child = self.command(args).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that reads nothing may have ended by now.
        drop(stdin.write_all(input.as_bytes()).await);
        drop(stdin);
        let output = tokio::time::timeout(SOON, child.wait_with_output()).await.unwrap().unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The command, to be started by the caller.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(programs_folder().unwrap().join("hotelhub"));
        command
            .args(args)
            .env_clear()
            .env("XDG_CONFIG_HOME", self.home.path())
            .envs(self.env.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

impl Said {
    /// What was printed, if all went well.
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// The JSON that was printed.
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.done()).unwrap()
    }

    /// What was said, if the command was refused with this code.
    pub(crate) fn refused(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        self.err
    }
}
