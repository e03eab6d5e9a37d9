//! What hotels can subscribe to.

mod entity;
mod store;

use hotelhub_core::money::Rupiah;
use uuid::Uuid;

pub(crate) use store::{find, list};

/// A plan on offer.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) id: Uuid,
    pub(crate) slug: String,
    pub(crate) name: String,
    /// For a room and a month, without PPN.
    pub(crate) per_room_price: Rupiah,
    pub(crate) max_rooms: i32,
}
