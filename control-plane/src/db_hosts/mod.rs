//! Database hosts: the PostgreSQL servers that hold hotels' databases. Written here, used by the
//! provisioner, which wakes when one is added or its state changes.

mod body;
pub(crate) mod change_routes;
mod entity;
mod model;
pub(crate) mod routes;
pub(crate) mod state_routes;
mod store;

pub(crate) use self::{
    body::{DbHostBody, shown},
    model::{ChangeDbHost, DbHost, HostState, NewDbHost},
    store::{find_named, list, list_names},
};
