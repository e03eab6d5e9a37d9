//! The hotel's program: `serve` answers people and machines, `work` does the jobs, `schedule` sends
//! the ticks, `topology` prepares RabbitMQ.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use hotelhub_core::{config::ProcessEnv, errors::Chain, telemetry};
use tenant_api::{
    config::{ScheduleConfig, ServeConfig, TopologyConfig, WorkConfig},
    schedule, serve, topology,
    work::{self, Share},
};

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// Answers requests on the hotels' hosts.
    Serve,
    /// Does the jobs of some classes.
    Work {
        /// Which classes, joined with commas; `mail:16` does at most 16 jobs of mail at a time.
        #[arg(long, value_delimiter = ',', required = true)]
        classes: Vec<Share>,
    },
    /// Sends every hotel a tick when something is due there, and at the latest after some hours.
    Schedule,
    /// Declares exchanges and queues on RabbitMQ, then ends.
    Topology,
}

fn main() -> ExitCode {
    match start(Arguments::parse().role) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

fn start(role: Role) -> anyhow::Result<()> {
    let env = ProcessEnv;
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match role {
        Role::Serve => {
            let config = ServeConfig::from_env(&env)?;
            let _telemetry = telemetry::start(&config.program.telemetry, "tenant-api serve")?;
            actix_web::rt::System::new().block_on(serve::run(config))
        }
        Role::Work { classes } => {
            let config = WorkConfig::from_env(&env)?;
            runtime()?.block_on(async {
                let _telemetry = telemetry::start(&config.program.telemetry, "tenant-api work")?;
                work::run(config, classes, |kinds| kinds).await
            })
        }
        Role::Schedule => {
            let config = ScheduleConfig::from_env(&env)?;
            runtime()?.block_on(async {
                let service = "tenant-api schedule";
                let _telemetry = telemetry::start(&config.program.telemetry, service)?;
                schedule::run(config).await
            })
        }
        Role::Topology => {
            let config = TopologyConfig::from_env(&env)?;
            runtime()?.block_on(topology::run(&config))
        }
    }
}

#[expect(clippy::print_stderr, reason = "the log may not have started; a person reads this")]
fn report(error: &anyhow::Error) {
    eprintln!("{}", Chain(error.as_ref()));
}
