//! Where the machine keeps PostgreSQL's programs, and the user that may run them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use nix::unistd::{Uid, User};

const VERSIONS: &str = "/usr/lib/postgresql";

/// A PostgreSQL that is installed.
#[derive(Clone, Debug)]
pub struct Installation {
    bin: PathBuf,
    user: Option<User>,
}

impl Installation {
    /// The newest PostgreSQL of the machine.
    ///
    /// # Errors
    /// Fails if there is none, or if we are root and the user `postgres` is missing: the server
    /// refuses to run as root.
    pub fn find() -> Result<Self> {
        let bin = newest().with_context(|| {
            format!(
                "PostgreSQL is not installed ({VERSIONS}/*/bin/initdb): apt-get install postgresql"
            )
        })?;
        let user = if Uid::effective().is_root() {
            let user = User::from_name("postgres").context("look up the user `postgres`")?;
            Some(user.context("there is no user `postgres`: apt-get install postgresql")?)
        } else {
            None
        };
        Ok(Self { bin, user })
    }

    /// The user that the server runs as, if it is not ourselves.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }

    /// The path of one of its programs.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// Runs one of its programs to its end, as the user that owns the data.
    ///
    /// # Errors
    /// Fails with what the program printed if it does not succeed.
    pub fn run(&self, name: &str, args: &[&str]) -> Result<()> {
        let mut command = self.command(&self.program(name));
        let output = command.args(args).output().with_context(|| format!("start {name}"))?;
        if !output.status.success() {
            bail!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(())
    }

    /// Makes `folder` and hands it to the server's user, nobody else may enter.
    ///
    /// # Errors
    /// Fails if the folder cannot be made or handed over.
    pub fn make_folder(&self, folder: &Path) -> Result<()> {
        use std::os::unix::fs::{PermissionsExt as _, chown};
        fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        if let Some(user) = &self.user {
            chown(folder, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        Ok(())
    }

    /// Tells whether the server's user can reach into `folder`: `/root` is closed to it.
    #[must_use]
    pub fn can_enter(&self, folder: &Path) -> bool {
        self.command(Path::new("test"))
            .args(["-x".as_ref(), folder.as_os_str()])
            .status()
            .is_ok_and(|it| it.success())
    }

    fn command(&self, program: &Path) -> Command {
        use std::os::unix::process::CommandExt as _;
        let mut command = Command::new(program);
        if let Some(user) = &self.user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw()).current_dir("/");
        }
        command
    }
}

fn newest() -> Option<PathBuf> {
    fs::read_dir(VERSIONS)
        .ok()?
        .flatten()
        .filter(|entry| entry.path().join("bin/initdb").exists())
        .max_by_key(|entry| entry.file_name().to_string_lossy().parse::<u32>().unwrap_or(0))
        .map(|entry| entry.path().join("bin"))
}
