//! A mail server that delivers nothing: it keeps what it gets, shows it, and fails on demand.

mod catcher;
mod fault;
mod message;
mod pages;
mod session;
mod store;

pub use self::{
    catcher::Catcher, fault::Fault, message::CaughtMail, pages::serve as serve_pages,
    store::MailStore,
};
