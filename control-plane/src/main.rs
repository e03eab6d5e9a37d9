//! The control plane's program: `serve` answers people and programs, `work` does the platform's
//! jobs, `vendor-user` manages the logins of the vendor's own people.

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use control_plane::{
    config::{ServeConfig, VendorUserConfig, WorkConfig},
    serve, vendor_user, work,
};
use hotelhub_core::{config::ProcessEnv, errors::Chain, telemetry};

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// Answers requests: signup, the vendor's API, the route feed.
    Serve,
    /// Does the platform's own jobs.
    Work,
    /// Manages the logins of the vendor's own people.
    #[command(subcommand)]
    VendorUser(VendorUserCommand),
}

#[derive(Subcommand)]
enum VendorUserCommand {
    /// Makes a login and prints its password, once, alone on the last line.
    Create(CreateArguments),
}

#[derive(Args)]
struct CreateArguments {
    /// The e-mail address to log in with.
    #[arg(long)]
    email: String,
    /// The person's name.
    #[arg(long)]
    name: String,
    /// `super_admin`, `support`, `finance` or `read_only`.
    #[arg(long)]
    role: vendor_user::VendorRole,
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
            actix_web::rt::System::new().block_on(async {
                let service = "control-plane serve";
                let _telemetry = telemetry::start(&config.program.telemetry, service)?;
                serve::run(config).await
            })
        }
        Role::Work => {
            let config = WorkConfig::from_env(&env)?;
            runtime()?.block_on(async {
                let service = "control-plane work";
                let _telemetry = telemetry::start(&config.program.telemetry, service)?;
                work::run(config).await
            })
        }
        Role::VendorUser(VendorUserCommand::Create(it)) => {
            let config = VendorUserConfig::from_env(&env)?;
            let made = vendor_user::create(&config, &it.email, &it.name, it.role);
            let password = runtime()?.block_on(made)?;
            print(&password);
            Ok(())
        }
    }
}

#[expect(clippy::print_stdout, reason = "the one place where the password is ever shown")]
fn print(password: &str) {
    println!("{password}");
}

#[expect(clippy::print_stderr, reason = "the log may not have started; a person reads this")]
fn report(error: &anyhow::Error) {
    eprintln!("{}", Chain(error.as_ref()));
}
