//! Tenants: the customers of the platform, and the host names they hold.
//!
//! A slug and a host name are held by one tenant at a time; unique indexes decide who, not code
//! that looked first. The slug of a hotel that is deleted rests for a while before another one can
//! have it: guests still come by old mails.

mod actions;
pub(crate) mod body;
pub(crate) mod delete_routes;
mod domain_entity;
mod entity;
pub(crate) mod life_cycle;
pub(crate) mod life_routes;
pub(crate) mod listing;
mod meant;
mod model;
pub(crate) mod operation_routes;
pub(crate) mod routes;
pub(crate) mod store;
mod usage;

pub(crate) use meant::find_meant;
pub(crate) use model::{NewTenant, Tenant, TenantRef};
pub(crate) use usage::Usage;
