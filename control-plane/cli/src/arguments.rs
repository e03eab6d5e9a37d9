//! What can be typed.

use clap::{Parser, Subcommand};
use url::Url;

use crate::{audit, backup, db_host, domain, jobs, login, migrate, operation, tenant, user};

/// Operates HotelHub through the control plane's API.
///
/// Exit codes: 0 done, 1 refused or failed, 2 wrongly typed, 3 not reachable, 130 interrupted.
#[derive(Parser)]
#[command(name = "hotelhub", version)]
pub(crate) struct Arguments {
    /// The control plane's address; else `HOTELHUB_URL`, else that of the last login
    #[arg(long, global = true, value_name = "URL", help_heading = "For every command")]
    pub(crate) url: Option<Url>,
    /// Print the API's data as JSON, for programs
    #[arg(long, global = true, help_heading = "For every command")]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The groups of commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Log in; the password comes from the terminal, `HOTELHUB_PASSWORD` or standard input
    Login(login::Login),
    /// End the session
    Logout,
    /// What needs somebody now: failing work, full servers, failed jobs, trials that end
    Attention,
    /// Hotels: make, look, suspend, resume, move, delete
    Tenant {
        #[command(subcommand)]
        command: tenant::Command,
    },
    /// Backups of hotels: look, and whether they can be restored
    Backup {
        #[command(subcommand)]
        command: backup::Command,
    },
    /// Long work of the provisioner
    Operation {
        #[command(subcommand)]
        command: operation::Command,
    },
    /// Changes of the schema for every hotel
    Migrate {
        #[command(subcommand)]
        command: migrate::Command,
    },
    /// Background jobs: look, try again, cancel, hold back
    Jobs {
        #[command(subcommand)]
        command: jobs::Command,
    },
    /// The vendor's people: make, look, roles, second factors, one's own password
    User {
        #[command(subcommand)]
        command: user::Command,
    },
    /// Who did what, and whether the log of it is whole
    Audit {
        #[command(subcommand)]
        command: audit::Command,
    },
    /// Hotels' own domains: claim, look, prefer, release
    Domain {
        #[command(subcommand)]
        command: domain::Command,
    },
    /// Database servers: add, look, close, empty, examine
    DbHost {
        #[command(subcommand)]
        command: db_host::Command,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
