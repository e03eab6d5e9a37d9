//! The few handles that requests share.

use hotelhub_core::{clock::Clock, keys::Keyring, tasks::Tasks};
use hotelhub_http::auth::{passwords::Passwords, tokens::Tokens};
use hotelhub_storage::Storage;
use sea_orm::DatabaseConnection;
use secrecy::SecretString;
use url::Url;

use crate::{
    backups::Imports, config::Addresses, domains::Checker, following::Streams,
    health::StorageHealth, idempotency::Fingerprints, jobs::Hotels, routes_feed::Snapshots,
    vendor_users::Gate, wakes::Wakes,
};

/// What a request may need. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) db: DatabaseConnection,
    pub(crate) clock: Clock,
    pub(crate) addresses: Addresses,
    /// Where the vendor's panel is.
    pub(crate) panel: Url,
    /// What all of the vendor's people must meet.
    pub(crate) gate: Gate,
    pub(crate) tokens: Tokens,
    pub(crate) passwords: Passwords,
    pub(crate) fingerprints: Fingerprints,
    pub(crate) sealing_keys: Keyring,
    /// Which of `DB_HOST_KEYS` new database hosts get.
    pub(crate) db_host_key_id: String,
    pub(crate) route_feed_token: SecretString,
    /// Changes of routes, as they are committed.
    pub(crate) route_changes: Wakes,
    /// All routes as they were last sent.
    pub(crate) snapshots: Snapshots,
    pub(crate) storage: StorageHealth,
    /// Where bundles are.
    pub(crate) objects: Option<Storage>,
    /// Takes in bundles that somebody brings.
    pub(crate) imports: Imports,
    /// The way to hotels' own programs.
    pub(crate) hotels: Hotels,
    /// Looks at custom domains.
    pub(crate) domains: Checker,
    /// How much long work is followed by events.
    pub(crate) streams: Streams,
    pub(crate) tasks: Tasks,
}
