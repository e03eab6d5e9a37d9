//! What both web programs do alike: the frame around every request, answers and errors, people's
//! logins, and the parts that pages are made of.

pub mod answer;
pub mod assets;
pub mod auth;
pub mod body;
pub mod client_addr;
pub mod endpoint;
pub mod error;
pub mod form;
mod frame;
pub mod health;
pub mod hop;
pub mod language;
pub mod limits;
pub mod login_gate;
pub mod origin;
pub mod server;
