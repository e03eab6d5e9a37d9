//! Support access: one of the vendor's people asks to come into a hotel.
//!
//! What is asked, allowed and ended stands in the hotel's own database; its program is asked for all
//! of it, and the control plane records what it asks for before it does. Of the stays that may be open
//! it keeps no more than whose they are, to have them ended when somebody is shut out, and whether the
//! hotel's owner is yet to be told that somebody asks.

mod ending;
mod mail;
pub(crate) mod model;
pub(crate) mod routes;
pub(crate) mod service;
mod store;

pub(crate) use self::{ending::Endings, mail::SupportMails};
