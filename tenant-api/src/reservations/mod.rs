//! Reservations: a promised stay, at prices that were agreed, on capacity that was taken.
//!
//! What holds: for every night of a reservation that is confirmed or in the house, one room of its
//! kind is counted as sold; a cancelled one counts nothing. Both are changed in one transaction.

mod model;
mod routes;
mod service;
mod store;

pub(crate) use model::{Reservation, ReservationState};
pub(crate) use routes::{
    __path_book_reservation, __path_cancel_reservation, __path_list_reservations,
    __path_show_reservation, register,
};
pub(crate) use service::{Booking, book, cancel, confirm_by_mail};
pub(crate) use store::{ListFilter, find, list, nights};
