//! What a database host is, and what one may be. No I/O here.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use hotelhub_core::ids::DbHostId;
use hotelhub_http::error::ApiError;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Host;
use utoipa::ToSchema;

/// A PostgreSQL server that holds hotels' databases.
#[derive(Clone, Debug)]
pub(crate) struct DbHost {
    pub(crate) id: DbHostId,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) port: i32,
    pub(crate) key_id: String,
    pub(crate) state: HostState,
    pub(crate) max_databases: i32,
    pub(crate) max_connections: i32,
    pub(crate) created_at: DateTime<Utc>,
    /// Databases that tenants have there, or are getting.
    pub(crate) databases: i64,
    /// Databases that wait there for a tenant.
    pub(crate) warm: i64,
    /// Databases of nobody there that are still to be dropped.
    pub(crate) leaving: i64,
    /// Of those, the ones that are shown beside a hotel for a while.
    pub(crate) previews: i64,
    /// What the provisioner last saw of it; nothing until it has looked.
    pub(crate) is_reachable: Option<bool>,
    pub(crate) error: Option<String>,
    pub(crate) checked_at: Option<DateTime<Utc>>,
}

/// Where a page ended. Names are unique.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) name: String,
}

/// What a host is used for. Each state can follow each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HostState {
    /// Takes tenants in.
    Active,
    /// Keeps those it has.
    Cordoned,
    /// Those it has are moved away.
    Draining,
}

/// The text is no state of a database host.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no state of a database host")]
pub(crate) struct UnknownHostState(String);

impl HostState {
    pub(crate) const ALL: [Self; 3] = [Self::Active, Self::Cordoned, Self::Draining];

    /// The one written form, in the table and on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Cordoned => "cordoned",
            Self::Draining => "draining",
        }
    }
}

impl FromStr for HostState {
    type Err = UnknownHostState;

    fn from_str(text: &str) -> Result<Self, UnknownHostState> {
        let known = Self::ALL.into_iter().find(|it| it.as_str() == text);
        known.ok_or_else(|| UnknownHostState(text.to_owned()))
    }
}

impl fmt::Display for HostState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A server to be added.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDbHost {
    /// What the vendor's people call it.
    pub(crate) name: String,
    /// Host name or address, as replicas reach it.
    pub(crate) address: String,
    /// TCP port.
    pub(crate) port: i32,
    /// How the provisioner logs in: `postgres://role:password@host/postgres`. Stored sealed, never
    /// shown again.
    #[schema(value_type = String)]
    pub(crate) admin_url: SecretString,
    /// How many hotels it may hold.
    pub(crate) max_databases: i32,
    /// How many connections the server allows us.
    pub(crate) max_connections: i32,
}

impl NewDbHost {
    /// Finds everything that is wrong.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        let change = ChangeDbHost {
            name: Some(self.name.clone()),
            address: Some(self.address.clone()),
            port: Some(self.port),
            admin_url: Some(self.admin_url.clone()),
            max_databases: Some(self.max_databases),
            max_connections: Some(self.max_connections),
        };
        change.check()
    }
}

/// What is to be different about a server. What is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeDbHost {
    pub(crate) name: Option<String>,
    /// Host name or address, as replicas reach it. They go there at once: the same databases have to
    /// be there.
    pub(crate) address: Option<String>,
    pub(crate) port: Option<i32>,
    /// How the provisioner logs in. Stored sealed, never shown again.
    #[schema(value_type = Option<String>)]
    pub(crate) admin_url: Option<SecretString>,
    pub(crate) max_databases: Option<i32>,
    pub(crate) max_connections: Option<i32>,
}

impl ChangeDbHost {
    /// Finds everything that is wrong.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        let is_postgres = |it: &SecretString| {
            let login = it.expose_secret().parse::<tokio_postgres::Config>();
            login.is_ok_and(|it| !it.get_hosts().is_empty())
        };
        let is_name = |it: &String| (1..=60).contains(&it.trim().chars().count());
        let is_host = |it: &String| Host::parse(it).is_ok();
        let rules = [
            ("name", self.name.as_ref().is_none_or(is_name), "needs 1 to 60 letters"),
            (
                "address",
                self.address.as_ref().is_none_or(is_host),
                "needs to be a host name or address",
            ),
            (
                "port",
                self.port.is_none_or(|it| (1..=65_535).contains(&it)),
                "needs to be between 1 and 65535",
            ),
            (
                "admin_url",
                self.admin_url.as_ref().is_none_or(is_postgres),
                "needs the form `postgres://role:password@host/postgres`",
            ),
            (
                "max_databases",
                self.max_databases.is_none_or(|it| it > 0),
                "needs to be greater than 0",
            ),
            (
                "max_connections",
                self.max_connections.is_none_or(|it| it > 0),
                "needs to be greater than 0",
            ),
        ];
        let mut broken = rules.into_iter().filter(|(_, holds, _)| !holds);
        let Some((field, _, why)) = broken.next() else { return Ok(()) };
        Err(broken.fold(ApiError::invalid(field, why), |error, (field, _, why)| {
            error.with_detail(field, why)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let host = NewDbHost {
            name: " ".to_owned(),
            address: "a b".to_owned(),
            port: 0,
            admin_url: "mysql://x".to_owned().into(),
            max_databases: 0,
            max_connections: 0,
        };
        let error = host.check().unwrap_err();
        assert_eq!(error.details().len(), 6, "{:?}", error.details());
    }

    #[test]
    fn a_server_on_an_address_is_accepted() {
        let host = NewDbHost {
            name: "jakarta-1".to_owned(),
            address: "127.0.0.1".to_owned(),
            port: 5432,
            admin_url: "postgres://provisioner:secret@127.0.0.1/postgres".to_owned().into(),
            max_databases: 1000,
            max_connections: 180,
        };
        assert!(host.check().is_ok());
    }
}
