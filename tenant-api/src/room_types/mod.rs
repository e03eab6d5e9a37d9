//! Room types: what is sold as one.

mod routes;
mod store;

pub(crate) use routes::{
    __path_create_room_type, __path_list_room_types, CreateRoomTypeBody, add, register,
};
pub(crate) use store::{RoomType, find, hold, list};
