//! From a request's host name to the one database it may touch.
//!
//! [`host`] reads the name a request was sent to, [`routes`] knows which tenant that is,
//! [`feed`] keeps the routes current and [`copies`] over the control plane's absence, [`pools`]
//! holds the connections, and [`db`] is the only way to a tenant's data.

pub mod copies;
pub mod db;
pub mod feed;
pub mod host;
mod identity;
pub mod pools;
pub mod routes;
mod turns;
