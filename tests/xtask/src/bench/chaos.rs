//! `cargo xtask bench jobs-chaos`: the fault tests of the job system at full size, which takes the
//! better part of an hour; `cargo xtask test` runs the same at a size of minutes.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use platform_tests::rabbit::RabbitNode;
use serde_json::Value;
use tempfile::TempDir;

use super::building::{self, Profile};
use crate::{
    install::{self, Package},
    say,
    state::workspace,
    tool::Tool,
};

/// The tests, and the broker that those share which do not harm it.
struct Faults {
    programs: Vec<PathBuf>,
    folder: PathBuf,
    broker: TempDir,
}

/// Runs them, one after the other: each wants the machine for itself.
pub(super) async fn run(profile: Profile) -> Result<()> {
    let folder = building::folder()?.join("jobs-chaos");
    std::fs::create_dir_all(&folder)?;
    install::ensure(&folder, &[Package::Postgres, Package::Rabbitmq, Package::Redis]).await?;
    let programs = say::during("building the tests", build(profile, &folder)).await?;
    let broker = tempfile::Builder::new().prefix("hotelhub-chaos-").tempdir()?;
    let faults = Faults { programs, folder, broker };
    let tests = faults.list().await?;
    let mut node = RabbitNode::start(faults.broker.path()).await?;
    let mut failed = Vec::new();
    for (program, name) in &tests {
        // One that fails says nothing about the others.
        if let Err(error) = faults.meet(program, name).await {
            say::line(format_args!("  FAILED: {error:#}"));
            failed.push(&**name);
        }
    }
    node.stop().await?;
    say::line(format_args!("  {} of {} passed", tests.len() - failed.len(), tests.len()));
    if !failed.is_empty() {
        bail!("{} failed; their logs are in {}", failed.join(", "), faults.folder.display());
    }
    Ok(())
}

/// What is built of them.
const TESTS: [&str; 2] = ["jobs", "schedules"];

/// Builds the tests; where they are.
async fn build(profile: Profile, folder: &Path) -> Result<Vec<PathBuf>> {
    let told = Tool::cargo(&folder.join("build.log"))
        .args(&["test", "--profile", profile.text(), "--workspace"])
        .args(&TESTS.map(|it| ["--test", it]).concat())
        .args(&["--no-run", "--message-format", "json"])
        .in_folder(&workspace()?)
        .run()
        .await?;
    let messages = told.lines().filter_map(|it| serde_json::from_str::<Value>(it).ok());
    let text = |it: &Value, at: &str| it.pointer(at).and_then(Value::as_str).map(ToOwned::to_owned);
    let built = messages
        .filter(|it| text(it, "/target/name").is_some_and(|name| TESTS.contains(&name.as_str())));
    let paths: Vec<PathBuf> =
        built.filter_map(|it| text(&it, "/executable").map(PathBuf::from)).collect();
    anyhow::ensure!(paths.len() == TESTS.len(), "cargo does not say where the tests are");
    Ok(paths)
}

impl Faults {
    /// What is to be run, and by which program.
    async fn list(&self) -> Result<Vec<(&Path, String)>> {
        let mut tests = Vec::new();
        for program in &self.programs {
            let listed = self.test(program, "list", &["--list"]).run().await?;
            let names = listed.lines().filter_map(|it| it.strip_suffix(": test"));
            tests.extend(names.map(|it| (program.as_path(), it.to_owned())));
        }
        Ok(tests)
    }

    /// Runs one, and shows the figures that it found.
    async fn meet(&self, program: &Path, name: &str) -> Result<()> {
        let test = self.test(program, &name.replace("::", "."), &["--exact", name, "--nocapture"]);
        let printed = say::during(name, test.run()).await?;
        if !printed.contains("test result: ok. 1 passed") {
            bail!("it did not run");
        }
        for line in printed.lines().filter(|it| it.starts_with("figure: ")) {
            say::line(format_args!("    {line}"));
        }
        Ok(())
    }

    fn test(&self, program: &Path, log: &str, args: &[&str]) -> Tool {
        Tool::new(program, &self.folder.join(format!("{log}.log")))
            .args(args)
            .env("JOBS_CHAOS", "full")
            .env("HOTELHUB_TEST_BROKER", self.broker.path())
    }
}
