//! The hotel: what its people and machines use.
//!
//! A request reaches a hotel's data in one way: its host names a tenant ([`site`]), its token or
//! cookie names a person there ([`desk`]), and the session's row, read beside or before the data or
//! inside the write's transaction, says what that person may do right now.

mod access;
mod app;
mod audit;
mod auth;
mod availability;
mod change;
pub mod config;
mod deadline;
mod desk;
mod domains;
mod exports;
mod guests;
mod health;
mod http;
mod jobs;
mod moving;
mod openapi;
mod pages;
mod paging;
mod prices;
mod properties;
mod rates;
mod recent;
mod relay;
mod reports;
mod reservations;
mod room_types;
mod rooms;
pub mod schedule;
pub mod serve;
mod site;
mod standing;
mod support;
pub mod tls;
pub mod topology;
mod vendor;
pub mod work;
pub mod worker;

pub use app::SCHEMA_VERSIONS;
pub use openapi::document as openapi_document;
