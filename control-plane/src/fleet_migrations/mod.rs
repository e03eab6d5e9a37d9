//! Fleet migrations: one change of the schema for every tenant database. Asked for here, run and
//! recorded by the provisioner.

pub(crate) mod action_routes;
mod model;
pub(crate) mod routes;
mod store;
pub(crate) mod tenant_routes;

pub(crate) use self::{
    model::{FleetMigration, FleetTenant, NewFleetMigrationBody, Ring, State},
    store::find_latest,
};
