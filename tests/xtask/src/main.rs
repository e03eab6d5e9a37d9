//! `cargo xtask`: start the whole platform on this machine, check all of it, wipe it again.

mod bench;
mod checks;
mod demo;
mod deny;
mod install;
mod mail_catcher;
mod reset;
mod say;
mod servers;
mod state;
mod tool;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Works on the HotelHub workspace.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Command {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Start everything, sign up a demo hotel, make a reservation, show its confirmation mail.
    Up {
        /// Then stop everything: exit code 0 if all of it worked.
        #[arg(long)]
        once: bool,
    },
    /// Check everything: format, lints, documents, licences, tests, and `up --once`.
    Test {
        /// Check only these parts.
        #[arg(long, value_delimiter = ',')]
        only: Vec<checks::Part>,
    },
    /// Measure, and show each figure beside its reference from the same run.
    Bench(bench::Args),
    /// Stop what still runs and delete all data of `up`.
    Reset,
    /// Serve mail that is delivered to nobody; `up` starts this.
    MailCatcher(mail_catcher::Args),
    /// Answer with the product's own queries and nothing around them; `bench` starts this.
    #[command(hide = true)]
    BareServer(bench::BareServerArgs),
    /// Say no to every name; `bench` starts this.
    #[command(hide = true)]
    BareAllow(bench::BareAllowArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Command::parse().task {
        Task::Up { once } => Box::pin(up::up(once)).await,
        Task::Test { only } => checks::check(&only).await,
        Task::Bench(args) => Box::pin(bench::bench(args)).await,
        Task::BareServer(args) => bench::serve_bare(args).await,
        Task::BareAllow(args) => bench::serve_bare_allow(args).await,
        Task::Reset => reset::reset().await,
        Task::MailCatcher(args) => mail_catcher::serve(args).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::fault(&error);
            ExitCode::FAILURE
        }
    }
}
