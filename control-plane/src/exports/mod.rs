//! Exports that a hotel's owner asks for on the hotel's own pages: the same bundles that the vendor's
//! people take along.
//!
//! The hotel's program asks here, with the secret that all its processes share and the tenant of the
//! host that its owner was at; it never sees what the vendor's people asked for, nor nightly backups.

mod model;
pub(crate) mod routes;
mod service;
mod store;
