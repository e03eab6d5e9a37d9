//! Tenants: the customers of the platform, and the host names they hold.
//!
//! A slug and a host name are held by one tenant at a time; unique indexes decide who, not code
//! that looked first.

mod domain_entity;
mod entity;
mod model;
pub(crate) mod routes;
pub(crate) mod store;

pub(crate) use model::{Filter, NewTenant, Place, Tenant};
