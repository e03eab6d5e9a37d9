//! The vendor's own people: their logins, roles and sessions.
//!
//! An access token only points at a session; whether that still stands, and what the person may
//! do, is read from the database at every request.

mod entity;
mod model;
pub(crate) mod page_session;
mod person;
pub(crate) mod routes;
mod session_entity;
pub(crate) mod store;

pub(crate) use self::person::{ISSUER, Vendor, has_verified_token};
pub use model::VendorRole;
