//! Makes the world as the control plane wants it: databases, roles, templates, routes.
//!
//! - [`engine`] runs sagas: recorded steps that are resumed after any death and undone when they
//!   cannot succeed. It knows no saga.
//! - [`create_tenant`] is the saga behind a signup, [`move_tenant`] takes a tenant to another server,
//!   [`backup_tenant`] makes a bundle of one, [`restore_tenant`] puts a bundle in its place,
//!   [`delete_tenant`] ends one.
//! - [`backups`] makes, keeps and tries backups; a backup is a bundle of all that a hotel has.
//! - [`access`] carries what a tenant may do into its own database.
//! - [`warm_pool`] keeps databases ready before anybody asks for one.
//! - [`fleet`] brings every tenant database to the schema's version, in rings.
//! - [`certificates`] issues certificates for custom domains, where no edge does.
//! - [`hosts`] keeps every database server fit to hold tenants.
//! - [`sweep`] sends ticks to databases that were written to, and reports what belongs to nobody.
//!
//! A notification only wakes; the truth is in the control database, and every loop looks again by
//! itself.

pub mod access;
pub mod backup_tenant;
pub mod backups;
pub mod certificates;
pub mod config;
mod contents;
mod copies;
pub mod create_tenant;
pub mod delete_tenant;
pub mod engine;
pub mod fleet;
pub mod hosts;
mod locks;
pub mod move_tenant;
pub mod restore_tenant;
mod rounds;
pub mod run;
pub mod session;
pub mod sweep;
mod usage;
pub mod wake;
pub mod warm_pool;
