//! The vendor's own people: their logins, roles, second factors and sessions.
//!
//! An access token only points at a session; whether that still stands, from where the person may
//! come, and what they may do, is read from the database at every request.

pub(crate) mod account_routes;
mod entity;
mod gate;
pub(crate) mod login;
pub(crate) mod model;
pub(crate) mod page_session;
mod password_rule;
mod permissions;
mod person;
pub(crate) mod routes;
pub(crate) mod second_factor;
mod session_entity;
pub(crate) mod store;
mod stores;
pub(crate) mod user_routes;
pub(crate) mod user_service;

pub use self::gate::{Gate, TotpRule};
pub(crate) use self::{
    account_routes::register as register_account,
    person::{Account, ISSUER, Vendor, has_verified_token},
};
pub use model::VendorRole;
