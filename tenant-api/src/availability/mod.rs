//! What can be sold: rooms left and the price of each night.
//!
//! A search only tells; whether a room is really there, the capacity rows decide when it is booked.

mod offer;
mod routes;
mod store;

pub(crate) use offer::{Obstacle, Offer, Party, Stay, require_bookable};
pub(crate) use routes::{__path_search_availability, NightBody, register};
pub(crate) use store::offers;
