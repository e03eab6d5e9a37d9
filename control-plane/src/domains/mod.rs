//! The host names of tenants: those of the platform, and custom domains that are claimed, proven and
//! pointed by DNS.
//!
//! A claim is one tenant's; several may claim one name, and whoever proves it holds it. What DNS says
//! is looked at outside of transactions and written only if nobody wrote meanwhile. “Could not ask”
//! changes nothing: only an answer does.

mod body;
mod check;
mod diagnosis;
mod dns;
mod hostname;
mod look_alike;
mod model;
mod probe;
pub(crate) mod recheck;
mod records;
pub(crate) mod routes;
pub(crate) mod service;
mod settings;
mod state;
mod store;
pub(crate) mod tenant_routes;
mod texts;
pub(crate) mod tls_routes;

pub(crate) use self::{
    body::Domain,
    check::Checker,
    hostname::{HostnameFault, shown},
    model::UntoldFailure,
    records::Record,
    settings::DomainsConfig,
    state::GRACE,
    store::{count_stuck, list_untold},
};
