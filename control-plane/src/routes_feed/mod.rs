//! The route feed: tells replicas of tenant-api which host is which tenant, and where its data lies.
//!
//! A reader says how far it has come and gets what changed since, in commit order, or everything if
//! its position says nothing here. With nothing to tell, the request waits: a change reaches every
//! replica a few milliseconds after its commit.

pub(crate) mod routes;
mod store;

pub(crate) use store::forget_old;
