//! The few handles that requests and jobs share.

use std::{ops::RangeInclusive, time::Duration};

use hotelhub_core::clock::Clock;
use hotelhub_http::auth::{passwords::Passwords, tokens::Tokens};
use hotelhub_storage::certificates::CertificateStore;
use hotelhub_tenancy::{feed::Feed, pools::TenantPools, routes::Routes};
use secrecy::SecretString;

use crate::{config::Addresses, exports::ControlPlane, relay::Relay};

/// The schema versions of a hotel's database that this program serves.
pub const SCHEMA_VERSIONS: RangeInclusive<i32> = 5..=8;

/// The schema versions whose jobs this program does: those of an older one wait until the hotel is
/// migrated, or a worker of the release before does them.
pub(crate) const JOB_SCHEMA_VERSIONS: RangeInclusive<i32> = 6..=8;

/// Longest time that reading or marking jobs may take.
pub(crate) const BOOKKEEPING: Duration = Duration::from_secs(10);

/// What a request may need.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) clock: Clock,
    pub(crate) addresses: Addresses,
    pub(crate) routes: Routes,
    pub(crate) feed: Feed,
    pub(crate) pools: TenantPools,
    pub(crate) tokens: Tokens,
    pub(crate) passwords: Passwords,
    pub(crate) relay: Relay,
    /// The store of certificates, where no edge keeps them.
    pub(crate) certificates: Option<CertificateStore>,
    /// Whether this program serves TLS itself.
    pub(crate) serves_tls: bool,
    /// What the control plane shows when it calls here.
    pub(crate) upcall_token: SecretString,
    /// The way to the control plane.
    pub(crate) control: ControlPlane,
}
