//! Which server is examined, and whether it is the one that was named.

use std::{
    collections::BTreeSet,
    fmt,
    net::{IpAddr, SocketAddr},
};

use tokio::net::lookup_host;
use tokio_postgres::{Config, config::Host};

use crate::failure::Failure;

const USUAL_PORT: u16 = 5432;

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// A name, an address, or the folder of a socket.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Place {
    /// Where a login leads.
    ///
    /// # Errors
    /// Fails if that may be one server or another.
    pub(super) fn of_login(login: &Config) -> Result<Self, Failure> {
        // The addresses win: the names are not looked up then.
        let hosts: Vec<String> = match login.get_hostaddrs() {
            [] => login.get_hosts().iter().map(name).collect(),
            addresses => addresses.iter().map(IpAddr::to_string).collect(),
        };
        let port = match login.get_ports() {
            [] => Some(USUAL_PORT),
            [port] => Some(*port),
            _ => None,
        };
        match (<[String; 1]>::try_from(hosts), port) {
            (Ok([host]), Some(port)) => Ok(Self { host, port }),
            _ => Err(Failure::Usage("the admin address needs to name one server".to_owned())),
        }
    }

    /// Refuses to be taken for a server that is elsewhere: it would be judged by another one's
    /// settings. A server may have several names.
    ///
    /// # Errors
    /// Names both.
    pub(super) async fn must_be(&self, name: &str, registered: &Self) -> Result<(), Failure> {
        if self.is(registered).await {
            return Ok(());
        }
        Err(Failure::failed(
            format!(
                "not examined: the admin address is that of {self}, and {name} is registered at \
                 {registered}"
            ),
            format!("give the admin address of {name}, or leave the name away"),
        ))
    }

    async fn is(&self, other: &Self) -> bool {
        if self.port != other.port {
            return false;
        }
        let (ours, others) = tokio::join!(self.addresses(), other.addresses());
        self.host.eq_ignore_ascii_case(&other.host) || !ours.is_disjoint(&others)
    }

    /// None if nobody knows the name.
    async fn addresses(&self) -> BTreeSet<SocketAddr> {
        let found = lookup_host((self.host.as_str(), self.port)).await;
        found.map(Iterator::collect).unwrap_or_default()
    }
}

fn name(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(folder) => folder.display().to_string(),
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(login: &str) -> Option<String> {
        let login: Config = login.parse().unwrap();
        Place::of_login(&login).ok().map(|it| it.to_string())
    }

    #[test]
    fn a_login_leads_to_one_place() {
        assert_eq!(place("postgres://a:b@10.0.0.8/postgres").unwrap(), "10.0.0.8:5432");
        assert_eq!(place("postgres://a:b@db-8:5433/postgres").unwrap(), "db-8:5433");
        assert_eq!(place("host=db-8 hostaddr=10.0.0.8").unwrap(), "10.0.0.8:5432");
        assert_eq!(place("postgres://a:b@db-8,db-9/postgres"), None);
    }

    #[tokio::test]
    async fn another_server_is_not_taken_for_the_one_that_was_named() {
        let place = |host: &str, port| Place { host: host.to_owned(), port };
        let here = place("127.0.0.1", 5432);
        for address in ["127.0.0.1", "localhost"] {
            here.must_be("j", &place(address, 5432)).await.unwrap();
        }
        for (address, port) in [("127.0.0.1", 5433), ("127.0.0.2", 5432)] {
            let refused = here.must_be("j", &place(address, port)).await;
            let Err(Failure::Failed { what, .. }) = refused else {
                panic!("{address}:{port} was taken for {here}")
            };
            let wanted = format!("that of 127.0.0.1:5432, and j is registered at {address}:{port}");
            assert!(what.ends_with(&wanted), "{what}");
        }
    }
}
