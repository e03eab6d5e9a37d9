//! Packages of the system that are missing: installed as root, or the command is said.

use std::path::Path;

use anyhow::{Result, bail};
use nix::unistd::Uid;
use platform_tests::postgres::Installation;

use crate::{say, tool::Tool};

const BROKER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const LOAD_GENERATOR: &str = "/usr/bin/wrk";

/// What this run starts itself.
#[derive(Default)]
pub(crate) struct Needs {
    pub(crate) postgres: bool,
    pub(crate) rabbitmq: bool,
    /// The load generator.
    pub(crate) wrk: bool,
}

impl Needs {
    fn missing(&self) -> Vec<&'static str> {
        let mut missing = Vec::new();
        if self.postgres && Installation::find().is_err() {
            missing.push("postgresql");
        }
        if self.rabbitmq && !Path::new(BROKER).exists() {
            missing.push("rabbitmq-server");
        }
        if self.wrk && !Path::new(LOAD_GENERATOR).exists() {
            missing.push("wrk");
        }
        missing
    }
}

/// Installs what is missing; what the installer prints goes to the folder `logs`.
pub(crate) async fn ensure(logs: &Path, needs: &Needs) -> Result<()> {
    let missing = needs.missing();
    if missing.is_empty() {
        return Ok(());
    }
    // Also mends a package that is half there; on one that is not there it is a plain install.
    let mut install = vec!["apt-get", "install", "--yes", "--reinstall"];
    install.extend(&missing);
    let by_hand = format!(
        "sudo apt-get update && sudo {}\n(or set POSTGRES_ADMIN_URL and AMQP_URL to servers that \
         exist)",
        install.join(" ")
    );
    let Some(sudo) = way_to_root(logs).await else {
        bail!(
            "missing: {}; we are not root and `sudo` asks for a password. Run:\n{by_hand}",
            missing.join(", ")
        );
    };
    say::during("updating the package lists", apt(logs, sudo, &["apt-get", "update"])).await?;
    let what = format!("installing {}", missing.join(", "));
    // A package may fail to start its service and be whole all the same: only what is there counts.
    let outcome = say::during(&what, apt(logs, sudo, &install)).await;
    let still_missing = needs.missing();
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
