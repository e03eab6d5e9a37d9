//! The hotel's own audit log: what support did here, and what the hotel decided about it.
//!
//! A row is written in the transaction of the change that it tells of, as its last statement: the
//! log's one head row is held until the commit. The hotel's login may add rows and do nothing else
//! to them; each is chained to the one before ([`hotelhub_core::audit`]).

mod model;
mod routes;
mod service;
mod store;

pub(crate) use self::{
    model::{Actor, AuditEntry, Event, Filter},
    routes::{
        __path_export_audit_log, __path_list_audit_entries, __path_verify_audit_log, export,
        register,
    },
    service::{list, record, verify},
};
