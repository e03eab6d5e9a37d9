//! Guests.

mod model;
mod routes;
mod store;

pub(crate) use model::{NewGuest, NewGuestBody};
pub(crate) use routes::{__path_create_guest, __path_list_guests, __path_show_guest, register};
pub(crate) use store::{contact, insert};
