//! `cargo xtask test`: every check there is, in order, with its time and a verdict at the end.

use std::{num::NonZero, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use platform_tests::{
    ports,
    postgres::{PROTOTYPE, PostgresServer},
    rabbit::RabbitNode,
};
use tokio::time::Instant;

use crate::{
    deny,
    install::{self, Package},
    say,
    state::{folder, workspace},
    tool::Tool,
};

/// Of a test that failed, as much of its message as the end of a run has room for.
const PANIC_LINES: usize = 6;
const PANIC_WIDTH: usize = 300;

/// One part of the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Is everything formatted?
    Fmt,
    /// Do the lints pass?
    Clippy,
    /// Do the documents build without broken links?
    Doc,
    /// Are all licences, sources and crates allowed, and is none known to be unsafe?
    Deny,
    /// Do the programs build?
    Build,
    /// Do all tests pass?
    Tests,
    /// Does `up --once` work on an empty state?
    Up,
}

/// What a part said.
struct Outcome {
    part: Part,
    time: Duration,
    passed: u64,
    failed: u64,
    /// What its failed tests died of.
    panics: Vec<String>,
    fault: Option<anyhow::Error>,
}

/// Runs all parts, or only those named; a part that fails does not keep the next from running.
pub(crate) async fn check(only: &[Part]) -> Result<()> {
    let folder = folder()?.join("test");
    std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    let checks = Checks { workspace: workspace()?, folder };
    let mut outcomes = Vec::new();
    for part in Part::value_variants() {
        if only.is_empty() || only.contains(part) {
            outcomes.push(checks.run(*part).await);
        }
    }
    summarise(&outcomes)
}

fn summarise(outcomes: &[Outcome]) -> Result<()> {
    say::line("");
    for panic in outcomes.iter().flat_map(|it| &it.panics) {
        say::line(panic);
    }
    for Outcome { part, time, passed, failed, fault, .. } in outcomes {
        let verdict = if fault.is_none() { "ok" } else { "FAILED" };
        let time = say::seconds(*time);
        say::line(format_args!(
            "  {part:<8?} {verdict:<7} {time:>9}  {passed} passed, {failed} failed"
        ));
    }
    let passed: u64 = outcomes.iter().map(|it| it.passed).sum();
    let failed: u64 = outcomes.iter().map(|it| it.failed).sum();
    say::line(format_args!("{passed} passed, {failed} failed"));
    if failed > 0 {
        bail!("{failed} failed: the faults stand above");
    }
    Ok(())
}

struct Checks {
    workspace: PathBuf,
    folder: PathBuf,
}

impl Checks {
    async fn run(&self, part: Part) -> Outcome {
        let begun = Instant::now();
        let name = format!("{part:?}").to_lowercase();
        let outcome = say::during(&name, async {
            match part {
                Part::Fmt => self.cargo(&name, &["fmt", "--all", "--check"]).await.map(|_| (1, 0)),
                Part::Clippy => self.clippy(&name).await,
                Part::Doc => self.doc(&name).await,
                Part::Deny => self.deny().await,
                Part::Build => {
                    self.cargo(&name, &["build", "--workspace", "--bins"]).await.map(|_| (1, 0))
                }
                Part::Tests => self.tests(&name).await,
                Part::Up => self.up(&name).await,
            }
        });
        let (passed, failed, panics, fault) = match outcome.await {
            Ok((passed, 0)) => (passed, 0, Vec::new(), None),
            Ok((passed, failed)) => {
                (passed, failed, Vec::new(), Some(anyhow::anyhow!("{name}: {failed} failed")))
            }
            Err(fault) => {
                say::line(format_args!("\n{name} failed: {fault:#}\n"));
                let (passed, failed) = counted(&format!("{fault:#}")).unwrap_or((0, 1));
                let log = self.folder.join(format!("{name}.log"));
                let panics = panics(&std::fs::read_to_string(log).unwrap_or_default());
                (passed, failed.max(1), panics, Some(fault))
            }
        };
        Outcome { part, time: begun.elapsed(), passed, failed, panics, fault }
    }

    async fn clippy(&self, name: &str) -> Result<(u64, u64)> {
        let args = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        self.cargo(name, &args).await.map(|_| (1, 0))
    }

