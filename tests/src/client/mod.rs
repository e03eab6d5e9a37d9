//! Clients for the platform's two services, as a test or a demo needs them.

mod control;
mod hotel;
mod page_visitor;
mod raw;
mod site;
mod tls;

pub use self::{
    control::{ControlPlane, SignedUp, Signup, SignupStatus, SignupStep},
    hotel::{Hotel, stay},
    page_visitor::{PageVisitor, hidden},
    raw::send_raw,
    site::{Answer, Site},
    tls::TlsVisitor,
};
