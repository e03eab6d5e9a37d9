//! The audit log: who of the vendor's people did what, in an order that nobody can change unseen.
//!
//! Whoever changes something calls [`record`] inside the transaction of the change, as its last
//! statement: either both are there or neither. Appending holds the log's one head row until the
//! commit; whoever then waited for a row that another one holds would stop that one for good, hence
//! last. What is done elsewhere, by a hotel's own program, is recorded before it is asked for.
//!
//! No secret goes into an event's details: names, reasons, states before and after.

mod actor;
mod anchor;
mod event;
mod model;
pub(crate) mod routes;
pub(crate) mod service;
mod store;
mod walker;

pub(crate) use self::{
    actor::{Actor, Origin},
    anchor::note_ends,
    event::Event,
    model::AuditEntry,
    service::{cursor_at, record, record_alone},
    walker::{BrokenChain, Walker, find as find_walks},
};
