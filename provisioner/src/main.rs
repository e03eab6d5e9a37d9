//! The provisioner: `migrate` brings the control database to its schema, `run` does the work.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use hotelhub_core::{
    config::ProcessEnv,
    telemetry::{self, Telemetry, TelemetryConfig},
};
use provisioner::{
    config::{Config, MigrateConfig},
    run,
};

/// Makes databases, roles, templates and routes as the control plane asks.
#[derive(Parser)]
#[command(name = "provisioner")]
struct Command {
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// Applies the schema of the control database, then ends.
    Migrate,
    /// Works until it is told to stop.
    Run,
}

fn main() -> ExitCode {
    match start(&Command::parse().role) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn start(role: &Role) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    match role {
        Role::Migrate => {
            let config = MigrateConfig::read(&ProcessEnv)?;
            runtime.block_on(async {
                let _telemetry = log_to(&config.telemetry, "provisioner migrate")?;
                run::migrate(&config.control).await
            })
        }
        Role::Run => {
            let config = Config::read(&ProcessEnv)?;
            runtime.block_on(async {
                let _telemetry = log_to(&config.telemetry, "provisioner run")?;
                run::run(config).await
            })
        }
    }
}

fn log_to(config: &TelemetryConfig, service: &str) -> Result<Telemetry> {
    telemetry::start(config, service).context("start telemetry")
}

#[expect(clippy::print_stderr, reason = "the log may not have started when the settings are wrong")]
fn report(error: &str) {
    eprintln!("provisioner: {error}");
}
