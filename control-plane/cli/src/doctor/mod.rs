//! `hotelhub db-host doctor`: examines, on the server itself, the settings and rights that decide
//! whether it can hold many hotels and keep them apart.
//!
//! It reads and changes nothing. What a server does with a thousand databases was measured; the
//! figures stand with the checks.

mod access;
mod check;
mod databases;
mod hba;
mod place;
mod roles;
mod server;

use clap::Args;
use hotelhub_core::{errors::Chain, tasks::Tasks};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage, error::SqlState};

use self::{
    check::{Budget, Check, Finding, Judgement, Seen, Verdict},
    place::Place,
};
use crate::{
    Hub,
    db_host::{AdminUrl, DbHost},
    failure::Failure,
    screen::Screen,
    settings::Settings,
};

const CONNECT_LIMIT: std::time::Duration = std::time::Duration::from_secs(5);

/// What to examine.
#[derive(Args)]
pub(crate) struct Doctor {
    /// The server as the control plane knows it, to compare with what it was registered with
    host: Option<String>,
    #[command(flatten)]
    admin: AdminUrl,
    /// Fail on warnings too
    #[arg(long)]
    strict: bool,
}

/// Every check, in the order of the report.
fn checks() -> impl Iterator<Item = &'static Check> {
    [server::CHECKS, databases::CHECKS, roles::CHECKS, access::CHECKS, hba::CHECKS]
        .into_iter()
        .flatten()
}

/// Examines a server and reports: which one it was, and a line for each check.
///
/// # Errors
/// Fails if there is a fault, if the server does not let us in, or is another than the one that was
/// named.
pub(crate) async fn run(
    hub: impl FnOnce() -> Result<Hub, Failure>,
    settings: &Settings,
    screen: Screen,
    it: Doctor,
) -> Result<(), Failure> {
    let login = login(&it.admin.read(settings).await?)?;
    let place = Place::of_login(&login)?;
    let (name, budget) = match &it.host {
        Some(host) => {
            let host: DbHost = hub()?.client.get(&["db-hosts", host], &[]).await?.read()?;
            let registered = Place { host: host.address, port: host.port };
            place.must_be(&host.name, &registered).await?;
            let (max_databases, max_connections) =
                (Some(host.max_databases), Some(host.max_connections));
            (Some(host.name), Budget { max_databases, max_connections })
        }
        None => (None, Budget::default()),
    };
    let server = connect(&login).await?;
    let mut findings = Vec::new();
    for check in checks() {
        findings.push(check.finding(examine(&server, check, &budget).await?));
    }
    report(screen, &Examined { name, place, findings }, it.strict)
}

fn login(admin_url: &SecretString) -> Result<Config, Failure> {
    // The address holds a password, so that no failure repeats it.
    let login: Result<Config, _> = admin_url.expose_secret().parse();
    let Ok(mut login) = login else {
        return Err(Failure::Usage("the admin address is not one of PostgreSQL".to_owned()));
    };
    login.application_name("hotelhub doctor").connect_timeout(CONNECT_LIMIT);
    Ok(login)
}

async fn connect(login: &Config) -> Result<Client, Failure> {
    let (client, connection) = login.connect(NoTls).await.map_err(|error| failure(&error))?;
    Tasks::default().spawn("PostgreSQL connection", async move {
        // A lost connection shows itself at the next query.
        drop(connection.await);
    });
    Ok(client)
}

fn failure(error: &tokio_postgres::Error) -> Failure {
    let what = format!("the server refused: {}", Chain(error));
    match error.code() {
        Some(_) => Failure::failed(what, "check the admin address, its role and its password"),
        None => Failure::Unreachable {
            what: format!("the server does not answer: {}", Chain(error)),
            next: "check the admin address and that PostgreSQL runs".to_owned(),
        },
    }
}

/// Asks the server and judges the answer. What it refuses to tell is a warning.
async fn examine(server: &Client, check: &Check, budget: &Budget) -> Result<Judgement, Failure> {
    let messages = match server.simple_query(check.query).await {
        Ok(messages) => messages,
        Err(error) => {
            let Some(refused) = error.as_db_error() else { return Err(failure(&error)) };
            let message = refused.message();
            return Ok(if *refused.code() == SqlState::INSUFFICIENT_PRIVILEGE {
                Judgement::warning(format!("could not look: {message}"))
            } else {
                Judgement::fault(message.to_owned())
            });
        }
    };
    let rows = messages.into_iter().filter_map(|it| match it {
        SimpleQueryMessage::Row(row) => {
            Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
        }
        _ => None,
    });
    Ok((check.judge)(&Seen::new(rows.collect()), budget))
}

/// What came of it.
struct Examined {
    /// What the control plane calls the server, if it was named.
    name: Option<String>,
    place: Place,
    findings: Vec<Finding>,
}

impl Examined {
    fn heading(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} at {}", self.place),
            None => format!("the server at {}", self.place),
        }
    }
}

fn report(screen: Screen, examined: &Examined, strict: bool) -> Result<(), Failure> {
    let findings = &examined.findings;
    let count = |verdict| findings.iter().filter(|it| it.verdict == verdict).count();
    let (faults, warnings) = (count(Verdict::Fault), count(Verdict::Warning));
    let counted = format!("{faults} faults, {warnings} warnings, {} ok", count(Verdict::Ok));
    let data = json!({
        "name": examined.name,
        "server": examined.place.to_string(),
        "findings": findings.iter().map(Finding::json).collect::<Value>(),
    });
    screen.result(&data, || {
        let lines: Vec<_> = findings.iter().map(Finding::text).collect();
        format!("{}\n{}\n{counted}", examined.heading(), lines.join("\n"))
    })?;
    if faults > 0 || (strict && warnings > 0) {
        let next = "do what the lines say, then examine the server again";
        return Err(Failure::failed(format!("the server is not fit: {counted}"), next));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_name_of_its_own_and_says_why() {
        let mut names: Vec<_> = checks().map(|it| it.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for check in checks() {
            assert!(check.why.len() > 20 && !check.fix.is_empty(), "{}", check.name);
            assert!(check.name.len() <= check::NAME_WIDTH, "{}", check.name);
        }
    }
}
