//! When the vendor's support may be in the hotel.
//!
//! One of the vendor's people asks, with a reason and for some time; the hotel's owner or a manager
//! allows it, or has said that nobody needs to ask. Then a one-time link begins a session of the role
//! `support`, which ends at its time, also in the middle of a request: the session's row decides,
//! once more just before a change is committed. What support changes, and each page and record that it
//! looks at, stands in the hotel's audit log; a page once in each stay. Link and session are good only
//! where the person may come from.
//! The vendor's side of it comes here through the control plane, which has no way to a hotel's data.

mod model;
pub(crate) mod service;
mod store;
mod upcall;

pub(crate) use self::{
    model::{Grant, Inside, Presence, State},
    service::{find_presence, has_viewed, record_view, require_place},
    upcall::{register, use_link},
};
