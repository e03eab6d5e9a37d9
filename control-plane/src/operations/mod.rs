//! Long work that the provisioner does: asked for here, done and recorded there.

mod entity;
mod step_entity;
mod store;

use chrono::{DateTime, Utc};

pub(crate) use store::{find_latest, insert_create_tenant};

/// How far an operation is.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) id: uuid::Uuid,
    pub(crate) kind: String,
    /// By the database's clock.
    pub(crate) requested_at: DateTime<Utc>,
    /// In the order they are done; none until a provisioner has taken it.
    pub(crate) steps: Vec<Step>,
}

/// One step of an operation.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Step {
    /// What is done.
    pub(crate) name: String,
    /// `pending`, `running`, `done`, `undoing` or `undone`.
    pub(crate) state: String,
    /// How long it took, once it ended.
    pub(crate) ms: Option<i64>,
}
