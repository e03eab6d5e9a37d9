//! Pauses of jobs: what the vendor holds back. Workers learn of them by the route feed, so they hold
//! also while the control plane is down.

pub(crate) mod model;
pub(crate) mod routes;
pub(crate) mod service;
mod store;
