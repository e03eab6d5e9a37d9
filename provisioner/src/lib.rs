//! Makes the world as the control plane wants it: databases, roles, templates, routes.
//!
//! - [`engine`] runs sagas: recorded steps that are resumed after any death and undone when they
//!   cannot succeed. It knows no saga.
//! - [`create_tenant`] is the saga behind a signup.
//! - [`fleet`] brings every tenant database to the schema's version, in rings.
//! - [`hosts`] keeps every database server fit to hold tenants.
//! - [`sweep`] sends ticks to databases that were written to, and reports what belongs to nobody.
//!
//! A notification only wakes; the truth is in the control database, and every loop looks again by
//! itself.

pub mod config;
pub mod create_tenant;
pub mod engine;
pub mod fleet;
pub mod hosts;
pub mod run;
pub mod session;
pub mod sweep;
pub mod wake;
