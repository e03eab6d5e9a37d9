//! Clients for the platform's two services, as a test or a demo needs them.

mod control;
mod hotel;
mod raw;
mod site;

pub use self::{
    control::{ControlPlane, SignedUp, Signup, SignupStatus, SignupStep},
    hotel::{Hotel, stay},
    raw::send_raw,
    site::{Answer, Site},
};
