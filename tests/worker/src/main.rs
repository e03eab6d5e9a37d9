//! The hotel's worker with kinds that only tests have: the engine is `tenant-api work`, to the last
//! line.

mod kinds;

use std::{process::ExitCode, sync::Arc};

use clap::{Parser, Subcommand};
use hotelhub_core::{
    config::{ConfigFaults, ProcessEnv, Reader},
    errors::Chain,
    telemetry,
};
use tenant_api::{
    config::WorkConfig,
    work::{self, Share},
};

use self::kinds::Ledger;

#[derive(Parser)]
#[command(about)]
struct Arguments {
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// Does the jobs of some classes.
    Work {
        /// Which classes, joined with commas; `mail:16` does at most 16 jobs of mail at a time.
        #[arg(long, value_delimiter = ',', required = true)]
        classes: Vec<Share>,
    },
}

fn main() -> ExitCode {
    let Role::Work { classes } = Arguments::parse().role;
    match start(classes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

fn start(classes: Vec<Share>) -> anyhow::Result<()> {
    let config = WorkConfig::from_env(&ProcessEnv)?;
    let ledger = Arc::new(Ledger::new(read_ledger_url()?)?);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let _telemetry = telemetry::start(&config.program.telemetry, "test-worker work")?;
        work::run(config, classes, |registry| kinds::add(registry, ledger)).await
    })
}

/// `LEDGER_URL`: the outside system of tests; jobs that call it fail without one.
fn read_ledger_url() -> Result<Option<String>, ConfigFaults> {
    let mut reader = Reader::new(&ProcessEnv);
    let url = reader.optional("LEDGER_URL");
    reader.finish(url)
}

#[expect(clippy::print_stderr, reason = "the log may not have started; a person reads this")]
fn report(error: &anyhow::Error) {
    eprintln!("{}", Chain(error.as_ref()));
}