    async fn doc(&self, name: &str) -> Result<(u64, u64)> {
        self.tool(name)
            .args(&["doc", "--workspace", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings")
            .run()
            .await
            .map(|_| (1, 0))
    }

    async fn deny(&self) -> Result<(u64, u64)> {
        let deny = deny::ensure(&folder()?.join("tools")).await?;
        let tool = |log: &str| {
            Tool::new(&deny, &self.folder.join(log)).in_folder(&self.workspace).args(&["check"])
        };
        tool("deny.log").args(&["licenses", "bans", "sources"]).run().await?;
        match tool("advisories.log").args(&["advisories"]).run().await {
            Ok(_) => Ok((2, 0)),
            Err(error) => {
                // What cannot be fetched cannot be checked; only a finding is a failure.
                let printed = format!("{error:#}");
                let Some(reason) = fetch_failure(&printed) else { return Err(error) };
                say::line(format_args!("  advisories not checked: {reason}"));
                Ok((1, 0))
            }
        }
    }

    async fn tests(&self, name: &str) -> Result<(u64, u64)> {
        let has_nextest = self.cargo("nextest", &["nextest", "--version"]).await.is_ok();
        // Most tests wait for programs, and those for their timers.
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let at_once = (cores * 2).to_string();
        let args: &[&str] = if has_nextest {
            &["nextest", "run", "--workspace", "--no-fail-fast", "--test-threads", &at_once]
        } else {
            &["test", "--workspace", "--no-fail-fast"]
        };
        let needs = [
            Package::Postgres,
            Package::Rabbitmq,
            Package::Pebble,
            Package::Redis,
            Package::Chromium,
            Package::ChromeDriver,
            Package::Npm,
        ];
        install::ensure(&self.folder, &needs).await?;
        // One broker for the whole run, of which each test takes a virtual host, and one database server
        // that each takes a copy of.
        let broker = tempfile::Builder::new().prefix("hotelhub-test-").tempdir()?;
        let mut node = RabbitNode::start(broker.path()).await?;
        let prototype = PostgresServer::prototype().await?;
        let tool = self.tool(name).args(args).env("HOTELHUB_TEST_BROKER", broker.path());
        let run = tool.env(PROTOTYPE, prototype.path()).run().await;
        node.stop().await?;
        counted(&run?).context("the test runner did not say how many tests passed")
    }

    async fn up(&self, name: &str) -> Result<(u64, u64)> {
        let state = tempfile::Builder::new().prefix("hotelhub-up-").tempdir()?;
        let xtask = |command: &[&str], control: u16, tenant: u16| {
            self.tool(name)
                .args(&["run", "--quiet", "--package", "xtask", "--"])
                .args(command)
                .env("HOTELHUB_STATE", state.path())
                .env("HOTELHUB_CONTROL_PORT", control.to_string())
                .env("HOTELHUB_TENANT_PORT", tenant.to_string())
                .run()
        };
        let (control, tenant) = (ports::free()?, ports::free()?);
        let outcome = xtask(&["up", "--once"], control, tenant).await;
        if outcome.is_ok() {
            // A second start is a different path: everything is found, nothing is made.
            xtask(&["up", "--once"], control, tenant).await.context("the second start")?;
        }
        xtask(&["reset"], control, tenant).await?;
        outcome.map(|_| (1, 0))
    }

    async fn cargo(&self, name: &str, args: &[&str]) -> Result<String> {
        self.tool(name).args(args).run().await
    }

    fn tool(&self, name: &str) -> Tool {
        Tool::cargo(&self.folder.join(format!("{name}.log"))).in_folder(&self.workspace)
    }
}

/// Passed and failed tests, as nextest or `cargo test` counted them.
fn counted(printed: &str) -> Option<(u64, u64)> {
    let mut total = None;
    let summaries = printed
        .lines()
        .filter(|it| it.contains("tests run:") || it.trim_start().starts_with("test result:"));
    for line in summaries {
        let (passed, failed) = total.unwrap_or((0, 0));
        let before = |word| number_before(line, word).unwrap_or(0);
        total = Some((passed + before("passed"), failed + before("failed")));
    }
    total
}

/// What failed tests died of: of each panic the place and the beginning of its message.
fn panics(printed: &str) -> Vec<String> {
    let lines: Vec<&str> = printed.lines().map(str::trim).collect();
    let mut told = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if line.contains(" panicked at ") {
            let message = lines.iter().skip(at + 1).take_while(|it| !it.starts_with("note: "));
            let mut panic = line.to_string();
            for line in message.take(PANIC_LINES) {
                panic.push_str("\n  ");
                panic.extend(line.chars().take(PANIC_WIDTH));
            }
            told.push(panic);
        }
    }
    told
}

fn number_before(line: &str, word: &str) -> Option<u64> {
    let (before, _) = line.split_once(&format!(" {word}"))?;
    before.rsplit(' ').next()?.parse().ok()
}

/// Why the advisory database did not come, if that is what went wrong.
fn fetch_failure(printed: &str) -> Option<&str> {
    let reasons = ["failed to fetch", "failed to clone", "unable to fetch", "Could not resolve"];
    printed.lines().find_map(|line| {
        let from = reasons.iter().find_map(|it| line.find(it))?;
        line.get(from..)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_are_understood() {
        let nextest = "     Summary [ 1.5s] 8 tests run: 7 passed (1 slow), 1 failed, 0 skipped";
        assert_eq!(counted(nextest), Some((7, 1)));
        let cargo = "test result: ok. 3 passed; 0 failed; 0 ignored\n\
                     test result: FAILED. 1 passed; 2 failed; 0 ignored";
        assert_eq!(counted(cargo), Some((4, 2)));
        assert_eq!(counted("error: could not compile"), None);
    }

    #[test]
    fn what_a_test_died_of_is_told_again() {
        let printed = "  thread 'a::b' (7) panicked at tests/a.rs:3:5:\n    left is not right\n  \
                       note: run with `RUST_BACKTRACE=1`\nPASS c";
        let told = "thread 'a::b' (7) panicked at tests/a.rs:3:5:\n  left is not right";
        assert_eq!(panics(printed), [told]);
        assert_eq!(panics("PASS c"), [""; 0]);
    }
}
