//! Packages of the system that are missing: installed as root, or the command is said.

use std::path::Path;

use anyhow::{Result, bail};
use nix::unistd::Uid;
use platform_tests::postgres::Installation;

use crate::{say, tool::Tool};

/// A package of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Package {
    Postgres,
    Rabbitmq,
    /// The browser that tests drive.
    Chromium,
    ChromeDriver,
    /// Fetches the accessibility checks.
    Npm,
    /// The certificate authority of tests.
    Pebble,
    /// Counts budgets that workers share.
    Redis,
    /// The load generator.
    Wrk,
}

impl Package {
    const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::Rabbitmq => "rabbitmq-server",
            Self::Chromium => "chromium",
            Self::ChromeDriver => "chromium-driver",
            Self::Npm => "npm",
            Self::Pebble => "pebble",
            Self::Redis => "redis-server",
            Self::Wrk => "wrk",
        }
    }

    fn is_here(self) -> bool {
        match self {
            Self::Postgres => Installation::find().is_ok(),
            Self::Rabbitmq => Path::new("/usr/lib/rabbitmq/bin/rabbitmq-server").exists(),
            Self::Chromium => Path::new("/usr/bin/chromium").exists(),
            Self::ChromeDriver => Path::new("/usr/bin/chromedriver").exists(),
            Self::Npm => on_path("npm"),
            Self::Pebble => Path::new("/usr/bin/pebble").exists(),
            Self::Redis => Path::new("/usr/bin/redis-server").exists(),
            Self::Wrk => Path::new("/usr/bin/wrk").exists(),
        }
    }
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|it| it.join(program).exists())
}

fn missing(needs: &[Package]) -> Vec<&'static str> {
    needs.iter().filter(|it| !it.is_here()).map(|it| it.name()).collect()
}

/// Installs what is missing; what the installer prints goes to the folder `logs`.
pub(crate) async fn ensure(logs: &Path, needs: &[Package]) -> Result<()> {
    let absent = missing(needs);
    if absent.is_empty() {
        return Ok(());
    }
    // Also mends a package that is half there; on one that is not there it is a plain install.
    let mut install = vec!["apt-get", "install", "--yes", "--reinstall"];
    install.extend(&absent);
    let by_hand = format!(
        "sudo apt-get update && sudo {}\n(or set POSTGRES_ADMIN_URL and AMQP_URL to servers that \
         exist)",
        install.join(" ")
    );
    let Some(sudo) = way_to_root(logs).await else {
        bail!(
            "missing: {}; we are not root and `sudo` asks for a password. Run:\n{by_hand}",
            absent.join(", ")
        );
    };
    say::during("updating the package lists", apt(logs, sudo, &["apt-get", "update"])).await?;
    let what = format!("installing {}", absent.join(", "));
    // A package may fail to start its service and be whole all the same: only what is there counts.
    let outcome = say::during(&what, apt(logs, sudo, &install)).await;
    let still_missing = missing(needs);
    match outcome {
        _ if still_missing.is_empty() => Ok(()),
        Err(error) => Err(error.context(format!("install it by hand, then run again:\n{by_hand}"))),
        Ok(_) => {
            bail!("{} did not come with its package. Run:\n{by_hand}", still_missing.join(", "))
        }
    }
}

/// What stands before a command to run it as root, if there is a way without a password.
async fn way_to_root(logs: &Path) -> Option<&'static [&'static str]> {
    if Uid::effective().is_root() {
        return Some(&[]);
    }
    let sudo = Tool::new("sudo", &logs.join("sudo.log")).args(&["-n", "true"]).run().await;
    sudo.is_ok().then_some(&["sudo", "-n"])
}

async fn apt(logs: &Path, sudo: &[&str], command: &[&str]) -> Result<String> {
    Tool::new("env", &logs.join("install.log"))
        .args(sudo)
        .args(&["env", "DEBIAN_FRONTEND=noninteractive"])
        .args(command)
        .run()
        .await
}
