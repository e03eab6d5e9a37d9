//! Database hosts: the PostgreSQL servers that hold hotels' databases. Written here, used by the
//! provisioner, which wakes when one is added.

mod entity;
mod model;
pub(crate) mod routes;
mod store;
