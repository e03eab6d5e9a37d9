//! Keeps every database server fit to hold tenants: the group roles, closed doors, a template.
//!
//! A reconciler: it takes no input but the list of servers, compares what is with what should be,
//! and looks again every few seconds.

mod keeper;
mod roles;
mod site;
mod store;
mod template;
mod watcher;

pub use self::{
    keeper::Keeper,
    store::{AdminLoginError, DbHost},
    watcher::Watcher,
};
pub(crate) use self::{
    site::{Site, enter_database},
    store::{ROOMIEST, find, find_usable, is_away, is_reachable, list, report, usable},
};
