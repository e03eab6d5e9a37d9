//! Long work that the provisioner does: asked for here, done and recorded there.

mod model;
pub(crate) mod routes;
mod store;

pub(crate) use self::{
    model::{Kind, NewOperation, Progress, State, Step},
    store::{find, find_creation, find_latest, insert},
};
