//! The operators' command line: speaks the control plane's API, and examines database servers.

mod arguments;
mod attention;
mod audit;
mod backup;
mod client;
mod db_host;
mod doctor;
mod domain;
mod failure;
mod figures;
mod jobs;
mod login;
mod migrate;
mod operation;
mod password;
mod screen;
mod session;
mod settings;
mod table;
mod tenant;
mod user;
mod waiting;

use std::process::ExitCode;

use clap::Parser as _;
use hotelhub_core::config::ProcessEnv;

use self::{
    arguments::{Arguments, Command},
    client::Client,
    failure::Failure,
    screen::Screen,
    settings::Settings,
};

/// What every command works with.
struct Hub {
    client: Client,
    screen: Screen,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let screen = Screen::new(arguments.json);
    match start(arguments, screen) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            screen.failure(&failure);
            failure.exit_code()
        }
    }
}

fn start(arguments: Arguments, screen: Screen) -> Result<(), Failure> {
    let settings = Settings::read(&ProcessEnv)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|it| Failure::local("start the runtime", &it))?;
    let done = runtime.block_on(run(arguments, settings, screen));
    // A thread that still reads what nobody types would hold the program up.
    runtime.shutdown_background();
    done
}

async fn run(arguments: Arguments, settings: Settings, screen: Screen) -> Result<(), Failure> {
    let Arguments { url, command, .. } = arguments;
    let hub = || Ok::<_, Failure>(Hub { client: Client::new(url.as_ref(), &settings)?, screen });
    match command {
        Command::Login(it) => login::log_in(&hub()?, &settings, &it).await,
        Command::Logout => login::log_out(&hub()?).await,
        Command::Attention => attention::show(&hub()?).await,
        Command::Tenant { command } => tenant::run(&hub()?, command).await,
        Command::Backup { command } => backup::run(&hub()?, command).await,
        Command::Operation { command } => operation::run(&hub()?, command).await,
        Command::Migrate { command } => migrate::run(&hub()?, command).await,
        Command::Jobs { command } => jobs::run(&hub()?, command).await,
        Command::User { command } => user::run(&hub()?, command).await,
        Command::Audit { command } => audit::run(&hub()?, command).await,
        Command::Domain { command } => domain::run(&hub()?, command).await,
        Command::DbHost { command } => db_host::run(hub, &settings, screen, command).await,
    }
}
