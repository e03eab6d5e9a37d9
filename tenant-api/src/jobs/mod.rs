//! The hotel's own jobs: what runs, waits, failed; and what a person may do about it.

mod model;
pub(crate) mod routes;
mod stores;
mod upcall;

pub(crate) use self::{
    model::{Job, JobFilter, JobState, StateGroup},
    routes::{register, who},
    stores::{Stopped, cancel, count, count_stopped, list, retry_one, retry_some},
};
